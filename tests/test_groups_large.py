"""Groups of hundreds of features: the same answers from the smaller side of the problem, columns or rows."""

import numpy as np
import pytest
from group_problems import Judge
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutRegressor, dropout_path


def large_groups(n, size, count):
    rng = np.random.default_rng([n, size, count])
    X = rng.normal(size=(n, size * count)) + 0.5 * rng.normal(size=(n, 1))
    y = X[:, :size] @ rng.normal(size=size) / np.sqrt(size) + 0.5 * rng.normal(size=n)
    return X, y, np.arange(size * count) // size


# Eigenvectors from the rows; a bound where both sides are too long for them; more columns than rows by groups that
# are shorter than the rows; a wide group among small ones.
SHAPES = [(60, 300, 2), (260, 280, 2), (100, 80, 4)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("penalty", ["l1", "exponential", "mcp"])
def test_certificates(shape, penalty):
    X, y, labels = large_groups(*shape)
    top = dropout_path(X, y, penalty="l1", alphas=1, feature_groups=labels).alphas_[0]
    model = AdaptiveDropoutRegressor(0.2 * top, penalty=penalty, feature_groups=labels).fit(X, y)
    judged = Judge(model, X, y, np.ones(len(y)), labels)
    assert model.converged_
    assert judged.kkt_residual <= 1e-8 * model.alpha_
    assert_allclose(model.objective_, judged.objective, rtol=1e-10)
    if penalty == "l1":
        assert judged.dual_gap <= 1e-12


@pytest.mark.parametrize("penalty", ["l1", "log_sum"])
def test_a_wide_group_among_small_ones(penalty):
    X, y, _ = large_groups(50, 200, 2)
    labels = np.where(np.arange(400) < 300, 0, 1 + np.arange(400) // 4)
    model = AdaptiveDropoutRegressor(0.1, penalty=penalty, feature_groups=labels).fit(X, y)
    assert Judge(model, X, y, np.ones(50), labels).kkt_residual <= 1e-8 * model.alpha_
    factors = np.where(np.arange(400) == 399, 0.0, 1.0)  # a feature that is free
    model.set_params(feature_weights=factors).fit(X, y)
    residual = y - model.predict(X)
    assert model.converged_
    assert abs(residual @ (X[:, 399] - X[:, 399].mean())) <= 1e-10 * np.linalg.norm(X[:, 399]) * np.linalg.norm(y)
