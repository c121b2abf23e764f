"""The same objective as scikit-learn's: Lasso, ElasticNet and Ridge give the same coefficients."""

import json
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from pyreweight import AdaptiveDropoutRegressor, penalties

# (n, p, correlation of the columns, sample weights, intercept); five draws of each make the 50 problems.
SETTINGS = [
    (60, 15, 0.0, False, True),
    (60, 15, 0.0, True, False),
    (50, 20, 0.9, False, False),
    (50, 20, 0.9, True, True),
    (100, 100, 0.5, False, True),
    (100, 100, 0.5, True, True),
    (30, 80, 0.0, False, True),
    (30, 80, 0.0, True, False),
    (40, 120, 0.7, False, False),
    (40, 120, 0.7, True, True),
]


@pytest.fixture(params=range(50))
def problem(request, simulate):
    """X, y, weights or None, whether to fit an intercept, and an alpha between 1/2 and 1/50 of alpha_max."""
    seed = request.param
    n, p, correlation, weighted, intercept = SETTINGS[seed % len(SETTINGS)]
    X, y, weights = simulate(n, p, seed=seed, correlation=correlation)
    pi = weights / weights.sum() if weighted else np.full(n, 1 / n)
    y_centred = y - pi @ y if intercept else y
    top = np.abs((pi * y_centred) @ X).max()
    return X, y, weights if weighted else None, intercept, top / [2, 5, 10, 30, 50][seed // len(SETTINGS)]


def fit_tightly(model, X, y, weights):
    """Coordinate descent until nothing moves; it warns when rounding keeps it above such a tolerance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.set_params(tol=1e-15, max_iter=200_000).fit(X, y, sample_weight=weights)


def assert_same(ours, theirs, rtol=1e-9):
    assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=rtol * np.abs(theirs.coef_).max())
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=rtol, atol=rtol)


def test_l1_is_the_lasso(problem):
    X, y, weights, intercept, alpha = problem
    ours = AdaptiveDropoutRegressor(alpha, penalty="l1", standardize=False, fit_intercept=intercept)
    theirs = fit_tightly(Lasso(alpha, fit_intercept=intercept), X, y, weights)
    assert np.any(theirs.coef_ != 0)
    assert_same(ours.fit(X, y, sample_weight=weights), theirs)


def test_elastic_net_is_the_elastic_net(problem):
    X, y, weights, intercept, alpha = problem
    ratio = 0.3 if X.shape[0] > X.shape[1] else 0.8
    ours = AdaptiveDropoutRegressor(
        alpha, penalty=penalties.ElasticNet(l1_ratio=ratio), standardize=False, fit_intercept=intercept
    )
    theirs = fit_tightly(ElasticNet(alpha, l1_ratio=ratio, fit_intercept=intercept), X, y, weights)
    assert np.any(theirs.coef_ != 0)
    assert_same(ours.fit(X, y, sample_weight=weights), theirs)


def test_l2_is_ridge(problem):
    X, y, weights, intercept, alpha = problem
    total = len(y) if weights is None else weights.sum()
    ours = AdaptiveDropoutRegressor(alpha, penalty="l2", standardize=False, fit_intercept=intercept)
    theirs = Ridge(alpha * total, fit_intercept=intercept, solver="svd").fit(X, y, sample_weight=weights)
    assert_same(ours.fit(X, y, sample_weight=weights), theirs)


def test_bernoulli_dropout_is_ridge_on_standardised_columns(problem):
    X, y, weights, intercept, _ = problem
    pi = np.ones(len(y)) / len(y) if weights is None else weights / weights.sum()
    d = np.sqrt(pi @ (X - (pi @ X if intercept else 0)) ** 2)
    ours = AdaptiveDropoutRegressor(1.0, penalty=penalties.BernoulliDropout(rate=0.2), fit_intercept=intercept).fit(
        X, y, sample_weight=weights
    )
    total = len(y) if weights is None else weights.sum()
    theirs = Ridge(0.25 * total, fit_intercept=intercept, solver="svd").fit(X / d, y, sample_weight=weights)
    assert_allclose(ours.coef_ * d, theirs.coef_, rtol=0, atol=1e-9 * np.abs(theirs.coef_).max())


def test_standardize_is_the_lasso_of_scaled_columns(problem):
    X, y, weights, intercept, _ = problem
    pi = np.ones(len(y)) / len(y) if weights is None else weights / weights.sum()
    d = np.sqrt(pi @ (X - (pi @ X if intercept else 0)) ** 2)
    ours = AdaptiveDropoutRegressor(0.2, penalty="l1", fit_intercept=intercept).fit(X, y, sample_weight=weights)
    theirs = fit_tightly(Lasso(0.2, fit_intercept=intercept), X / d, y, weights)
    assert_allclose(ours.coef_ * d, theirs.coef_, rtol=0, atol=1e-9 * np.abs(theirs.coef_).max())


def test_stored_solutions(shared):
    """Problems solved with 40 digits; the duality gap there is below 1e-40."""
    stored = json.loads((shared / "oracles" / "solutions.json").read_text())["problems"]
    convex = [o for o in stored if o["loss"] == "squared" and o["certificate"].startswith("global minimum")]
    assert len(convex) == 3
    for oracle in convex:
        raw = oracle["penalty"]
        penalty = penalties.ElasticNet(raw["l1_ratio"]) if raw["name"] == "elastic_net" else penalties.Lp(p=raw["p"])
        model = AdaptiveDropoutRegressor(
            oracle["lambda"], penalty=penalty, standardize=False, fit_intercept=oracle["fit_intercept"]
        ).fit(oracle["X"], oracle["y"], sample_weight=oracle["sample_weight"])
        assert_allclose(model.coef_, oracle["coef"], rtol=1e-10, atol=1e-10)
        assert np.array_equal(model.coef_ == 0, np.array(oracle["coef"]) == 0)
        assert model.intercept_ == pytest.approx(oracle["intercept"], rel=1e-10, abs=1e-10)
        assert model.objective_ == pytest.approx(oracle["objective"], rel=1e-10)
        assert model.dual_gap_ <= 1e-14
