"""The objectives and their certificates, by NumPy and SciPy alone, dense and sparse.

Nothing here comes from the packages compared: a solver is judged by what it returns, never by what it reports.
The problem is, for each alpha of a list, without intercept,

    F(w) = (1/n) sum_i loss(y_i, x_i'w) + alpha sum_j Omega(|w_j|; alpha)

with the squared loss ``(y - z)^2 / 2`` or the logistic loss ``log(1 + exp(-y z))``, y in {-1, 1}. Coefficients are
the columns of an array (p, k), one for each of the k alphas.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, xlogy

MCP_GAMMA = 3.0
SCAD_A = 3.7
# Omega and its slope for t >= 0. MCP, SCAD and log-sum have the scale alpha: their forms in the literature over alpha.
PENALTIES = {
    "l1": (lambda t, a: t, lambda t, a: np.ones_like(t)),
    "mcp": (
        lambda t, a: np.where(t < MCP_GAMMA * a, t - t**2 / (2 * MCP_GAMMA * a), MCP_GAMMA * a / 2),
        lambda t, a: np.maximum(1 - t / (MCP_GAMMA * a), 0),
    ),
    "scad": (
        lambda t, a: np.select(
            [t <= a, t <= SCAD_A * a],
            [t, (2 * SCAD_A * a * t - t**2 - a**2) / (2 * (SCAD_A - 1) * a)],
            (SCAD_A + 1) * a / 2,
        ),
        lambda t, a: np.where(t <= a, 1.0, np.maximum(SCAD_A * a - t, 0) / ((SCAD_A - 1) * a)),
    ),
    "log_sum": (lambda t, a: a * np.log1p(t / a), lambda t, a: 1 / (1 + t / a)),
    "lp": (
        lambda t, a: 2 * np.sqrt(t),
        lambda t, a: np.divide(1, np.sqrt(t), out=np.full_like(t, np.inf), where=t > 0),
    ),
}
SLOPE_AT_ZERO = {"l1": 1.0, "mcp": 1.0, "scad": 1.0, "log_sum": 1.0, "lp": np.inf}


def alpha_max(X, y, loss="squared"):
    """Smallest alpha of the l1 penalty whose solution is zero, ``max_j |x_j' grad|`` at zero."""
    if loss == "softmax":
        indicators = one_hot(y)
        return np.abs(X.T @ (indicators - 1 / indicators.shape[1])).max() / len(y)
    return np.abs(X.T @ y).max() / (len(y) * (1 if loss == "squared" else 2))


def one_hot(y):
    """Return the indicators (n, K) of the classes 0, ..., K - 1."""
    return (y[:, None] == np.arange(y.max() + 1)).astype(float)


@dataclass(frozen=True)
class Objective:
    """F for one X, y, loss and penalty and for a list of alphas."""

    X: Any
    y: np.ndarray
    alphas: np.ndarray
    loss: str = "squared"
    penalty: str = "l1"

    @property
    def convex(self):
        """Whether the duality gap judges; otherwise the stationarity conditions do."""
        return self.penalty == "l1"

    def _parts(self, coefs):
        """Values (k,) and minus the derivative of the loss times n, (n, k): the residual or its logistic analogue."""
        z = self.X @ coefs
        y = self.y[:, None]
        if self.loss == "squared":
            pull = y - z
            fit = np.einsum("ik,ik->k", pull, pull) / (2 * len(self.y))
        else:
            pull = y * expit(-y * z)
            fit = np.logaddexp(0, -y * z).mean(axis=0)
        omega = PENALTIES[self.penalty][0](np.abs(coefs), self.alphas)
        return fit + self.alphas * omega.sum(axis=0), pull

    def values(self, coefs):
        """F at each column of ``coefs``, shape (k,)."""
        return self._parts(coefs)[0]

    def gaps(self, coefs):
        """Bounds on ``F(w) - min F``, shape (k,): F minus the dual value at a feasible multiple of the residual.

        Squared loss: the dual is ``(||y||^2 - ||y - t||^2) / (2 n)`` over ``||X't||_inf <= n alpha``; on the ray
        ``t = s r`` the best s is ``y'r / r'r`` clipped to what is feasible. Logistic loss: the dual is the mean entropy
        of ``s q`` with q the distances of the fitted probabilities from the labels and s <= 1 feasible.
        """
        if not self.convex:
            raise ValueError("a duality gap needs the l1 penalty")
        n, y = len(self.y), self.y[:, None]
        values, pull = self._parts(coefs)
        correlation = np.abs(self.X.T @ pull).max(axis=0)
        limit = np.divide(n * self.alphas, correlation, out=np.full(len(values), np.inf), where=correlation > 0)
        if self.loss == "squared":
            square = np.einsum("ik,ik->k", pull, pull)
            best = np.divide((y * pull).sum(axis=0), square, out=np.zeros_like(square), where=square > 0)
            distance = y - np.clip(best, -limit, limit) * pull
            dual = (self.y @ self.y - np.einsum("ik,ik->k", distance, distance)) / (2 * n)
        else:
            q = np.minimum(limit, 1) * np.abs(pull)
            dual = -(xlogy(q, q) + xlogy(1 - q, 1 - q)).mean(axis=0)
        return values - dual

    def kkt(self, coefs):
        """Largest violation of the stationarity conditions in units of alpha, shape (k,)."""
        gradient = -(self.X.T @ self._parts(coefs)[1]) / len(self.y)
        slope = self.alphas * PENALTIES[self.penalty][1](np.abs(coefs), self.alphas)
        at_zero = np.maximum(np.abs(gradient) - self.alphas * SLOPE_AT_ZERO[self.penalty], 0)
        support = coefs != 0
        at_zero[support] = np.abs(gradient[support] + np.sign(coefs[support]) * slope[support])
        return at_zero.max(axis=0) / self.alphas
