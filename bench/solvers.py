"""The lasso solvers compared, one function each: ``(X, y, alpha, tol) -> coef`` without intercept.

Each function leaves X as it is, does no more than the package's own user would do, and imports its package itself,
so that a package that is not installed only costs its own column.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np


@dataclass(frozen=True)
class Solver:
    """A function to time, the package it needs, and when it is not worth trying."""

    name: str
    package: str
    solve: Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]
    unsuitable: Callable[[int, int], bool]

    def skip(self, n, p):
        """Reason not to run on an n x p problem, or an empty string."""
        if find_spec(self.package) is None:
            return f"{self.package} is not installed"
        return f"not meant for {n} x {p}" if self.unsuitable(n, p) else ""


SOLVERS: dict[str, Solver] = {}


def solver(name, package, unsuitable=lambda n, p: False):
    """Register a solver under a name."""

    def register(function):
        SOLVERS[name] = Solver(name, package, function, unsuitable)
        return function

    return register


@solver("pyreweight", "pyreweight")
def pyreweight(X, y, alpha, tol):
    from pyreweight import AdaptiveDropoutRegressor

    model = AdaptiveDropoutRegressor(alpha, penalty="l1", standardize=False, fit_intercept=False, tol=tol)
    return model.fit(X, y).coef_


@solver("sklearn", "sklearn")
def sklearn(X, y, alpha, tol):
    from sklearn.linear_model import Lasso

    return Lasso(alpha, fit_intercept=False, copy_X=False, max_iter=1_000_000, tol=tol).fit(X, y).coef_


@solver("sklearn-gram", "sklearn", unsuitable=lambda n, p: p > n)
def sklearn_gram(X, y, alpha, tol):
    from sklearn.linear_model import Lasso

    model = Lasso(alpha, precompute=True, fit_intercept=False, copy_X=False, max_iter=1_000_000, tol=tol)
    return model.fit(X, y).coef_
