"""The lasso objective, its duality gap and its largest useful penalty, by NumPy alone.

Nothing here comes from the packages compared: a solver is judged by what it returns, never by what it reports.
The problem is ``F(w) = ||y - X w||^2 / (2 n) + alpha ||w||_1`` without intercept.
"""

import numpy as np


def alpha_max(X, y):
    """Smallest alpha whose solution is zero, ``max_j |x_j'y| / n``."""
    return np.abs(X.T @ y).max() / len(y)


def primal(X, y, alpha, coef):
    """Value of F at ``coef``."""
    residual = y - X @ coef
    return residual @ residual / (2 * len(y)) + alpha * np.abs(coef).sum()


def duality_gap(X, y, alpha, coef):
    """``F(coef)`` minus the dual value at the feasible point nearest to the optimum on the ray of the residual.

    The dual is ``max (||y||^2 - ||y - t||^2) / (2 n)`` over ``||X't||_inf <= n alpha``. With ``t = s r`` it is a
    concave quadratic in s, so the best feasible s is ``y'r / r'r`` clipped to ``n alpha / ||X'r||_inf``.
    """
    n = len(y)
    residual = y - X @ coef
    square = residual @ residual
    if square == 0:
        return alpha * np.abs(coef).sum()
    correlation = np.abs(X.T @ residual).max()
    limit = n * alpha / correlation if correlation > 0 else np.inf
    scale = np.clip(y @ residual / square, -limit, limit)
    distance = y - scale * residual
    dual = (y @ y - distance @ distance) / (2 * n)
    return square / (2 * n) + alpha * np.abs(coef).sum() - dual
