"""Units at the ends of double precision: the rescaled answer, or an error that names the argument; never a hang."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core

NAMES = core.penalty_names()
POWERS = [-300, -200, -155, 155, 200, 300]


def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 8))
    return X, X @ [3, -2, 1, 0.5, 0, 0, 0, 0] + 0.3 * rng.normal(size=40)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_units_of_the_columns(power, solver):
    X, y = problem()
    unit = 2.0 ** round(power * np.log2(10))
    parameters = {"alpha": 0.1, "solver": solver}
    expected, scaled = (AdaptiveDropoutRegressor(**parameters).fit(Z, y) for Z in (X, X * unit))
    assert_allclose(scaled.coef_ * unit, expected.coef_, rtol=1e-12, atol=1e-14)
    for ours, theirs in zip(scaled.predict(X * unit, True), expected.predict(X, True), strict=True):
        assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("power", POWERS)
def test_units_of_the_target(power):
    X, y = problem()
    unit = 2.0 ** round(power * np.log2(10))
    expected, scaled = (AdaptiveDropoutRegressor().fit(X, z) for z in (y, y * unit))
    assert_allclose(scaled.coef_ / unit, expected.coef_, rtol=1e-12, atol=1e-14)
    assert_allclose(scaled.predict(X, True)[1] / unit, expected.predict(X, True)[1], rtol=1e-10)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("solver", ["auto", "irls"])
@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e160, 1e300])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_raw_column_far_from_the_others(name, solver, factor):
    X, y = problem()
    X[:, 3] *= factor
    model = AdaptiveDropoutRegressor(0.1, penalty=name, solver=solver, standardize=False)
    refused = []
    try:
        model.fit(X, y)
    except ValueError as error:
        refused.append(str(error))
    assert all("rescale" in message for message in refused)
    assert refused or np.all(np.isfinite(model.coef_))
    assert refused or np.all(np.isfinite(model.predict(X)))


def test_coefficients_that_no_double_holds():
    X, y = problem()
    with pytest.raises(ValueError, match=r"X and y .* overflow"):
        AdaptiveDropoutRegressor().fit(X * 1e-200, y * 1e150)
    with pytest.raises(ValueError, match="overflows float32"):
        AdaptiveDropoutRegressor().fit((X * 1e-30).astype(np.float32), y * 1e20)


@pytest.mark.parametrize("name", [n for n in NAMES if n in ("l2", "bernoulli_dropout", "lp", "elastic_net")])
@pytest.mark.parametrize("alpha", [1e30, 1e100, 1e300])
def test_huge_alpha_is_never_worse_than_nothing(name, alpha):
    X, y = problem()
    model = AdaptiveDropoutRegressor(alpha, penalty=name).fit(X, y)
    assert model.objective_ <= np.var(y) / 2 * (1 + 1e-12)


def test_a_tiny_feature_weight_does_not_loosen_the_certificate():
    X, y = problem()
    weights = np.ones(8)
    weights[5] = 1e-13
    model = AdaptiveDropoutRegressor(0.1, penalty="mcp", feature_weights=weights, max_iter=1, tol=1e-12)
    with pytest.warns(UserWarning, match="did not converge"):
        model.fit(X @ (np.eye(8) + 0.5), y)
    assert not model.converged_


@pytest.mark.parametrize("weight", [1e308, 1e307])
def test_weights_whose_sum_is_infinite(weight):
    X, y = problem()
    with pytest.raises(ValueError, match="sample_weight has an infinite sum"):
        AdaptiveDropoutRegressor().fit(X, y, sample_weight=np.full(40, weight))
