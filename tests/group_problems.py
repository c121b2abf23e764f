"""What the tests of groups share: a problem, and a judge that knows the definitions only."""

import numpy as np

from pyreweight.penalties import get_penalty


def group_problem():
    """Return X (60, 30) of mixed units, y, weights and labels of ten groups of 1 to 6 features, not contiguous."""
    rng = np.random.default_rng(7)
    labels = rng.permutation(np.repeat(np.arange(10), [6, 5, 4, 3, 3, 3, 2, 2, 1, 1]))
    X = (rng.normal(size=(60, 30)) + 0.7 * rng.normal(size=(60, 1))) * rng.uniform(0.2, 4, size=30) + 1
    coef = np.where(np.isin(labels, [0, 3, 8]), rng.normal(size=30), 0) / X.std(axis=0)
    y = X @ coef + rng.normal(size=60)
    return X, y, rng.uniform(0.3, 2, size=60), labels


class Judge:
    """Objective, stationarity and duality gap from the definitions, with numpy alone."""

    def __init__(self, model, X, y, weights, labels, *, family="squared"):
        pi = weights / weights.sum()
        X, alpha, penalty = np.asarray(X), float(model.alpha_), get_penalty(model.penalty)
        coef, intercept = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
        centre = pi @ X if model.fit_intercept else np.zeros(X.shape[1])
        scale = np.sqrt(pi @ (X - centre) ** 2) if model.standardize else np.ones(X.shape[1])
        z = X @ coef + intercept
        if family == "logistic":
            loss, self.residual = pi @ (np.logaddexp(0, z) - y * z), y - 1 / (1 + np.exp(-z))
        elif family == "poisson":
            y_log_y = y * np.log(np.maximum(y, 1e-300))
            loss, self.residual = pi @ (np.exp(z) - y * z + y_log_y - y), y - np.exp(z)
        else:
            loss, self.residual = pi @ (y - z) ** 2 / 2, y - z
        gradient = (pi * self.residual) @ (X - centre) / scale
        self.kkt_residual = abs(pi @ self.residual) if model.fit_intercept else 0.0
        terms, kappa, self.eta = 0.0, 1.0, np.zeros(X.shape[1])
        given = np.ones(X.shape[1]) if model.feature_weights is None else np.asarray(model.feature_weights)
        for label in np.unique(labels):
            group = labels == label
            w, g = (scale * coef)[group], gradient[group]
            norm, weight = np.linalg.norm(w), np.sqrt(group.sum()) * given[group][0]
            terms += alpha * weight * penalty.value(norm, alpha)
            self.eta[group] = penalty.eta(norm, alpha)
            slope = alpha * weight * penalty.derivative(norm, alpha)
            pull = np.linalg.norm(g - slope * w / norm) if norm > 0 else max(0, np.linalg.norm(g) - slope)
            self.kkt_residual = max(self.kkt_residual, pull / weight)
            kappa = min(kappa, alpha * weight / np.linalg.norm(g))
        self.objective = loss + terms
        centred = y - pi @ y if model.fit_intercept else y
        if family == "squared":
            self.dual_gap = self.objective - pi @ (kappa * centred * self.residual - (kappa * self.residual) ** 2 / 2)
        with np.errstate(divide="ignore"):
            weights = np.sqrt(np.array([np.sum(labels == label) for label in labels])) * given
            self.keep_prob = 1 / (1 + alpha * weights / self.eta)
