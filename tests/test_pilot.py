"""Tall data: a part of the rows guesses the columns to begin with, and all rows decide."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Lasso

from pyreweight import AdaptiveDropoutRegressor


def tall(n=9000, p=20):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(n, p))
    X[:, 1:] += X[:, :-1]
    return X, X[:, ::4] @ np.ones(len(range(0, p, 4))) + rng.normal(size=n)


def assert_optimal(model, X, y):
    peer = Lasso(model.alpha_, fit_intercept=False, tol=1e-13).fit(X, y)
    assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-7)
    assert model.converged_
    assert model.kkt_residual_ <= 1e-9 * model.alpha_


@pytest.mark.parametrize("alpha", [0.01, 0.1, 1.0])
def test_same_answer_as_coordinate_descent(alpha):
    X, y = tall()
    model = AdaptiveDropoutRegressor(alpha, penalty="l1", standardize=False, fit_intercept=False).fit(X, y)
    assert_optimal(model, X, y)


@pytest.mark.parametrize("seen", [slice(0, 248), slice(248, None)], ids=["first block", "all but the first block"])
def test_rows_that_tell_another_story(seen):
    """Blocks at even distances are looked at, the first among them; here one of the two kinds of rows misleads."""
    X, y = tall()
    y[seen] = -20 * X[seen, 1]
    model = AdaptiveDropoutRegressor(0.5, penalty="l1", standardize=False, fit_intercept=False).fit(X, y)
    assert_optimal(model, X, y)


def test_rows_that_do_not_count():
    X, y = tall()
    weight = np.where(np.arange(len(y)) // 248 % 4 == 0, 1e-200, 1.0)
    model = AdaptiveDropoutRegressor(0.1, penalty="l1", standardize=False, fit_intercept=False)
    coef = model.fit(X, y, weight).coef_
    kept = weight == 1
    assert_allclose(coef, model.fit(X[kept], y[kept]).coef_, rtol=0, atol=1e-9)


def test_columns_the_part_cannot_tell_apart():
    """At this level most columns look as if they were needed, and there are too many to take them all."""
    X, y = tall(n=20_000, p=140)
    model = AdaptiveDropoutRegressor(1e-3, penalty="l1", standardize=False, fit_intercept=False).fit(X, y)
    residual = y - X @ model.coef_
    slack = np.abs(X.T @ residual) / len(y) - model.alpha_
    assert model.converged_
    assert np.abs(slack[model.coef_ != 0]).max() <= 1e-9
    assert slack.max() <= 1e-9
    assert 35 <= np.sum(model.coef_ != 0) < 140
