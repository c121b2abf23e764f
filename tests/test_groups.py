"""Groups of features: one eta and one keep probability each, in or out as a whole, certified by the norms of groups."""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pyreweight import (
    AdaptiveDropoutClassifier,
    AdaptiveDropoutClassifierCV,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
    dropout_path,
)
from pyreweight._native import core
from pyreweight.penalties import CustomPenalty, get_penalty

SEPARABLE = core.penalty_names(separable=True)
UNIT_SLOPE = [name for name in SEPARABLE if get_penalty(name).slope_at_zero == 1]


@pytest.fixture(scope="module")
def problem():
    """X (60, 30) of mixed units, y, weights and labels of ten groups of 1 to 6 features that are not contiguous."""
    rng = np.random.default_rng(7)
    labels = rng.permutation(np.repeat(np.arange(10), [6, 5, 4, 3, 3, 3, 2, 2, 1, 1]))
    X = (rng.normal(size=(60, 30)) + 0.7 * rng.normal(size=(60, 1))) * rng.uniform(0.2, 4, size=30) + 1
    coef = np.where(np.isin(labels, [0, 3, 8]), rng.normal(size=30), 0) / X.std(axis=0)
    y = X @ coef + rng.normal(size=60)
    return X, y, rng.uniform(0.3, 2, size=60), labels


class Judge:
    """Objective, stationarity and duality gap from the definitions, with numpy alone."""

    def __init__(self, model, X, y, weights, labels, *, family="squared"):
        pi = weights / weights.sum()
        X, alpha, penalty = np.asarray(X), float(model.alpha_), get_penalty(model.penalty)
        coef, intercept = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
        centre = pi @ X if model.fit_intercept else np.zeros(X.shape[1])
        scale = np.sqrt(pi @ (X - centre) ** 2) if model.standardize else np.ones(X.shape[1])
        z = X @ coef + intercept
        if family == "logistic":
            loss, self.residual = pi @ (np.logaddexp(0, z) - y * z), y - 1 / (1 + np.exp(-z))
        elif family == "poisson":
            y_log_y = y * np.log(np.maximum(y, 1e-300))
            loss, self.residual = pi @ (np.exp(z) - y * z + y_log_y - y), y - np.exp(z)
        else:
            loss, self.residual = pi @ (y - z) ** 2 / 2, y - z
        gradient = (pi * self.residual) @ (X - centre) / scale
        self.kkt_residual = abs(pi @ self.residual) if model.fit_intercept else 0.0
        terms, kappa, self.eta = 0.0, 1.0, np.zeros(X.shape[1])
        given = np.ones(X.shape[1]) if model.feature_weights is None else np.asarray(model.feature_weights)
        for label in np.unique(labels):
            group = labels == label
            w, g = (scale * coef)[group], gradient[group]
            norm, weight = np.linalg.norm(w), np.sqrt(group.sum()) * given[group][0]
            terms += alpha * weight * penalty.value(norm, alpha)
            self.eta[group] = penalty.eta(norm, alpha)
            slope = alpha * weight * penalty.derivative(norm, alpha)
            pull = np.linalg.norm(g - slope * w / norm) if norm > 0 else max(0, np.linalg.norm(g) - slope)
            self.kkt_residual = max(self.kkt_residual, pull / weight)
            kappa = min(kappa, alpha * weight / np.linalg.norm(g))
        self.objective = loss + terms
        centred = y - pi @ y if model.fit_intercept else y
        if family == "squared":
            self.dual_gap = self.objective - pi @ (kappa * centred * self.residual - (kappa * self.residual) ** 2 / 2)
        with np.errstate(divide="ignore"):
            weights = np.sqrt(np.array([np.sum(labels == label) for label in labels])) * given
            self.keep_prob = 1 / (1 + alpha * weights / self.eta)


def proximal_gradient(X, y, weights, labels, alpha):
    """Group l1 by accelerated proximal gradient steps with restarts: standardised coefficients and the objective."""
    pi = weights / weights.sum()
    Z = X - pi @ X
    Z = Z / np.sqrt(pi @ Z**2)
    target = y - pi @ y
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    step = 1 / np.linalg.eigvalsh((Z.T * pi) @ Z)[-1]

    def objective(w):
        sizes = [np.sqrt(len(g)) * np.linalg.norm(w[g]) for g in groups]
        return pi @ (target - Z @ w) ** 2 / 2 + alpha * sum(sizes)

    w = ahead = np.zeros(X.shape[1])
    momentum = 1.0
    for _ in range(4000):
        z = ahead + step * (Z.T @ (pi * (target - Z @ ahead)))
        new = np.zeros_like(w)
        for g in groups:
            norm = np.linalg.norm(z[g])
            new[g] = max(0.0, 1 - step * alpha * np.sqrt(len(g)) / norm) * z[g] if norm > 0 else 0
        if (ahead - new) @ (new - w) > 0:
            momentum = 1.0
        if np.abs(new - w).max() <= 1e-13 and np.abs(new - ahead).max() <= 1e-13:
            break
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, w, momentum = new + (momentum - 1) / following * (new - w), new, following
    return w, objective(w)


@pytest.mark.parametrize("fraction", [0.5, 0.1])
def test_group_l1_is_the_minimiser_that_proximal_gradient_finds(problem, fraction):
    X, y, weights, labels = problem
    top = dropout_path(X, y, penalty="l1", alphas=1, sample_weight=weights, feature_groups=labels).alphas_[0]
    model = AdaptiveDropoutRegressor(fraction * top, penalty="l1", feature_groups=labels).fit(X, y, weights)
    reference, objective = proximal_gradient(X, y, weights, labels, fraction * top)
    pi = weights / weights.sum()
    assert_allclose(model.coef_ * np.sqrt(pi @ (X - pi @ X) ** 2), reference, atol=1e-8)
    assert_allclose(model.objective_, objective, rtol=1e-10)


def test_group_lasso_of_the_reference(shared):
    """Orthonormal columns, and a target whose solution is the reference's vector: its penalty and its eta."""
    oracles = json.loads((shared / "oracles" / "penalties.json").read_text())["nonseparable"]
    (case,) = [case for case in oracles if case["name"] == "group_lasso"]
    w, alpha = np.array(case["w"]), 0.1
    labels = np.zeros(5, dtype=int)
    labels[case["params"]["groups"][1]] = 1
    X = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 5)))[0] * np.sqrt(20)
    eta = np.array(case["eta_hat"])  # of the penalty with its weight, the root of the size of the group
    y = X @ (w * (1 + alpha / eta))
    model = AdaptiveDropoutRegressor(alpha, penalty="l1", fit_intercept=False, feature_groups=labels).fit(X, y)
    assert_allclose(model.coef_, w, rtol=1e-12)
    assert model.objective_ == pytest.approx(np.mean((y - X @ w) ** 2) / 2 + alpha * case["omega"], rel=1e-12)
    assert_allclose(model.keep_prob_, eta / (eta + alpha), rtol=1e-12)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("name", UNIT_SLOPE)
def test_certificates_are_those_of_group_norms(problem, name, standardize):
    X, y, weights, labels = problem
    model = AdaptiveDropoutRegressor(0.2, penalty=name, standardize=standardize, feature_groups=labels)
    model.fit(X, y, weights)
    judged = Judge(model, X, y, weights, labels)
    assert model.converged_
    assert judged.kkt_residual <= 1e-9 * model.alpha_
    assert_allclose(model.kkt_residual_, judged.kkt_residual, atol=1e-12)
    assert_allclose(model.objective_, judged.objective, rtol=1e-11)
    assert_allclose(model.eta_, judged.eta, rtol=1e-9)
    if standardize:
        assert_allclose(model.keep_prob_, judged.keep_prob, rtol=1e-9)
    if name == "l1":
        assert_allclose(model.dual_gap_, judged.dual_gap, atol=1e-12)
    counts = {label: np.count_nonzero(model.coef_[labels == label]) for label in np.unique(labels)}
    assert all(count in (0, np.sum(labels == label)) for label, count in counts.items())
    assert 0 < np.count_nonzero(list(counts.values())) < 10


def test_every_registered_penalty_is_taken_or_refused_by_its_slope(problem):
    X, y, _, labels = problem
    assert {"l1", "mcp", "scad", "log_sum", "variational_dropout", "hard_concrete", "capped_l1"} <= set(UNIT_SLOPE)
    for name in [*SEPARABLE, *core.penalty_names(separable=False)]:
        if name in UNIT_SLOPE:
            continue
        with pytest.raises(ValueError, match="feature_groups need a separable penalty with unit slope"):
            AdaptiveDropoutRegressor(0.1 if name != "ard" else "auto", penalty=name, feature_groups=labels).fit(X, y)


def test_custom_penalties_with_unit_slope_are_taken(problem):
    X, y, weights, labels = problem
    custom = CustomPenalty(lambda t: 1 / (1 + t), np.log1p)
    built_in = AdaptiveDropoutRegressor(
        0.2, penalty=get_penalty("log_sum").set_params(scale=1.0), feature_groups=labels
    )
    own = AdaptiveDropoutRegressor(0.2, penalty=custom, feature_groups=labels).fit(X, y, weights)
    assert_allclose(own.coef_, built_in.fit(X, y, weights).coef_, atol=1e-8)
    with pytest.raises(ValueError, match="unit slope"):
        AdaptiveDropoutRegressor(0.2, penalty=CustomPenalty(lambda t: 2 / (1 + t)), feature_groups=labels).fit(X, y)


def test_groups_of_one_are_no_groups(problem):
    X, y, weights, _ = problem
    for name in ("l1", "variational_dropout"):
        plain = AdaptiveDropoutRegressor(0.1, penalty=name).fit(X, y, weights)
        single = AdaptiveDropoutRegressor(0.1, penalty=name, feature_groups=np.arange(30)[::-1]).fit(X, y, weights)
        assert_array_equal(single.coef_, plain.coef_)
        assert single.objective_ == plain.objective_


def test_a_group_and_singles_agree_with_the_solver_of_singles(problem):
    # One feature unpenalised and one kept out take themselves out of the only group, which leaves singles.
    X, y, weights, _ = problem
    labels = np.arange(30)
    labels[[4, 9, 20]] = 4
    factors = np.ones(30)
    factors[9], factors[20] = 0, np.inf
    for name in ("l1", "mcp"):
        plain = AdaptiveDropoutRegressor(0.1, penalty=name, feature_weights=factors).fit(X, y, weights)
        grouped = AdaptiveDropoutRegressor(0.1, penalty=name, feature_weights=factors, feature_groups=labels)
        assert_array_equal(grouped.fit(X, y, weights).coef_, plain.coef_)
        assert grouped.keep_prob_[9] == 1
        assert grouped.coef_[20] == 0


def test_labels_are_names_only_and_features_have_no_order(problem):
    X, y, weights, labels = problem
    model = AdaptiveDropoutRegressor(0.1, penalty="scad", feature_groups=labels).fit(X, y, weights)
    names = np.array(list("qzxabcdefg"))[labels]
    for other in (labels[::1] * -3.5, names, names.tolist(), names.astype(object)):
        assert_array_equal(
            AdaptiveDropoutRegressor(0.1, penalty="scad", feature_groups=other).fit(X, y, weights).coef_, model.coef_
        )
    order = np.random.default_rng(0).permutation(30)
    permuted = AdaptiveDropoutRegressor(0.1, penalty="scad", feature_groups=labels[order]).fit(X[:, order], y, weights)
    assert_allclose(permuted.coef_, model.coef_[order], atol=1e-10)


def test_weights_of_rows_and_features(problem):
    X, y, _, labels = problem
    counts = np.tile([1, 2, 0], 20)
    model = AdaptiveDropoutRegressor(penalty="mcp", feature_groups=labels)
    weighted = model.fit(X, y, counts)
    weighted_coef, alpha = weighted.coef_, weighted.alpha_
    copied = AdaptiveDropoutRegressor(penalty="mcp", feature_groups=labels).fit(
        np.repeat(X, counts, axis=0), np.repeat(y, counts)
    )
    assert_allclose(copied.coef_, weighted_coef, rtol=1e-8, atol=1e-10)
    assert_allclose(copied.alpha_, alpha)
    # A weight that is common to all multiplies alpha; other weights of groups are judged from the definition.
    factors = (1.0 + np.arange(10) % 3)[labels]
    judged = AdaptiveDropoutRegressor(0.1, penalty="l1", feature_weights=factors, feature_groups=labels).fit(X, y)
    assert Judge(judged, X, y, np.ones(60), labels).kkt_residual <= 1e-10
    doubled = AdaptiveDropoutRegressor(0.1, penalty="l1", feature_weights=np.full(30, 2.0), feature_groups=labels).fit(
        X, y
    )
    assert_allclose(
        doubled.coef_, AdaptiveDropoutRegressor(0.2, penalty="l1", feature_groups=labels).fit(X, y).coef_, atol=1e-10
    )


def test_sparse_and_float32_data(problem):
    X, y, weights, labels = problem
    X = np.where(np.random.default_rng(3).random(X.shape) < 0.5, X, 0)
    for name in ("l1", "variational_dropout"):
        dense = AdaptiveDropoutRegressor(0.2, penalty=name, feature_groups=labels).fit(X, y, weights)
        for other in (sp.csc_array(X), sp.csr_matrix(X)):
            model = AdaptiveDropoutRegressor(0.2, penalty=name, feature_groups=labels).fit(other, y, weights)
            assert_allclose(model.coef_, dense.coef_, atol=1e-10)
        single = AdaptiveDropoutRegressor(0.2, penalty=name, feature_groups=labels).fit(
            X.astype(np.float32), y, weights
        )
        assert_allclose(single.coef_, dense.coef_, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["l1", "log_sum", "variational_bayes_dropout"])
def test_the_iteration_of_the_paper_ends_at_the_same_objective(problem, name):
    X, y, weights, labels = problem
    fast = AdaptiveDropoutRegressor(0.1, penalty=name, feature_groups=labels).fit(X, y, weights)
    loop = AdaptiveDropoutRegressor(
        0.1, penalty=name, feature_groups=labels, solver="irls", max_iter=20_000, tol=1e-12
    ).fit(X, y, weights)
    assert_allclose(loop.objective_, fast.objective_, rtol=1e-8)
    for label in range(10):  # one eta and one keep probability per group
        assert len(np.unique(loop.eta_[labels == label])) == 1
        assert np.ptp(loop.keep_prob_[labels == label]) <= 1e-15
    # The first iterates: ridge at keep probability 1/2, then eta of the norm of each group for all of it.
    pi = weights / weights.sum()
    Z = (X - pi @ X) / np.sqrt(pi @ (X - pi @ X) ** 2)
    G, c, penalty = (Z.T * pi) @ Z, Z.T @ (pi * (y - pi @ y)), get_penalty(name)
    with pytest.warns(ConvergenceWarning):
        two = AdaptiveDropoutRegressor(0.1, penalty=name, feature_groups=labels, solver="irls", max_iter=2).fit(
            X, y, weights
        )
    v = np.linalg.solve(G + np.eye(30), c)
    sizes = np.bincount(labels)[labels]
    norms = np.sqrt(np.bincount(labels, v**2))[labels]
    v = np.linalg.solve(G + np.diag(0.1 * np.sqrt(sizes) / penalty.eta(norms, 0.1)), c)
    assert_allclose(two.coef_ * np.sqrt(pi @ (X - pi @ X) ** 2), v, rtol=1e-9)


def test_paths_warm_starts_and_choices_of_alpha(problem):
    X, y, weights, labels = problem
    path = dropout_path(X, y, penalty="l1", alphas=20, sample_weight=weights, feature_groups=labels)
    assert path.converged_.all()
    assert not path.coefs_[:, 0].any()
    for i in (1, 7, 19):
        model = AdaptiveDropoutRegressor(path.alphas_[i], penalty="l1", feature_groups=labels).fit(X, y, weights)
        assert_allclose(path.coefs_[:, i], model.coef_, atol=1e-9)
        assert model.coef_.any()
    # The top is the least alpha that keeps all groups out.
    top = AdaptiveDropoutRegressor(path.alphas_[0] * (1 + 1e-9), penalty="l1", feature_groups=labels).fit(X, y, weights)
    assert not top.coef_.any()

    # Degrees of freedom of group l1: tr (G + H)^-1 G over the features that are in, H the curvature of their norms.
    pi, i = weights / weights.sum(), 7
    Z = (X - pi @ X) / np.sqrt(pi @ (X - pi @ X) ** 2)
    w = path.coefs_[:, i] * np.sqrt(pi @ (X - pi @ X) ** 2)
    active = np.flatnonzero(w)
    H = np.zeros((30, 30))
    for group in (np.flatnonzero(labels == label) for label in np.unique(labels[active])):
        u = w[group] / np.linalg.norm(w[group])
        bend = path.alphas_[i] * np.sqrt(len(group)) / np.linalg.norm(w[group])
        H[np.ix_(group, group)] = bend * (np.eye(len(group)) - np.outer(u, u))
    G = (Z[:, active].T * pi) @ Z[:, active]
    trace = np.trace(np.linalg.solve(G + H[np.ix_(active, active)], G))
    assert_allclose(path.degrees_of_freedom_[i], trace, rtol=1e-9)
    assert trace < len(active) - 0.1

    warm = AdaptiveDropoutRegressor(0.3, penalty="mcp", feature_groups=labels, warm_start=True).fit(X, y, weights)
    warm.set_params(alpha=0.1).fit(X, y, weights)
    assert Judge(warm, X, y, weights, labels).kkt_residual <= 1e-10
    automatic = AdaptiveDropoutRegressor(feature_groups=labels).fit(X, y)
    assert Judge(automatic, X, y, np.ones(60), labels).kkt_residual <= 1e-9
    assert {0, 3} <= set(labels[automatic.coef_ != 0]) < set(range(10))
    chosen = AdaptiveDropoutRegressorCV(10, feature_groups=labels, cv=3).fit(X, y)
    assert Judge(chosen, X, y, np.ones(60), labels).kkt_residual <= 1e-9


@pytest.mark.parametrize("name", ["l1", "variational_dropout"])
def test_other_losses(problem, name):
    X, y, weights, labels = problem
    classes = (y > np.median(y)).astype(float)
    model = AdaptiveDropoutClassifier(0.05, penalty=name, feature_groups=labels).fit(X, classes, weights)
    judged = Judge(model, X, classes, weights, labels, family="logistic")
    assert judged.kkt_residual <= 1e-9
    assert_allclose(model.objective_, judged.objective, rtol=1e-11)
    assert 0 < len(np.unique(labels[model.coef_[0] != 0])) < 10
    if name == "l1":
        assert 0 <= model.dual_gap_ <= 1e-9
        loop = AdaptiveDropoutClassifier(
            0.05, penalty=name, feature_groups=labels, solver="irls", max_iter=5000, tol=1e-10
        ).fit(X, classes, weights)
        assert_allclose(loop.objective_, model.objective_, rtol=1e-7)
    counts = np.random.default_rng(1).poisson(np.exp((y - y.mean()) / 4))
    model = AdaptiveDropoutRegressor(0.1, penalty=name, loss="poisson", feature_groups=labels).fit(X, counts, weights)
    assert Judge(model, X, counts, weights, labels, family="poisson").kkt_residual <= 1e-9
    huber = AdaptiveDropoutRegressor(0.1, penalty=name, loss="huber", feature_groups=labels).fit(X, y, weights)
    assert huber.converged_
    assert len(np.unique(labels[huber.coef_ != 0])) == sum(np.all(huber.coef_[labels == g] != 0) for g in range(10))
    path = dropout_path(X, classes, loss="logistic", penalty=name, alphas=5, feature_groups=labels)
    assert path.converged_.all()


def test_classifier_cv(problem):
    X, y, _, labels = problem
    model = AdaptiveDropoutClassifierCV(6, feature_groups=labels, cv=3).fit(X, y > np.median(y))
    inside = labels[model.coef_[0] != 0]
    assert all(np.all(model.coef_[0][labels == label] != 0) for label in np.unique(inside))


def test_far_units_and_dependent_features(problem):
    X, y, weights, labels = problem
    plain = AdaptiveDropoutRegressor(0.1, penalty="l1", feature_groups=labels).fit(X, y, weights)
    far = AdaptiveDropoutRegressor(0.1e200, penalty="l1", feature_groups=labels).fit(X, y * 1e200, weights)
    near = AdaptiveDropoutRegressor(0.1, penalty="l1", feature_groups=labels).fit(X * 1e-200, y, weights)
    assert_allclose(near.coef_ / 1e200, plain.coef_, rtol=1e-9)
    assert_allclose(far.coef_ / 1e200, plain.coef_, rtol=1e-9)
    # Copies of a group's features within it, and more features than rows: the objective and its certificate stay.
    wide, wide_labels = np.hstack([X, X, X[:, :5]])[:40], np.concatenate([labels, labels, labels[:5]])
    for name in ("l1", "mcp", "exponential"):
        model = AdaptiveDropoutRegressor(0.1, penalty=name, feature_groups=wide_labels).fit(wide, y[:40])
        assert Judge(model, wide, y[:40], np.ones(40), wide_labels).kkt_residual <= 1e-8
    constant = X.copy()
    constant[:, np.flatnonzero(labels == 0)[:2]] = 3.0
    model = AdaptiveDropoutRegressor(0.1, penalty="l1", feature_groups=labels).fit(constant, y)
    assert_array_equal(model.coef_[np.flatnonzero(labels == 0)[:2]], 0)
    assert model.coef_[labels == 0].any()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(29, dtype=int), "must have shape"),
        (np.zeros((30, 1)), "must have shape"),
        (3, "must have shape"),
        (np.r_[np.nan, np.zeros(29)], "no label .* feature 0"),
        (["a"] * 12 + [None] + ["b"] * 17, "no label .* feature 12"),
        (np.array(["a"] * 29 + [2], dtype=object), "one type"),
        (["a"] * 29 + [2], "one type"),
        (["nan"] * 29 + [np.nan], "no label .* feature 29"),
        (np.ma.masked_array(np.zeros(30), mask=np.arange(30) == 3), "masked"),
    ],
)
def test_bad_labels_are_named(problem, labels, message):
    X, y, _, _ = problem
    for model in (AdaptiveDropoutRegressor(0.1, penalty="l1"), AdaptiveDropoutClassifier(0.1, penalty="l1")):
        with pytest.raises(ValueError, match=f"feature_groups.*{message}"):
            model.set_params(feature_groups=labels).fit(X, y > 3)


def test_unequal_weights_in_a_group_are_refused(problem):
    X, y, _, labels = problem
    factors = np.ones(30)
    factors[np.flatnonzero(labels == 0)[0]] = 2
    with pytest.raises(ValueError, match="feature_weights must be the same within each of the feature_groups"):
        AdaptiveDropoutRegressor(0.1, penalty="l1", feature_weights=factors, feature_groups=labels).fit(X, y)
