"""``solver="auto"`` ends at a certified point, and says the truth about it: everything is recomputed with numpy."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import L1, MCP, SCAD, ElasticNet, LogSum, Lp, Standout, get_penalty

NAMES = core.penalty_names()
every_penalty = pytest.mark.parametrize("name", NAMES)
convex_penalties = pytest.mark.parametrize("name", [n for n in NAMES if get_penalty(n).convex])
nonconvex_penalties = pytest.mark.parametrize("name", [n for n in NAMES if not get_penalty(n).convex])

# n, p, correlation of the columns, weighted, intercept, standardize
DATA = {
    "tall": (120, 15, 0.3, True, True, True),
    "tall-raw": (120, 15, 0.3, False, True, False),
    "wide": (30, 90, 0.0, False, True, True),
    "wide-raw": (30, 90, 0.0, True, False, False),
    "square": (40, 40, 0.5, False, False, True),
    "correlated": (80, 60, 0.95, True, True, True),
    "correlated-wide": (40, 200, 0.95, False, True, True),
}
every_design = pytest.mark.parametrize("design", DATA)
OTHER_PARAMETERS = [
    ElasticNet(l1_ratio=0.05),
    ElasticNet(l1_ratio=0.0),
    Lp(p=0.2),
    Lp(p=0.9),
    Lp(p=1.3),
    LogSum(scale=0.02),
    LogSum(scale=3.0),
    MCP(gamma=1.2),
    MCP(gamma=0.5),
    SCAD(a=2.05),
    SCAD(a=2.5, scale=0.5),
    Standout(slope=3.0, bias=-2.0, scale=0.3),
]
LEVELS = [0.6, 0.2, 0.05, 0.01]  # alpha as a fraction of the l1 alpha_max


def level_of(X, y, weights, intercept, standardize):
    """The alpha_max of l1."""
    pi = weights / weights.sum()
    centre, mean = (pi @ X, pi @ y) if intercept else (0, 0)
    d = np.sqrt(pi @ (X - centre) ** 2) if standardize else 1
    return np.abs((pi * (y - mean)) @ (X - centre) / d).max()


@pytest.fixture
def prepare(simulate):
    """Function from a design's name and a seed to data, alphas and an estimator with the design's options."""

    def make(design, seed=0):
        n, p, correlation, weighted, intercept, standardize = DATA[design]
        X, y, weights = simulate(n, p, seed=seed, correlation=correlation)
        weights = weights if weighted else np.ones(n)
        top = level_of(X, y, weights, intercept, standardize)
        model = AdaptiveDropoutRegressor(fit_intercept=intercept, standardize=standardize)
        return X, y, weights, [level * top for level in LEVELS], model

    return make


def assert_certified(model, X, y, weights, certify):
    truth = certify(model, X, y, weights)
    rounding = 64 * np.finfo(float).eps * np.abs(X * (y * weights / weights.sum())[:, None]).sum(axis=0).max()
    assert model.converged_
    assert model.kkt_residual_ <= model.tol * model.alpha_
    assert truth.kkt_residual <= model.tol * model.alpha_ + rounding
    assert_allclose(model.kkt_residual_, truth.kkt_residual, rtol=1e-6, atol=10 * rounding)
    assert model.objective_ == pytest.approx(truth.objective, rel=1e-11)
    assert_allclose(model.eta_, truth.eta, rtol=1e-12)
    assert_allclose(model.keep_prob_, truth.keep_prob, rtol=1e-12)
    penalty = get_penalty(model.penalty)
    if isinstance(penalty, L1 | ElasticNet) and penalty.slope_at_zero > 0:
        assert 0 <= model.dual_gap_ <= model.tol * model.objective_
        assert_allclose(model.dual_gap_, truth.dual_gap, rtol=1e-6, atol=1e-13 * np.mean(y**2))
    elif core.penalty_properties(*penalty._core_arguments())["linear_quadratic"] and penalty.slope_at_zero > 0:
        assert 0 <= model.dual_gap_ <= model.tol * model.objective_  # the lasso under another name
    else:
        assert np.isnan(model.dual_gap_)


@every_penalty
@every_design
def test_ends_certified(name, design, prepare, certify):
    X, y, weights, alphas, model = prepare(design)
    for alpha in alphas:
        model.set_params(penalty=name, alpha=alpha).fit(X, y, sample_weight=weights)
        assert_certified(model, X, y, weights, certify)


@pytest.mark.parametrize("penalty", OTHER_PARAMETERS, ids=repr)
@every_design
def test_ends_certified_with_other_parameters(penalty, design, prepare, certify):
    X, y, weights, alphas, model = prepare(design, seed=1)
    for alpha in alphas:
        model.set_params(penalty=penalty, alpha=alpha).fit(X, y, sample_weight=weights)
        assert_certified(model, X, y, weights, certify)


@every_penalty
def test_ends_certified_with_feature_weights(name, prepare, certify):
    X, y, weights, alphas, model = prepare("correlated", seed=2)
    factors = np.random.default_rng(0).uniform(0.2, 3, size=X.shape[1])
    factors[:3], factors[3:6] = 0, np.inf
    for alpha in alphas:
        model.set_params(penalty=name, alpha=alpha, feature_weights=factors).fit(X, y, sample_weight=weights)
        assert_certified(model, X, y, weights, certify)
        assert_array_equal(model.coef_[3:6], 0)
        assert np.all(model.coef_[:3] != 0)
        assert_allclose(model.keep_prob_[:6], [1, 1, 1, 0, 0, 0], rtol=0)


@every_penalty
@every_design
def test_zero_exactly_where_the_conditions_say_so(name, design, prepare, certify):
    X, y, weights, alphas, model = prepare(design, seed=3)
    kink = get_penalty(name).slope_at_zero
    for alpha in alphas:
        model.set_params(penalty=name, alpha=alpha).fit(X, y, sample_weight=weights)
        truth = certify(model, X, y, weights)
        zero = model.coef_ == 0
        if kink == 0:
            assert not zero.any()
        assert np.all(np.abs(truth.gradient[zero]) <= truth.scale[zero] * alpha * kink * (1 + 1e-9))
        assert np.all(np.abs(model.coef_[~zero]) > 1e-12)
        assert_array_equal(model.keep_prob_ == 0, zero)


@every_penalty
@every_design
def test_answer_does_not_depend_on_tol(name, design, prepare):
    X, y, weights, alphas, model = prepare(design, seed=4)
    for alpha in alphas:
        model.set_params(penalty=name, alpha=alpha)
        loose = model.set_params(tol=1e-3).fit(X, y, sample_weight=weights).coef_
        tight = model.set_params(tol=1e-10).fit(X, y, sample_weight=weights).coef_
        assert_allclose(loose, tight, rtol=0, atol=1e-10 * np.abs(tight).max())


@convex_penalties
@every_design
def test_never_above_the_paper_loop(name, design, prepare):
    X, y, weights, alphas, model = prepare(design, seed=5)
    for alpha in alphas:
        model.set_params(penalty=name, alpha=alpha)
        ours = model.set_params(solver="auto", max_iter=100).fit(X, y, sample_weight=weights).objective_
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            irls = model.set_params(solver="irls", max_iter=500).fit(X, y, sample_weight=weights).objective_
        assert ours <= irls * (1 + 1e-10)


@nonconvex_penalties
@every_design
def test_never_above_the_lasso_start(name, design, prepare, certify):
    """The lasso with the same threshold, judged by the objective of the nonconvex penalty."""
    X, y, weights, alphas, model = prepare(design, seed=6)
    penalty = get_penalty(name)
    if penalty.slope_at_zero == 0:
        pytest.skip("no threshold, so no lasso start")
    for alpha in alphas:
        threshold = alpha
        if penalty.slope_at_zero == np.inf:
            threshold = core.zero_threshold(*penalty._core_arguments(), alpha, 1.0)
        ours = model.set_params(penalty=name, alpha=alpha).fit(X, y, sample_weight=weights).objective_
        model.set_params(penalty="l1", alpha=threshold).fit(X, y, sample_weight=weights)
        model.penalty, model.alpha_ = name, alpha
        start = certify(model, X, y, weights).objective
        assert ours <= start * (1 + 1e-12)


@convex_penalties
@pytest.mark.parametrize("p", [1, 2, 3])
def test_global_minimum_in_few_dimensions(name, p, simulate, certify):
    """A derivative-free search from many starts finds nothing lower."""
    X, y, weights = simulate(25, p, seed=7)
    rng = np.random.default_rng(0)
    for alpha in (0.03, 0.3):
        model = AdaptiveDropoutRegressor(alpha, penalty=name).fit(X, y, sample_weight=weights)
        best, ours = model.objective_, model.coef_.copy()

        def objective(w, model=model):
            model.coef_ = w
            model.intercept_ = np.average(y - X @ w, weights=weights)
            return certify(model, X, y, weights).objective

        assert objective(ours) == pytest.approx(best, rel=1e-13)
        for _ in range(4):
            found = minimize(objective, rng.normal(size=p), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 0})
            assert found.fun >= best * (1 - 1e-12)
            assert_allclose(found.x, ours, atol=1e-4)


@every_penalty
@pytest.mark.parametrize("standardize", [True, False])
def test_one_feature_is_the_prox(name, standardize, simulate, jumps):
    """With one column of mean square g the objective is that of the prox at the least-squares coefficient."""
    penalty = get_penalty(name)
    if jumps(penalty):
        pytest.skip("two minima, one on either side of the jump")
    for seed in range(6):
        X, y, _ = simulate(20, 1, seed=seed, noise=2)
        X *= 1.5 / X.std()  # g >= 1, where all these problems have one minimum
        x, target = X[:, 0] - X[:, 0].mean(), y - y.mean()
        d = x.std() if standardize else 1
        g = np.mean((x / d) ** 2)
        least_squares = np.mean(x / d * target) / g
        for alpha in (0.02, 0.4, 1.5):
            model = AdaptiveDropoutRegressor(alpha, penalty=penalty, standardize=standardize).fit(X, y)
            if penalty.slope_at_zero == np.inf:
                threshold = core.zero_threshold(*penalty._core_arguments(), alpha, 1 / g)
                if threshold < abs(least_squares) < 2 * threshold:
                    continue  # zero is a local minimum, and the lasso start may lie in its basin
            expected = penalty.prox(least_squares, alpha, step=1 / g) / d
            assert_allclose(model.coef_, [expected], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("penalty", [L1(), ElasticNet(l1_ratio=0.5), ElasticNet(l1_ratio=0.01)], ids=repr)
@every_design
def test_gap_of_unfinished_iterates(penalty, design, prepare, certify):
    """Far from the minimum too the gap is the one of the formula, and bounds the distance to the minimum."""
    X, y, weights, alphas, model = prepare(design, seed=8)
    for alpha in alphas:
        model.set_params(penalty=penalty, alpha=alpha)
        minimum = model.set_params(solver="auto", max_iter=100).fit(X, y, sample_weight=weights).objective_
        for steps in (1, 2, 5):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.set_params(solver="irls", max_iter=steps).fit(X, y, sample_weight=weights)
            truth = certify(model, X, y, weights)
            assert model.dual_gap_ == pytest.approx(truth.dual_gap, rel=1e-8, abs=1e-13 * np.mean(y**2))
            assert model.kkt_residual_ == pytest.approx(truth.kkt_residual, rel=1e-8, abs=1e-12 * alpha)
            assert model.dual_gap_ >= (model.objective_ - minimum) * (1 - 1e-8) - 1e-13 * np.mean(y**2)
            assert steps > 1 or model.objective_ > minimum * (1 + 1e-9)
