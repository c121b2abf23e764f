"""Every registered penalty in the solver: the stationarity conditions hold to the promised tolerance."""

import numpy as np
import pytest

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import HardConcrete, PowerDropout, VariationalDropout, get_penalty

every_penalty = pytest.mark.parametrize(
    "penalty",
    [*map(get_penalty, core.penalty_names()), PowerDropout(q=0.5), PowerDropout(q=1.5), HardConcrete(beta=0.2)],
    ids=lambda penalty: f"{penalty._core_arguments()[0]}-{penalty!r}",
)


def problem(n, p, correlation, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = correlation * X[:, j - 1] + np.sqrt(1 - correlation**2) * X[:, j]
    coef = np.where(np.arange(p) % 5 == 0, rng.choice([-2.0, -1.0, 1.0, 3.0], p), 0.0)
    return X, X @ coef + rng.standard_normal(n) + 1.0


def stationarity(model, penalty, X, y):
    """The KKT residual from the definition, in the units of a standardised column."""
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    residual = y - model.predict(X)
    correlation = Z.T @ residual / len(y)
    w = model.coef_ * X.std(axis=0)
    slope = model.alpha_ * penalty.derivative(w, model.alpha_)
    # For a zero coefficient a correlation of either sign up to the slope, which may be infinite, is stationary.
    return np.where(w == 0, np.abs(correlation) - slope, np.abs(np.abs(correlation) - slope)).max()


@every_penalty
@pytest.mark.parametrize(("n", "p", "correlation"), [(100, 20, 0.5), (60, 120, 0.3)])
@pytest.mark.parametrize("alpha", [0.5, 0.05])
def test_solves_to_the_promised_tolerance(penalty, n, p, correlation, alpha):
    X, y = problem(n, p, correlation, seed=n)
    model = AdaptiveDropoutRegressor(alpha=alpha, penalty=penalty).fit(X, y)
    assert model.converged_
    assert model.kkt_residual_ <= model.tol * alpha
    assert stationarity(model, penalty, X, y) <= model.tol * alpha + 1e-10
    assert (model.coef_ == 0).any() == (penalty.slope_at_zero > 0)
    keep = penalty.keep_prob(model.coef_ * X.std(axis=0), alpha)
    np.testing.assert_allclose(model.keep_prob_, keep, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("n", "p", "correlation"), [(80, 20, 0.0), (60, 120, 0.5), (200, 50, 0.9)])
def test_molchanov_converges_with_coefficients_on_the_edge_of_zero(n, p, correlation):
    """The slope rises to 1.0118 near zero: a correlation just above alpha gives a tiny coefficient."""
    X, y = problem(n, p, correlation, seed=n)
    penalty = VariationalDropout(approximation="molchanov")
    first = AdaptiveDropoutRegressor(alpha=0.2, penalty=penalty).fit(X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    null, rest = (np.sort(np.abs(Z.T @ r / n))[::-1] for r in (y - y.mean(), y - first.predict(X)))
    edges = [null[0], null[1], *rest[np.flatnonzero(rest < 0.2 * (1 - 1e-9))[:4]]]
    smallest = np.inf
    for edge in edges:
        for excess in [1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 3e-3, 5e-3, 8e-3, 1e-2, 1.2e-2, 1.3e-2, 5e-2, -1e-6, -1e-3]:
            alpha = edge * (1 - excess)
            model = AdaptiveDropoutRegressor(alpha=alpha, penalty=penalty).fit(X, y)
            assert model.converged_
            assert stationarity(model, penalty, X, y) <= 1e-9 * alpha
            smallest = min(smallest, np.abs(model.coef_[model.coef_ != 0]).min(initial=np.inf))
    assert smallest < 1e-6
