"""Data without a unique answer or with none to find: finite and certified all the same, without a warning."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import get_penalty

NAMES = core.penalty_names()
every_penalty = pytest.mark.parametrize("name", NAMES)


def spread(n, p, seed=0):
    return np.random.default_rng([seed, n, p]).normal(size=(n, p))


def cases():
    X, y = spread(30, 6), spread(30, 1)[:, 0]
    yield "duplicates", np.hstack([X, X]), X[:, 0] + y
    yield "negated duplicates", np.hstack([X, -X]), X[:, 0] + y
    yield "duplicates, p > n", np.hstack([spread(10, 15)] * 2), spread(10, 1)[:, 0]
    yield "all columns equal", np.repeat(X[:, :1], 8, axis=1), X[:, 0] + y
    yield "one ulp apart", np.stack([X[:, 0], np.nextafter(X[:, 0], 9)], axis=1), X[:, 0] + y
    yield "rank one", np.outer(X[:, 0], np.arange(1, 9)), X[:, 0] + y
    yield "sum of the others", np.column_stack([X, X.sum(axis=1)]), X[:, 0] + y
    yield "rank three, p > n", spread(12, 3) @ spread(3, 40), spread(12, 1)[:, 0]
    yield "y in the span", X, X @ [1, -2, 0, 0, 3, 0.0]
    yield "y in the span, p > n", spread(10, 40), spread(10, 40)[:, :2] @ [1.0, -1]
    yield "y orthogonal to X", X, y - X @ np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
    yield "all rows equal", np.ones((10, 4)) * np.arange(4), np.arange(10.0)
    yield "X all zero", np.zeros((10, 4)), np.arange(10.0)
    yield "y constant", X, np.full(30, 2.5)
    yield "y zero", X, np.zeros(30)
    yield "Hilbert matrix", 1 / (np.arange(15)[:, None] + np.arange(1, 11)), spread(15, 1)[:, 0]
    yield "Vandermonde matrix", np.vander(np.linspace(0, 1, 20), 12), spread(20, 1)[:, 0]
    yield "one row", np.array([[1.0, 2, 3]]), np.array([4.0])
    yield "two rows", np.array([[1.0, 2, 3], [4, 2, 1]]), np.array([4.0, -1])
    yield "n = p", spread(8, 8), spread(8, 1)[:, 0]
    yield "n = p + 1", spread(9, 8), spread(9, 1)[:, 0]
    yield "one column", spread(9, 1), spread(9, 1, seed=1)[:, 0]
    yield "binary columns", (spread(20, 30) > 0).astype(float), (spread(20, 1)[:, 0] > 0).astype(float)
    yield "small integers", np.round(spread(15, 10)), np.round(spread(15, 1, seed=1)[:, 0])


CASES = {title: (X, y) for title, X, y in cases()}
every_case = pytest.mark.parametrize("title", CASES)


@every_penalty
@every_case
@pytest.mark.parametrize("alpha", [1.0, 0.1, 0.001])
@pytest.mark.parametrize(("fit_intercept", "standardize"), [(True, True), (False, True), (True, False)])
def test_finite_and_certified(name, title, alpha, fit_intercept, standardize):
    X, y = CASES[title]
    model = AdaptiveDropoutRegressor(alpha, penalty=name, fit_intercept=fit_intercept, standardize=standardize)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    # Coefficients of 1e7 that cancel leave a residual known to 1e-9 only: no certificate can be better than that.
    cancelled = 4 * np.finfo(float).eps * np.max(np.abs(X) @ np.abs(model.coef_))
    assert model.converged_ or cancelled > model.tol * alpha
    for value in (model.coef_, model.intercept_, model.objective_, model.predict(X), model.predict(X, True)[1]):
        assert np.all(np.isfinite(value))
    target = y - y.mean() if fit_intercept else y
    assert model.objective_ <= np.mean(target**2) / 2 * (1 + 1e-9) or get_penalty(name).slope_at_zero == np.inf
    unit = X.std(axis=0) if fit_intercept else np.sqrt(np.mean(X**2, axis=0))
    used = unit > 1e-12 * np.abs(X).max()
    assert_array_equal(model.coef_[~used], 0)
    residual = y - model.predict(X)
    gradient = np.mean(residual[:, None] * (X - X.mean(axis=0) if fit_intercept else X), axis=0)
    d = unit if standardize else np.ones(X.shape[1])
    slope = alpha * get_penalty(name).derivative(d * np.abs(model.coef_), alpha)
    active = model.coef_ != 0
    rounding = (1e-12 * max(np.abs(y).max(), 1) + cancelled) * (np.abs(X).max(axis=0) / d.clip(1e-300) + 1)
    violation = np.abs(gradient)[used] / d[used] - slope[used]
    assert np.all(violation <= 1e-6 * alpha + rounding[used])
    two_sided = np.abs(gradient / d.clip(1e-300) - np.sign(model.coef_) * np.where(active, slope, 0))[active]
    assert np.all(two_sided <= 1e-6 * alpha + rounding[active])


@pytest.mark.parametrize("name", ["cauchy", "geman_mcclure", "log_square"])
def test_certified_however_the_data_are_rounded(name):
    """Coefficients of 1e7 that cancel, where half of the digits of a Gram matrix are noise."""
    rng = np.random.default_rng(0)
    X, y = CASES["Hilbert matrix"]
    for _ in range(10):
        rounded = X * (1 + 2e-16 * rng.standard_normal(X.shape))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = AdaptiveDropoutRegressor(1e-3, penalty=name).fit(rounded, y)
        cancelled = 4 * np.finfo(float).eps * np.max(np.abs(rounded) @ np.abs(model.coef_))
        assert model.kkt_residual_ <= 1e-9 + 4 * cancelled


@every_case
def test_auto_alpha(title):
    X, y = CASES[title]
    model = AdaptiveDropoutRegressor().fit(X, y)
    assert model.converged_
    assert np.all(np.isfinite(model.coef_))
    assert 0 <= model.alpha_ < np.inf
    assert 0 <= model.noise_scale_ < np.inf


@pytest.mark.parametrize("name", [n for n in NAMES if get_penalty(n).convex])
@pytest.mark.parametrize("title", ["duplicates", "negated duplicates", "all columns equal", "rank one"])
def test_fit_is_that_of_the_data_without_copies(name, title):
    """The lasso does not care how copies share a coefficient; its predictions are those without them."""
    X, y = CASES[title]
    model = AdaptiveDropoutRegressor(0.1, penalty=name).fit(X, y)
    single = {"duplicates": 6, "negated duplicates": 6}.get(title, 1)
    if np.ptp(get_penalty(name).derivative([0, 1e-3, 1])) == 0:
        alone = AdaptiveDropoutRegressor(0.1, penalty=name).fit(X[:, :single], y)
        assert_allclose(model.predict(X), alone.predict(X[:, :single]), rtol=0, atol=1e-10)
    elif title == "all columns equal":  # strictly convex: copies share equally
        assert_allclose(model.coef_, model.coef_[0], rtol=1e-9)


def test_one_row_is_its_target():
    model = AdaptiveDropoutRegressor().fit([[1.0, 2.0]], [3.0])
    assert_array_equal(model.coef_, 0)
    assert model.intercept_ == 3
    assert model.alpha_ == 0


def test_no_rows_or_columns():
    for X, y in ((np.zeros((0, 3)), np.zeros(0)), (np.zeros((3, 0)), np.zeros(3))):
        with pytest.raises(ValueError, match=r"0 (sample|feature)"):
            AdaptiveDropoutRegressor().fit(X, y)
