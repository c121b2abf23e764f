"""Degrees of freedom of the points of a path, and the criteria that choose one."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.special import comb

from pyreweight import dropout_path
from pyreweight.penalties import L1, MCP, ElasticNet, get_penalty


@pytest.mark.parametrize("penalty", ["l1", "l2", "mcp", "variational_dropout", "standout", "elastic_net"])
@pytest.mark.parametrize(("n", "p"), [(60, 10), (25, 40)])
def test_degrees_of_freedom(penalty, n, p, simulate):
    """The trace of the local linear smoother, formed here as an n x n matrix."""
    X, y, s = simulate(n, p, correlation=0.4, seed=10)
    path = dropout_path(X, y, penalty=penalty, sample_weight=s, alphas=6)
    pi = s / s.sum()
    Z = (X - pi @ X) / np.sqrt(pi @ (X - pi @ X) ** 2)
    deviation = np.sqrt(pi @ (X - pi @ X) ** 2)
    checked = 0
    for i in range(6):
        coef, alpha = path.coefs_[:, i] * deviation, path.alphas_[i]
        A = Z[:, coef != 0]
        t, h = np.abs(coef[coef != 0]), 1e-6 * np.abs(coef[coef != 0])
        penalty_object = get_penalty(penalty)
        slope = [penalty_object.derivative(t + step, alpha) for step in (h, -h)]
        curvature = alpha * (slope[0] - slope[1]) / (2 * h) if len(t) else t
        hessian = A.T @ (pi[:, None] * A) + np.diag(curvature)
        smoother = A @ np.linalg.solve(hessian, A.T * pi)
        assert path.degrees_of_freedom_[i] == pytest.approx(np.trace(smoother), rel=1e-4, abs=1e-9)
        checked += len(t) > 0
    assert checked >= 4


def test_degrees_of_freedom_of_the_lasso_are_its_nonzeros(simulate):
    X, y, _ = simulate(40, 70, correlation=0.4, seed=11)
    path = dropout_path(X, y, penalty=L1())
    assert_array_equal(path.degrees_of_freedom_, (path.coefs_ != 0).sum(axis=0))


@pytest.mark.parametrize("penalty", ["l1", "mcp", ElasticNet(l1_ratio=0.7)], ids=str)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_criteria(penalty, fit_intercept, simulate):
    """select() against the formulas written out."""
    X, y, s = simulate(50, 15, correlation=0.4, seed=12)
    path = dropout_path(X, y, penalty=penalty, sample_weight=s, fit_intercept=fit_intercept)
    S = s.sum()
    residual = y[:, None] - X @ path.coefs_ - path.intercepts_
    fit = S * np.log(s @ residual**2 / S)
    k = path.degrees_of_freedom_ + fit_intercept
    bic = fit + np.log(S) * k
    assert path.select("aic") == np.argmin(fit + 2 * k)
    assert path.select("bic") == path.select() == np.argmin(bic)
    assert path.select("ebic") == np.argmin(bic + 2 * np.log(comb(15, (path.coefs_ != 0).sum(axis=0))))
    with pytest.raises(ValueError, match="criterion must be"):
        path.select("cp")


def test_criteria_find_the_features():
    """Six strong features of 200, many rows."""
    rng = np.random.default_rng(13)
    X = rng.normal(size=(500, 200))
    y = X[:, :6] @ [3, -2, 2, -3, 2, 3] + rng.normal(size=500)
    path = dropout_path(X, y, penalty=MCP())
    for criterion in ("bic", "ebic"):
        assert_array_equal(np.flatnonzero(path.coefs_[:, path.select(criterion)]), range(6))


def test_saturated_points_are_not_selected():
    rng = np.random.default_rng(14)
    X, y = rng.normal(size=(20, 60)), rng.normal(size=20)
    path = dropout_path(X, y, penalty="l1", eps=1e-6)
    assert path.degrees_of_freedom_[-1] >= 19
    assert path.degrees_of_freedom_[path.select("aic")] < 19
