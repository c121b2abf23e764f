"""The answer for a penalty that is not convex: no coordinate alone can lower the objective, wherever it goes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutRegressor, dropout_path
from pyreweight._native import core
from pyreweight.penalties import MCP, SCAD, Lp, PowerDropout, get_penalty

KINKED = [
    name
    for name in core.penalty_names()
    if not get_penalty(name).convex
    and get_penalty(name).slope_at_zero > 0
    and core.penalty_properties(*get_penalty(name)._core_arguments())["separable"]
]
AGGRESSIVE = [MCP(gamma=0.5), MCP(gamma=0.9), SCAD(a=1.2), SCAD(a=1.01)]


@pytest.mark.parametrize("penalty", [*KINKED, *AGGRESSIVE], ids=repr)
def test_every_coordinate_is_where_its_prox_puts_it(penalty, simulate):
    rule = get_penalty(penalty)
    for seed, (n, p) in enumerate([(60, 30), (40, 120), (30, 30)]):
        X, y, _ = simulate(n, p, seed=seed, correlation=0.9)
        X, y = X * np.random.default_rng(seed).uniform(0.3, 3, size=p), y - y.mean()
        X = X - X.mean(axis=0)
        for ratio in (3, 10, 40):
            alpha = np.abs(X.T @ y).max() / n / ratio
            model = AdaptiveDropoutRegressor(alpha, penalty=penalty, standardize=False, fit_intercept=False).fit(X, y)
            if not model.converged_ or (not model.coef_.any() and np.isfinite(rule.slope_at_zero)):
                continue  # the null model stands from alpha_max on
            w, g = model.coef_, np.mean(X**2, axis=0)
            c = X.T @ (y - X @ w) / n
            for j in range(p):
                target = w[j] + c[j] / g[j]
                there = rule.prox(target, alpha, step=1 / g[j])
                gain = 0.5 * g[j] * ((w[j] - target) ** 2 - (there - target) ** 2)
                gain += alpha * (rule.value(np.abs(w[j]), alpha) - rule.value(np.abs(there), alpha))
                assert gain <= 1e-9 * model.objective_


@pytest.mark.parametrize("penalty", [Lp(0.3), Lp(), PowerDropout(q=1.5)], ids=repr)
def test_infinite_slopes_leave_the_null_model_below_alpha_max(penalty, simulate):
    for seed in range(5):
        X, y, _ = simulate(60, 10, seed=seed, correlation=0.8)
        top = dropout_path(X, y, penalty=penalty, alphas=2).alphas_[0]
        assert AdaptiveDropoutRegressor(0.95 * top, penalty=penalty).fit(X, y).coef_.any()
        assert not AdaptiveDropoutRegressor(1.001 * top, penalty=penalty).fit(X, y).coef_.any()


@pytest.mark.parametrize("penalty", ["mcp", "variational_dropout", "log_sum"])
def test_what_is_found_in_tall_data_does_not_tell_weights_from_copies(penalty):
    """Rows decide in which steps columns come in, not among which columns a search looks."""
    rng = np.random.default_rng(18)
    n, p = 3000, 40
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)))
    y = X @ np.where(rng.random(p) < 0.3, rng.normal(size=p), 0) + 3 * rng.normal(size=n)
    counts = rng.integers(0, 4, n)
    for alpha in (0.001, 0.003, 0.01, 0.03):
        model = AdaptiveDropoutRegressor(alpha * np.std(y), penalty=penalty)
        coef = model.fit(X, y, counts).coef_
        assert_allclose(coef, model.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts)).coef_, rtol=0, atol=1e-8)
