"""Laws that hold whatever the data: scaling, order, copies, weights, columns without information, degenerate data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import L2, BernoulliDropout, ElasticNet, Lp, get_penalty

NAMES = core.penalty_names()
every_penalty = pytest.mark.parametrize("name", NAMES)
problems = {
    "seed": st.integers(0, 10**6),
    "shape": st.sampled_from([(40, 6), (25, 25), (15, 30), (60, 12)]),
    "level": st.sampled_from([0.8, 0.3, 0.1, 0.03]),
}


def fit(X, y, alpha, name, weights=None, **parameters):
    model = AdaptiveDropoutRegressor(alpha, penalty=name, **parameters).fit(X, y, sample_weight=weights)
    assert np.all(np.isfinite(model.coef_))
    assert model.converged_
    return model


def top(X, y):
    """The alpha_max of l1 on standardised columns."""
    return np.abs((y - y.mean()) @ (X - X.mean(axis=0)) / X.std(axis=0)).max() / len(y)


def assert_same(got, expected, rtol=1e-9):
    assert_allclose(got, expected, rtol=0, atol=rtol * np.abs(expected).max() + 1e-300)
    assert_array_equal(got == 0, expected == 0)


@every_penalty
@given(**problems, exponents=st.integers(-40, 40))
def test_columns_times_powers_of_two(name, seed, shape, level, exponents, simulate):
    """Exact operations: the same bits."""
    X, y, _ = simulate(*shape, seed=seed)
    factors = 2.0 ** np.random.default_rng(exponents + 50).integers(-40, 40, size=shape[1])
    reference, scaled = (fit(A, y, level * top(X, y), name) for A in (X, X * factors))
    assert_array_equal(scaled.coef_ * factors, reference.coef_)


@every_penalty
@given(**problems, factor=st.floats(-6, 6))
def test_columns_times_anything(name, seed, shape, level, factor, simulate):
    X, y, _ = simulate(*shape, seed=seed)
    factors = 10 ** np.random.default_rng(seed).uniform(-abs(factor), abs(factor), size=shape[1])
    factors[::2] *= -1
    reference, scaled = (fit(A, y, level * top(X, y), name) for A in (X, X * factors))
    assert_same(scaled.coef_ * factors, reference.coef_)
    assert scaled.objective_ == pytest.approx(reference.objective_, rel=1e-10)


@every_penalty
@given(**problems, exponent=st.floats(-8, 8), standardize=st.booleans())
def test_target_times_anything(name, seed, shape, level, exponent, standardize, simulate):
    penalty, factor = get_penalty(name), -(10**exponent)
    if isinstance(penalty, ElasticNet):
        return  # no such law
    power = 0 if isinstance(penalty, L2 | BernoulliDropout) else 2 - penalty.p if isinstance(penalty, Lp) else 1
    X, y, _ = simulate(*shape, seed=seed)
    alpha = level * top(X, y)
    reference = fit(X, y, alpha, name, standardize=standardize)
    scaled = fit(X, y * factor, alpha * abs(factor) ** power, name, standardize=standardize)
    assert_same(scaled.coef_ / factor, reference.coef_)
    assert scaled.intercept_ / factor == pytest.approx(reference.intercept_, rel=1e-8, abs=1e-8)
    assert scaled.objective_ == pytest.approx(reference.objective_ * factor**2, rel=1e-9)


@every_penalty
@given(**problems)
def test_shift_of_columns_and_target(name, seed, shape, level, simulate):
    """With an intercept, only the intercept moves."""
    X, y, _ = simulate(*shape, seed=seed)
    alpha = level * top(X, y)
    reference, shifted = fit(X, y, alpha, name), fit(X + 7.5, y - 11, alpha, name)
    assert_same(shifted.coef_, reference.coef_)
    assert shifted.intercept_ == pytest.approx(reference.intercept_ - 11 - 7.5 * reference.coef_.sum(), rel=1e-8)


@every_penalty
@given(**problems)
def test_order_of_rows(name, seed, shape, level, simulate):
    X, y, weights = simulate(*shape, seed=seed)
    order = np.random.default_rng(seed).permutation(shape[0])
    alpha = level * top(X, y)
    reference = fit(X, y, alpha, name, weights)
    assert_same(fit(X[order], y[order], alpha, name, weights[order]).coef_, reference.coef_)


@every_penalty
@given(**problems)
def test_order_of_columns(name, seed, shape, level, simulate):
    X, y, weights = simulate(*shape, seed=seed)
    order = np.random.default_rng(seed).permutation(shape[1])
    alpha = level * top(X, y)
    reference = fit(X, y, alpha, name, weights)
    assert_same(fit(X[:, order], y, alpha, name, weights).coef_, reference.coef_[order])


@every_penalty
@given(**problems, constant=st.sampled_from([0.0, 1.0, -3.7, 1e8, 1e-300]))
def test_constant_columns_change_nothing(name, seed, shape, level, constant, simulate):
    X, y, _ = simulate(*shape, seed=seed)
    alpha = level * top(X, y)
    place = seed % (shape[1] + 1)
    reference, more = fit(X, y, alpha, name), fit(np.insert(X, place, constant, axis=1), y, alpha, name)
    assert_same(np.delete(more.coef_, place), reference.coef_)
    assert (more.coef_[place], more.keep_prob_[place], more.eta_[place]) == (0, 0, 0)


@every_penalty
@given(**problems)
def test_weights_are_copies(name, seed, shape, level, simulate):
    X, y, _ = simulate(*shape, seed=seed)
    counts = np.random.default_rng(seed).integers(0, 4, size=shape[0])
    counts[:2] = 1
    repeated = np.repeat(X, counts, axis=0), np.repeat(y, counts)
    alpha = level * top(*repeated)
    reference = fit(*repeated, alpha, name)
    assert_same(fit(X, y, alpha, name, counts).coef_, reference.coef_)
    assert_same(fit(X, y, alpha, name, counts * 1e150).coef_, reference.coef_)
    kept = counts > 0
    assert_same(fit(X[kept], y[kept], alpha, name, counts[kept]).coef_, reference.coef_)


@every_penalty
@given(**problems)
def test_same_bits_twice(name, seed, shape, level, simulate):
    X, y, weights = simulate(*shape, seed=seed)
    model = fit(X, y, level * top(X, y), name, weights)
    first = {key: np.copy(value) for key, value in vars(model).items() if key.endswith("_")}
    model.fit(X, y, sample_weight=weights)
    for key, value in first.items():
        assert_array_equal(getattr(model, key), value)


@every_penalty
@given(**problems)
def test_zero_from_alpha_max_on(name, seed, shape, level, simulate):
    penalty = get_penalty(name)
    X, y, _ = simulate(*shape, seed=seed)
    alpha = top(X, y) * (1 + 1e-12)
    if penalty.slope_at_zero == 0:
        assert np.all(fit(X, y, alpha, name).coef_ != 0)
        return
    if penalty.slope_at_zero == np.inf:
        alpha *= 2
        while core.zero_threshold(*penalty._core_arguments(), alpha, 1.0) < top(X, y):
            alpha *= 2
    else:
        alpha /= penalty.slope_at_zero
        below = fit(X, y, alpha * (1 - 1e-6), name)
        assert np.any(below.coef_ != 0)
    for factor in (1, 1 / level, 1e10):
        model = fit(X, y, alpha * factor, name)
        assert_array_equal(model.coef_, 0)
        assert_array_equal(model.keep_prob_, 0)
        assert model.intercept_ == pytest.approx(y.mean(), rel=1e-12)
        assert model.objective_ == pytest.approx(y.var() / 2, rel=1e-12)


SCALES = [1e150, 1e200, 1e300, 1e-150, 1e-200, 1e-300]


@every_penalty
@pytest.mark.parametrize("scale", SCALES)
def test_columns_of_any_size(name, scale, simulate):
    X, y, _ = simulate(40, 8, seed=1)
    alpha = 0.1 * top(X, y)
    reference, scaled = fit(X, y, alpha, name), fit(X * scale, y, alpha, name)
    assert_allclose(scaled.coef_ * scale, reference.coef_, rtol=1e-8)
    assert_allclose(scaled.predict(X * scale), reference.predict(X), rtol=1e-8)


@pytest.mark.parametrize("name", ["l1", "mcp", "variational_dropout", "l2", "bernoulli_dropout"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("standardize", [True, False])
def test_targets_of_any_size(name, scale, standardize, simulate):
    X, y, _ = simulate(40, 8, seed=2)
    y = y - y.mean()
    alpha = 0.1 * top(X, y)
    factor = 1 if isinstance(get_penalty(name), L2 | BernoulliDropout) else scale
    reference = fit(X, y, alpha, name, standardize=standardize)
    scaled = fit(X, y * scale, alpha * factor, name, standardize=standardize)
    assert_allclose(scaled.coef_ / scale, reference.coef_, rtol=1e-8)
    assert_allclose(scaled.predict(X) / scale, reference.predict(X), rtol=1e-7)


@pytest.mark.parametrize("scale", SCALES)
def test_auto_alpha_at_any_size(scale, simulate):
    X, y, _ = simulate(60, 10, seed=3)
    reference = AdaptiveDropoutRegressor().fit(X, y)
    by_columns = AdaptiveDropoutRegressor().fit(X * scale, y)
    assert_allclose(by_columns.coef_ * scale, reference.coef_, rtol=1e-8)
    by_target = AdaptiveDropoutRegressor().fit(X, y * scale)
    assert_allclose(by_target.coef_ / scale, reference.coef_, rtol=1e-8)
    assert by_target.alpha_ == pytest.approx(reference.alpha_ * scale, rel=1e-9)
    assert by_target.noise_scale_ == pytest.approx(reference.noise_scale_ * scale, rel=1e-9)


@every_penalty
def test_graded_columns_and_far_means(name, simulate):
    X, y, _ = simulate(50, 9, seed=4)
    alpha = 0.1 * top(X, y)
    reference = fit(X, y, alpha, name)
    graded = fit(X * np.geomspace(1e-150, 1e150, 9), y, alpha, name)
    assert_same(graded.coef_ * np.geomspace(1e-150, 1e150, 9), reference.coef_, rtol=1e-8)
    far = X.copy()
    far[:, 3] += 2.0**30
    far_model = fit(far, y, alpha, name)
    exact = X.copy()
    exact[:, 3] = far[:, 3] - 2.0**30
    assert_same(far_model.coef_, fit(exact, y, alpha, name).coef_, rtol=1e-7)


@pytest.mark.parametrize("junk", [1e300, -1e200])
def test_rows_of_weight_zero_are_gone_whatever_they_hold(junk, simulate):
    X, y, weights = simulate(30, 6, seed=9)
    padded = np.vstack([X, np.full((4, 6), junk)]), np.append(y, np.full(4, junk)), np.append(weights, np.zeros(4))
    for parameters in ({"alpha": 0.1, "standardize": False}, {"alpha": 0.1}, {}):
        kept = AdaptiveDropoutRegressor(**parameters).fit(X, y, sample_weight=weights)
        all_rows = AdaptiveDropoutRegressor(**parameters).fit(padded[0], padded[1], sample_weight=padded[2])
        assert_array_equal(all_rows.coef_, kept.coef_)
        assert all_rows.alpha_ == kept.alpha_
