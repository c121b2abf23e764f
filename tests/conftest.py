"""Fixtures and settings shared by all tests."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from pyreweight.penalties import get_penalty

sys.path.append(str(Path(__file__).parent))  # for what several test modules share

# Neither a deadline nor the check that examples come fast: both measure the machine, which may be busy.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    """Sanitizers multiply the memory and the time of a process: what measures these is skipped under them."""
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        for item in items:
            if item.get_closest_marker("machine"):
                item.add_marker(pytest.mark.skip(reason="measures time or memory, which sanitizers change"))


@pytest.fixture(scope="session")
def shared():
    """Folder with the reference data and oracles, kept beside the repository."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder with reference data and oracles is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def simulate():
    """Function that draws X (n, p), y and weights: columns of mixed scales and means, a few of them active."""

    def draw(n, p, *, seed=0, correlation=0.0, noise=1.0, scales=True):
        rng = np.random.default_rng([seed, n, p])
        X = rng.normal(size=(n, p))
        X = np.sqrt(1 - correlation) * X + np.sqrt(correlation) * rng.normal(size=(n, 1))
        active = rng.permutation(p)[: max(1, min(p, n // 2, 6))]
        y = X[:, active] @ rng.uniform(0.5, 2, size=len(active)) + noise * rng.normal(size=n) + 3
        if scales:
            X = X * rng.uniform(0.3, 3, size=p) + rng.normal(size=p)
        return X, y, rng.uniform(0.2, 2, size=n)

    return draw


@pytest.fixture(scope="session")
def jumps():
    """Function that tells whether the derivative of a penalty, and with it eta, jumps: a concave kink."""

    def has_jump(penalty):
        slope = penalty.derivative(np.linspace(1e-6, 10, 20_001), alpha=1.0)
        return bool(np.any(np.diff(slope) < -0.1))

    return has_jump


def numpy_certificate(model, X, y, sample_weight=None):
    """Objective, KKT residual, duality gap and masks of a fitted model, from the definitions and numpy alone."""
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    s = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    pi = s / s.sum()
    penalty, alpha, w = get_penalty(model.penalty), float(model.alpha_), np.asarray(model.coef_, dtype=float)
    c = np.ones(X.shape[1]) if model.feature_weights is None else np.asarray(model.feature_weights, dtype=float)
    centre = pi @ X if model.fit_intercept else np.zeros(X.shape[1])
    square = pi @ (X - centre) ** 2
    d = np.sqrt(square) if model.standardize else np.ones(X.shape[1])
    residual = y - X @ w - model.intercept_
    gradient = (pi * residual) @ (X - centre)
    t, penalised = d * np.abs(w), (c > 0) & (c < np.inf)
    value, slope = penalty.value(t, alpha), penalty.derivative(t, alpha)

    loss = pi @ residual**2 / 2
    objective = loss + alpha * np.sum(c[penalised] * value[penalised])

    usable = c < np.inf
    unit = d * np.where(penalised, c, 1)
    target = np.where(penalised, alpha * slope, 0)
    active = w != 0
    violation = np.maximum(0, np.abs(gradient) / unit - target)
    violation[active] = np.abs(gradient[active] / unit[active] - np.sign(w[active]) * target[active])
    kkt_residual = violation[usable].max()

    # The dual value at the residual: with the linear part a|w| and the quadratic part b w^2 / 2 of the penalty,
    # sum pi (y theta - theta^2 / 2) - sum (|x' pi theta| - a)_+^2 / (2 b); b = 0 needs |x' pi theta| <= a.
    ratio = getattr(penalty, "l1_ratio", 1.0)
    a, b = (alpha * c * d)[penalised] * ratio, (alpha * c * d**2)[penalised] * (1 - ratio)
    correlation = np.abs(gradient[penalised])
    linear = b == 0
    kappa = np.min(np.append(a[linear] / np.maximum(correlation[linear], 1e-300), 1.0))
    y_centred = y - pi @ y if model.fit_intercept else y
    dual = kappa * pi @ (y_centred * residual) - kappa**2 * loss
    excess = np.maximum(0, kappa * correlation - a)[~linear]
    dual -= np.sum(excess**2 / (2 * b[~linear]))

    g = np.ones(X.shape[1]) if model.standardize else square
    eta = np.where(c < np.inf, penalty.eta(t, alpha), 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        keep_prob = np.where(eta > 0, 1 / (1 + alpha * c / (g * eta)), 0)
    return SimpleNamespace(
        objective=objective,
        kkt_residual=kkt_residual,
        dual_gap=objective - dual,
        gradient=gradient,
        residual=residual,
        centre=centre,
        scale=d,
        mean_square=g,
        eta=eta,
        keep_prob=np.where(c == 0, 1, keep_prob),
    )


@pytest.fixture(scope="session")
def certify():
    """Function that recomputes what a fitted model reports; shares no code with the core but the penalty's values."""
    return numpy_certificate
