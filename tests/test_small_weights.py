"""Features with next to no penalty: what rounding leaves of their conditions is not held against them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutClassifier, AdaptiveDropoutRegressor


@pytest.mark.parametrize("weight", [1e-8, 1e-11, 1e-14, 1e-100, 1e-300])
@pytest.mark.parametrize("penalty", ["l1", "mcp", "variational_dropout", "huber"])
def test_next_to_no_penalty_is_none(simulate, penalty, weight):
    X, y, s = simulate(60, 8, correlation=0.4)
    factors = np.ones(8)
    factors[[0, 5]] = weight
    model = AdaptiveDropoutRegressor(0.2, penalty=penalty, feature_weights=factors).fit(X, y, s)
    assert model.converged_  # and a warning would have been an error
    free = AdaptiveDropoutRegressor(0.2, penalty=penalty, feature_weights=np.where(factors < 1, 0, 1)).fit(X, y, s)
    assert_allclose(model.coef_, free.coef_, rtol=1e-6, atol=1e-8)
    scaled = AdaptiveDropoutRegressor(0.2, penalty=penalty, feature_weights=factors).fit(X * 2.0**300, y, s)
    assert np.array_equal(scaled.coef_ * 2.0**300, model.coef_)
    labels = y > np.median(y)
    assert AdaptiveDropoutClassifier(0.05, penalty="l1", feature_weights=factors).fit(X, labels, s).converged_


def test_what_is_not_rounding_still_is_a_violation(simulate):
    X, y, _ = simulate(60, 8)
    factors = np.where(np.arange(8) == 0, 1e-12, 1.0)
    model = AdaptiveDropoutRegressor(0.2, penalty="log_sum", feature_weights=factors, max_iter=1, tol=1e-10)
    with pytest.warns(UserWarning, match="did not converge"):
        model.fit(X, y)
    assert not model.converged_
