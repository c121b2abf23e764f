"""Classification into more than two classes: one softmax objective for all of them."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pyreweight import AdaptiveDropoutClassifier, AdaptiveDropoutClassifierCV
from pyreweight.penalties import ElasticNet, get_penalty

PENALTIES = [
    "l1",
    "l2",
    "elastic_net",
    "lp",
    "log_sum",
    "log_square",
    "cauchy",
    "geman_mcclure",
    "geman",
    "exponential",
    "huber",
    "capped_l1",
    "scad",
    "mcp",
    "bernoulli_dropout",
    "power_dropout",
    "standout",
    "variational_dropout",
    "variational_bayes_dropout",
    "hard_concrete",
]
BOUNDED = ["mcp", "scad", "capped_l1", "exponential", "hard_concrete"]  # with all of their bound at a finite place


@pytest.fixture
def draw():
    """Function that draws X, labels 0, ..., K - 1 and weights; the first features count, column means are not 0."""

    def make(seed, n=120, p=12, K=3, sparse=False):
        rng = np.random.default_rng([seed, n, p, K])
        X = (rng.normal(size=(n, p)) + rng.normal(size=p)) * (rng.uniform(size=(n, p)) < (0.4 if sparse else 1))
        W = np.zeros((p, K))
        W[: min(p, 4)] = rng.normal(size=(min(p, 4), K))
        y = np.argmax((X - X.mean(axis=0)) @ W + rng.gumbel(size=(n, K)), axis=1)
        return (sp.csc_array(X) if sparse else X), y, rng.uniform(0.2, 2, size=n)

    return make


def loss(X, y, weights, coef, intercept):
    z = X @ coef.T + intercept
    return np.average(logsumexp(z, axis=1) - z[np.arange(len(y)), y], weights=weights)


def residuals(model, X, y, weights):
    """Return minus the derivatives of the loss by the coefficients, (K, p), and by the intercepts, (K,)."""
    r = (y[:, None] == np.arange(len(model.classes_))) - softmax(X @ model.coef_.T + model.intercept_, axis=1)
    r *= weights[:, None] / weights.sum()
    return (X.T @ r).T, r.sum(axis=0)


@pytest.mark.parametrize("seed", range(12))
def test_scikit_learns_objective(seed, draw):
    """The l1, l2 and elastic-net optima of saga and newton-cholesky at tight tolerance."""
    n, p, K = [(90, 15, 3), (60, 30, 4), (200, 8, 5)][seed % 3]
    l1_ratio = [1.0, 0.0, 0.5][seed // 3 % 3]
    X, y, weights = draw(seed, n, p, K, sparse=seed % 4 == 1)
    weights = weights if seed % 5 else np.ones(n)
    intercept, alpha = seed % 2 == 0, 0.04
    penalty = "l2" if l1_ratio == 0 else ElasticNet(l1_ratio) if l1_ratio < 1 else "l1"
    model = AdaptiveDropoutClassifier(alpha, penalty=penalty, standardize=False, fit_intercept=intercept)
    model.fit(X, y, sample_weight=weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        solver = "newton-cholesky" if l1_ratio == 0 else "saga"
        peer = LogisticRegression(
            l1_ratio=l1_ratio,
            C=1 / (weights.sum() * alpha),
            fit_intercept=intercept,
            solver=solver,
            tol=1e-11,
            max_iter=20_000,
        )
        peer.fit(X, y, sample_weight=weights)

    def objective(coef, intercept):
        size = l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) * (coef**2).sum() / 2
        return loss(X, y, weights, coef, intercept) + alpha * size

    ours, theirs = objective(model.coef_, model.intercept_), objective(peer.coef_, peer.intercept_)
    assert model.converged_
    assert model.objective_ == pytest.approx(ours, rel=1e-13)
    assert ours <= theirs * (1 + 1e-13)
    assert theirs <= ours * (1 + 1e-10)
    # The l1 norm of an even number of classes is level between their two middle coefficients.
    if l1_ratio < 1 or K % 2 == 1:
        assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-6)
        assert_allclose(model.intercept_, peer.intercept_, rtol=0, atol=1e-6)
    else:
        assert np.count_nonzero(model.coef_) <= np.count_nonzero(peer.coef_)


@pytest.mark.parametrize("name", PENALTIES)
def test_stationary(name, draw):
    """The conditions in NumPy, with features that are unpenalised, out and penalised twice; dense like sparse."""
    X, y, weights = draw(1, sparse=True)
    factors = np.ones(X.shape[1])
    factors[[5, 6, 7]] = 0, np.inf, 2
    alpha, penalty = 0.04, get_penalty(name)
    model = AdaptiveDropoutClassifier(alpha, penalty=penalty, feature_weights=factors)
    sparse = model.fit(X, y, sample_weight=weights).coef_
    X = X.toarray()
    model.fit(X, y, sample_weight=weights)
    assert model.converged_
    assert_allclose(model.coef_, sparse, rtol=0, atol=1e-9)
    spread = np.sqrt(np.average((X - np.average(X, axis=0, weights=weights)) ** 2, axis=0, weights=weights))
    gradient, of_intercepts = residuals(model, X, y, weights)
    assert_allclose(of_intercepts, 0, atol=1e-9)
    assert_allclose(model.intercept_.sum(), 0, atol=1e-9)
    assert_allclose(gradient[:, 5], 0, atol=1e-9)
    assert_allclose(model.coef_[:, 5].sum(), 0, atol=1e-9)
    assert not model.coef_[:, 6].any()
    penalised = np.isfinite(factors) & (factors > 0)
    t = np.abs(model.coef_ * spread)[:, penalised]
    c = gradient[:, penalised] / (spread * factors)[penalised]
    nonzero = t > 0
    slope = alpha * penalty.derivative(t, alpha=alpha)
    assert_allclose((c * np.sign(model.coef_[:, penalised]))[nonzero], slope[nonzero], rtol=0, atol=1e-6 * alpha)
    assert np.all(np.abs(c[~nonzero]) <= alpha * penalty.slope_at_zero * (1 + 1e-6))
    keep = penalty.keep_prob(t, alpha=alpha)
    kept = model.keep_prob_[:, penalised][:, factors[penalised] == 1]
    assert_allclose(kept, keep[:, factors[penalised] == 1], rtol=1e-9, atol=1e-12)
    assert np.all(model.keep_prob_[:, 5] == 1)
    value = loss(X, y, weights, model.coef_, model.intercept_)
    value += alpha * (penalty.value(t, alpha=alpha) * factors[penalised]).sum()
    assert model.objective_ == pytest.approx(value, rel=1e-12)


def test_gap_bounds_the_distance_to_the_minimum(draw):
    X, y, weights = draw(2, 100, 20, 4)
    for penalty in ("l1", "elastic_net"):
        best = AdaptiveDropoutClassifier(0.01, penalty=penalty).fit(X, y, sample_weight=weights)
        assert best.dual_gap_ <= 1e-12
        for steps in (1, 2, 3, 4):
            model = AdaptiveDropoutClassifier(0.01, penalty=penalty, max_iter=steps)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X, y, sample_weight=weights)
            assert model.dual_gap_ >= model.objective_ - best.objective_ - 1e-15


@pytest.mark.parametrize("penalty", ["l1", "l2", "mcp", "variational_dropout", "lp"])
def test_names_of_classes_do_not_matter(penalty, draw):
    X, y, weights = draw(3)
    one = AdaptiveDropoutClassifier(0.03, penalty=penalty).fit(X, y, sample_weight=weights)
    order = np.array([2, 0, 1])
    other = AdaptiveDropoutClassifier(0.03, penalty=penalty).fit(X, order[y], sample_weight=weights)
    assert_allclose(other.coef_[order], one.coef_, rtol=0, atol=1e-9)
    assert_allclose(other.intercept_[order], one.intercept_, rtol=0, atol=1e-9)
    names = np.array(["zebra", "ant", "moth"])
    named = AdaptiveDropoutClassifier(0.03, penalty=penalty).fit(X, names[y], sample_weight=weights)
    assert_array_equal(named.classes_, ["ant", "moth", "zebra"])
    assert_array_equal(named.predict(X), names[one.predict(X)])


def test_twins_of_two_classes(draw):
    """Every row twice, one class under two names: the two classes are the same, whatever the third is."""
    X, y, _ = draw(4, K=2)
    twice = np.vstack([X, X])
    labels = np.concatenate([y, np.where(y == 1, 2, 0)])
    for penalty in ("l2", "elastic_net"):
        model = AdaptiveDropoutClassifier(0.05, penalty=penalty).fit(twice, labels)
        assert_allclose(model.coef_[1], model.coef_[2], rtol=0, atol=1e-10)
        assert_allclose(model.intercept_[1], model.intercept_[2], rtol=0, atol=1e-10)


def test_both_solvers_agree(draw):
    X, y, weights = draw(5, 60, 4)
    for penalty in ("l2", "elastic_net"):
        auto = AdaptiveDropoutClassifier(0.05, penalty=penalty).fit(X, y, sample_weight=weights)
        irls = AdaptiveDropoutClassifier(0.05, penalty=penalty, solver="irls", tol=1e-9, max_iter=3000)
        irls.fit(X, y, sample_weight=weights)
        assert_allclose(irls.coef_, auto.coef_, rtol=0, atol=1e-7)
        assert auto.objective_ <= irls.objective_ * (1 + 1e-12)


def test_class_weight_and_weights_as_copies(draw):
    X, y, _ = draw(6)
    counts = np.random.default_rng(0).integers(0, 3, size=len(y))
    factors = np.array([0.5, 3, 1])
    model = AdaptiveDropoutClassifier(0.03)
    by_weight = model.fit(X, y, sample_weight=counts).coef_
    by_copies = model.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts)).coef_
    assert_allclose(by_weight, by_copies, rtol=0, atol=1e-9)
    by_hand = model.fit(X, y, sample_weight=factors[y]).coef_
    by_class = model.set_params(class_weight=dict(enumerate(factors))).fit(X, y).coef_
    assert_allclose(by_class, by_hand, rtol=0, atol=1e-9)


def test_predictions_are_consistent(draw):
    X, y, _ = draw(7, K=4)
    model = AdaptiveDropoutClassifier(0.05).fit(X, y)
    z, q = model.decision_function(X), model.predict_proba(X)
    assert z.shape == q.shape == (len(y), 4)
    assert_allclose(q, softmax(z, axis=1))
    assert_allclose(model.predict_log_proba(X), np.log(q))
    assert_array_equal(model.predict(X), z.argmax(axis=1))
    assert np.all(np.isfinite(model.predict_log_proba(1e5 * X)))
    assert model.coef_.shape == model.eta_.shape == model.keep_prob_.shape == (4, X.shape[1])
    assert model.intercept_.shape == (4,)
    assert_allclose(model.sparsify().decision_function(X), z)


def test_warm_start(draw):
    """From the answer: one step. From the answer to other labels: as from nothing."""
    X, y, _ = draw(8)
    for penalty in ("l1", "variational_dropout", "mcp", "l2"):
        model = AdaptiveDropoutClassifier(0.03, penalty=penalty, warm_start=True)
        cold, steps = model.fit(X, y).coef_, model.n_iter_
        assert_allclose(model.fit(X, y).coef_, cold, rtol=0, atol=1e-9)
        assert model.n_iter_ < steps
        model.fit(X, (y + 1) % 3)
        assert_allclose(model.fit(X, y).coef_, cold, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X, y % 2)


@pytest.mark.parametrize("penalty", BOUNDED)
def test_separable_with_a_bounded_penalty(penalty, draw):
    """All classes, or one from the others, which have a finite minimum among themselves."""
    X, _, _ = draw(9, 90, 6)
    all_of_them = np.argmax(np.c_[X[:, 0], X[:, 1], -X[:, 0] - X[:, 1]], axis=1)
    for data in ((X, all_of_them), load_iris(return_X_y=True)):
        model = AdaptiveDropoutClassifier(0.02, penalty=penalty)
        with pytest.warns(ConvergenceWarning, match="bounded penalty"):
            model.fit(*data)
        assert not model.converged_
        assert np.all(np.isfinite(model.coef_))
        assert model.n_iter_ < 60


def test_digits():
    X, y = load_digits(return_X_y=True)
    model = AdaptiveDropoutClassifier(0.01, penalty="l1").fit(X, y)
    spread = X.std(axis=0)
    gradient = residuals(model, X, y, np.ones(len(y)))[0][:, spread > 0] / spread[spread > 0]
    signs = np.sign(model.coef_[:, spread > 0])
    assert model.converged_
    assert np.abs(gradient).max() <= 0.01 * (1 + 1e-9)
    assert_allclose(gradient[signs != 0], 0.01 * signs[signs != 0], rtol=1e-9)
    assert model.score(X, y) > 0.95
    assert model.dual_gap_ <= 1e-10 * model.objective_
    assert np.count_nonzero(model.coef_) < 250
    assert not model.coef_[:, spread == 0].any()


def test_alpha_auto(draw):
    X, y, _ = draw(10, 600, 30)
    model = AdaptiveDropoutClassifier().fit(X, y)
    shares = np.bincount(y) / len(y)
    sigma = np.sqrt(shares * (1 - shares)).max()
    assert model.noise_scale_ == pytest.approx(sigma)
    assert model.alpha_ == pytest.approx(sigma * np.sqrt(np.log(3 * 30) / (2 * len(y))))
    null = AdaptiveDropoutClassifier().fit(X, np.random.default_rng(2).permutation(y))
    assert not null.coef_.any()
    assert_allclose(null.predict_proba(X), np.tile(shares, (len(y), 1)))


def test_extreme_units(draw):
    X, y, _ = draw(11)
    model = AdaptiveDropoutClassifier(0.03, penalty="mcp").fit(X, y)
    scaled = AdaptiveDropoutClassifier(0.03, penalty="mcp").fit(X * 2.0**300, y)
    assert_array_equal(scaled.coef_ * 2.0**300, model.coef_)
    far = AdaptiveDropoutClassifier(0.03, penalty="mcp").fit(X + 1e6, y)
    assert_allclose(far.coef_, model.coef_, rtol=0, atol=1e-6)


@pytest.mark.parametrize("penalty", ["l1", "mcp", "variational_dropout"])
def test_one_mask_for_all_classes(penalty, draw):
    """A feature is in or out for all classes, by the norm of its coefficients, with weight sqrt(K)."""
    X, y, weights = draw(12, 200, 10)
    alpha, rule = 0.03, get_penalty(penalty)
    model = AdaptiveDropoutClassifier(alpha, penalty=penalty, feature_groups="across_classes")
    model.fit(X, y, sample_weight=weights)
    spread = np.sqrt(np.average((X - np.average(X, axis=0, weights=weights)) ** 2, axis=0, weights=weights))
    W, gradient = model.coef_ * spread, residuals(model, X, y, weights)[0] / spread
    norm, inside = np.linalg.norm(W, axis=0), np.any(model.coef_ != 0, axis=0)
    assert model.converged_
    assert 0 < inside.sum() < len(inside)
    assert np.all(model.coef_[:, inside] != 0)
    assert np.all(model.keep_prob_ == model.keep_prob_[0])
    level = alpha * np.sqrt(3)
    assert np.all(np.linalg.norm(gradient[:, ~inside], axis=0) <= level * (1 + 1e-6))
    slope = level * rule.derivative(norm[inside], alpha=alpha)
    assert_allclose(gradient[:, inside], slope * W[:, inside] / norm[inside], rtol=0, atol=1e-6 * alpha)


def test_groups_of_features_are_within_classes(draw):
    X, y, _ = draw(13, 200, 10)
    labels = np.arange(10) // 2
    model = AdaptiveDropoutClassifier(0.03, penalty="l1", feature_groups=labels).fit(X, y)
    pairs = (model.coef_ != 0).reshape(3, 5, 2)
    assert_array_equal(pairs[:, :, 0], pairs[:, :, 1])
    assert len({tuple(row) for row in pairs[:, :, 0]}) > 1
    two = AdaptiveDropoutClassifier(0.03, penalty="l1", feature_groups="across_classes").fit(X, y > 0)
    assert_array_equal(two.coef_, AdaptiveDropoutClassifier(0.03, penalty="l1").fit(X, y > 0).coef_)


def test_path_of_the_cross_validated_classifier(draw):
    X, y, _ = draw(14)
    model = AdaptiveDropoutClassifierCV(8, penalty="l1", eps=0.05, cv=3).fit(X, y)
    assert_allclose(model.path_.predict(X, model.alpha_), model.predict_proba(X), rtol=0, atol=1e-5)
    assert model.path_.predict(X, model.alphas_).shape == (len(y), 8, 3)
    assert_array_equal(model.coef_path_[:, 0], 0)
    single = AdaptiveDropoutClassifier(model.alphas_[5], penalty="l1").fit(X, y)
    assert_allclose(model.coef_path_[:, 5].reshape(3, -1), single.coef_, rtol=0, atol=1e-6)
    assert 0 <= model.path_.select("bic") < 8
