"""Groups of features: one eta and one keep probability each, in or out as a whole, certified by the norms of groups."""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from group_problems import Judge, group_problem
from numpy.testing import assert_allclose, assert_array_equal

from pyreweight import (
    AdaptiveDropoutRegressor,
    dropout_path,
)
from pyreweight._native import core
from pyreweight.penalties import CustomPenalty, get_penalty

SEPARABLE = core.penalty_names(separable=True)
UNIT_SLOPE = [name for name in SEPARABLE if get_penalty(name).slope_at_zero == 1]


@pytest.fixture(scope="module")
def problem():
    return group_problem()


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
