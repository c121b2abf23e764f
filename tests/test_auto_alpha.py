"""``alpha="auto"``: the rule written out in Python, its special cases, and what it does on pure noise and real data."""

import math
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import MCP, ElasticNet, get_penalty

KINKED = [n for n in core.penalty_names() if 0 < get_penalty(n).slope_at_zero < math.inf]
kinked_penalties = pytest.mark.parametrize("name", KINKED)
others = pytest.mark.parametrize("name", [n for n in core.penalty_names() if n not in KINKED])


def noise_scale(model, X, y, s):
    df = np.count_nonzero(model.coef_)
    freedom = max(s.sum() - model.fit_intercept - df, s.sum() / 2)
    return math.sqrt(s @ (y - X @ model.coef_ - model.intercept_) ** 2 / freedom)


def rule(X, y, s, **parameters):
    """The model that the documented rule picks, by fits at given alphas, and why it stopped there."""
    p, total = X.shape[1], s.sum()
    L = math.log(max(p, 3))
    model = AdaptiveDropoutRegressor(1e300, warm_start=True, **parameters).fit(X, y, sample_weight=s)
    pi = s / total
    centre = pi @ X if model.fit_intercept else np.zeros(p)
    d = np.sqrt(pi @ (X - centre) ** 2) if model.standardize else np.ones(p)
    c = np.ones(p) if model.feature_weights is None else model.feature_weights
    gradient = (pi * (y - X @ model.coef_ - model.intercept_)) @ (X - centre)
    top = np.max(np.abs(gradient[c > 0]) / (d * c * get_penalty(model.penalty).slope_at_zero)[c > 0])
    if top <= noise_scale(model, X, y, s) * math.sqrt(2 * L / total):
        model.alpha_ = top
        return model, "null", top
    eps = 1e-3 if total > p else 1e-2
    chosen = None
    for i in range(61):
        alpha = max(top * 10 ** (-i / 20), eps * top)
        model = AdaptiveDropoutRegressor(alpha, warm_start=True, **parameters)
        if chosen is not None:
            model.coef_ = chosen.coef_.copy()
        model.fit(X, y, sample_weight=s)
        if chosen is not None and np.count_nonzero(model.coef_) > total / 2:
            return chosen, "df", top
        chosen = model
        if alpha <= noise_scale(model, X, y, s) * math.sqrt(L / (2 * total)):
            return chosen, "noise", top
        if alpha <= eps * top:
            return chosen, "eps", top
    raise AssertionError("the path has an end")


def assert_follows_the_rule(X, y, s, expected_reason=None, **parameters):
    chosen, reason, _ = rule(X, y, s, **parameters)
    assert expected_reason in (None, reason)
    model = AdaptiveDropoutRegressor(**parameters).fit(X, y, sample_weight=s)
    assert model.converged_
    assert model.alpha_ == pytest.approx(chosen.alpha_, rel=1e-9)
    assert_allclose(model.coef_, chosen.coef_, rtol=0, atol=1e-8 * np.abs(chosen.coef_).max() + 1e-300)
    assert model.noise_scale_ == pytest.approx(noise_scale(model, X, y, s), rel=1e-9)


@kinked_penalties
@pytest.mark.parametrize(("n", "p"), [(100, 12), (80, 150)])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_rule(name, n, p, standardize, fit_intercept, simulate):
    X, y, s = simulate(n, p, seed=1, correlation=0.3, scales=False)
    y = y - 3 if not fit_intercept else y
    parameters = {"penalty": name, "standardize": standardize, "fit_intercept": fit_intercept}
    if p < n or get_penalty(name).convex:
        assert_follows_the_rule(X, y, s, **parameters)
        return
    # A walk of nonconvex fits with more columns than rows may meet other stationary points than this one does; where it
    # ends, the rule must hold all the same.
    top = rule(X, y, s, **parameters)[2]
    model = AdaptiveDropoutRegressor(**parameters).fit(X, y, sample_weight=s)
    step = -20 * math.log10(model.alpha_ / top)
    assert step == pytest.approx(round(step), abs=1e-9)
    assert model.converged_
    if model.alpha_ > noise_scale(model, X, y, s) * math.sqrt(math.log(p) / (2 * s.sum())):
        # The other end of the walk: at the next alpha the model gets too large; reached from here, and not from what
        # the walk had, it may be a little smaller.
        following = model.alpha_ * 10**-0.05
        model.set_params(alpha=following, warm_start=True).fit(X, y, sample_weight=s)
        assert np.count_nonzero(model.coef_) > 0.9 * s.sum() / 2


@kinked_penalties
def test_the_rule_with_feature_weights(name, simulate):
    X, y, s = simulate(90, 20, seed=2)
    c = np.random.default_rng(0).uniform(0.5, 2, size=20)
    c[:3] = 0
    assert_follows_the_rule(X, y, s, "noise", penalty=name, feature_weights=c)


@pytest.mark.parametrize("name", [n for n in KINKED if get_penalty(n).slope_at_zero == 1])
def test_null_model(name, simulate):
    X, _, s = simulate(80, 30, seed=3)
    s *= 0.6
    y = np.random.default_rng(4).normal(size=80) + 5
    assert_follows_the_rule(X, y, s, "null", penalty=name)
    model = AdaptiveDropoutRegressor(penalty=name).fit(X, y, sample_weight=s)
    assert_array_equal(model.coef_, 0)
    assert model.intercept_ == pytest.approx(np.average(y, weights=s))
    assert model.n_iter_ >= 1


@pytest.mark.parametrize("name", ["elastic_net", "l1"])
def test_last_alpha_before_half_the_rows(name):
    """Many effects and no noise: nonzeros pass n / 2 while alpha is still above the noise level."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 100)) + rng.normal(size=(200, 1))
    y = X @ rng.uniform(0.5, 2, size=100)
    assert_follows_the_rule(X, y, np.full(200, 0.5), "df", penalty=name)


@pytest.mark.parametrize(("n", "p"), [(100, 5), (20, 40)])
def test_end_of_the_path(n, p):
    """Without noise the noise level is under every alpha; paths of wide data end earlier."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, p))
    y = X[:, 0] * 3 + X[:, 1]
    assert_follows_the_rule(X, y, np.ones(n), "eps", penalty="mcp")
    model = AdaptiveDropoutRegressor(penalty="mcp").fit(X, y)
    assert_array_equal(np.flatnonzero(model.coef_), [0, 1])


def test_elastic_net_slope_is_the_l1_ratio(simulate):
    X, y, s = simulate(60, 10, seed=6)
    assert_follows_the_rule(X, y, s, "noise", penalty=ElasticNet(l1_ratio=0.5))


@kinked_penalties
def test_stops_at_the_first_alpha_below_the_noise_level(name, simulate):
    """At alpha_ the inequality holds; one grid point earlier it does not."""
    X, y, _ = simulate(150, 10, seed=7)
    level = math.sqrt(math.log(10) / (2 * 150))
    model = AdaptiveDropoutRegressor(penalty=name).fit(X, y)
    assert model.alpha_ <= model.noise_scale_ * level
    earlier = AdaptiveDropoutRegressor(model.alpha_ * 10 ** (1 / 20), penalty=name, warm_start=True)
    for i in range(8, 0, -1):  # down to it, as the path came
        earlier.set_params(alpha=model.alpha_ * 10 ** (i / 20)).fit(X, y)
    assert earlier.alpha_ > earlier.noise_scale_ * level


@pytest.mark.parametrize("value", [0.0, 7.0, 1e12 / 3])
def test_constant_y(value, simulate):
    X, _, s = simulate(30, 8, seed=8)
    model = AdaptiveDropoutRegressor().fit(X, np.full(30, value), sample_weight=s)
    assert_array_equal(model.coef_, 0)
    assert model.intercept_ == pytest.approx(value, rel=1e-14)
    assert (model.alpha_, model.converged_, model.noise_scale_) == (0, True, 0)
    assert_array_equal(model.predict(X, return_std=True)[1], 0)


def test_pure_noise_keeps_nothing():
    empty = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        model = AdaptiveDropoutRegressor().fit(rng.normal(size=(60, 500)), rng.normal(size=60))
        empty += not model.coef_.any()
    assert empty >= 15


@others
def test_needs_a_finite_positive_slope(name, simulate):
    X, y, _ = simulate(30, 4)
    with pytest.raises(ValueError, match="alpha"):
        AdaptiveDropoutRegressor(penalty=name).fit(X, y)


def test_elastic_net_without_l1_part_is_refused(simulate):
    X, y, _ = simulate(30, 4)
    with pytest.raises(ValueError, match="alpha"):
        AdaptiveDropoutRegressor(penalty=ElasticNet(l1_ratio=0)).fit(X, y)


def test_weights_that_cannot_be_counts(simulate):
    X, y, _ = simulate(60, 5)
    with pytest.warns(UserWarning, match="sample_weight") as caught:
        AdaptiveDropoutRegressor().fit(X, y, sample_weight=np.full(60, 0.4))
    assert len(caught) == 1
    for weights in (np.full(60, 0.6), np.r_[np.zeros(40), np.ones(20)]):  # zeros are rows removed
        AdaptiveDropoutRegressor().fit(X, y, sample_weight=weights)
    AdaptiveDropoutRegressor(0.1).fit(X, y, sample_weight=np.full(60, 1e-9))


@kinked_penalties
def test_integer_weights_are_repeated_rows(name, simulate):
    X, y, _ = simulate(50, 20, seed=9)
    counts = np.random.default_rng(0).integers(0, 4, size=50)
    weighted = AdaptiveDropoutRegressor(penalty=name).fit(X, y, sample_weight=counts)
    repeated = AdaptiveDropoutRegressor(penalty=name).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_same_fit(weighted, repeated)


@kinked_penalties
def test_weight_zero_is_a_row_removed(name, simulate):
    X, y, s = simulate(60, 20, seed=10)
    s[::4] = 0
    weighted = AdaptiveDropoutRegressor(penalty=name).fit(X, y, sample_weight=s)
    removed = AdaptiveDropoutRegressor(penalty=name).fit(X[s > 0], y[s > 0], sample_weight=s[s > 0])
    assert_same_fit(weighted, removed)


def assert_same_fit(a, b):
    assert a.alpha_ == pytest.approx(b.alpha_, rel=1e-8)
    assert_allclose(a.coef_, b.coef_, rtol=0, atol=1e-8 * np.abs(b.coef_).max())
    assert a.noise_scale_ == pytest.approx(b.noise_scale_, rel=1e-8)


@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_noise_scale_with_a_given_alpha(solver, simulate):
    X, y, s = simulate(60, 20, seed=11)
    for alpha in (0.01, 0.3):
        model = AdaptiveDropoutRegressor(alpha, penalty=MCP(), solver=solver, max_iter=20)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, y, sample_weight=s)
        assert model.noise_scale_ == pytest.approx(noise_scale(model, X, y, s), rel=1e-10)


def test_irls_at_the_alpha_of_the_rule(simulate):
    X, y, _ = simulate(100, 10, seed=12)
    auto = AdaptiveDropoutRegressor().fit(X, y)
    irls = AdaptiveDropoutRegressor(solver="irls", max_iter=2000).fit(X, y)
    assert irls.alpha_ == auto.alpha_
