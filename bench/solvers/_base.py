"""What a solver of the benchmark is."""

from importlib.util import find_spec

import numpy as np


class Solver:
    """A solver to time.

    Subclasses do what the package's own documentation advises for the problem at hand, import the package inside the
    methods, leave X and y as they are and return an array (p, k), one column per alpha. ``tol`` is the solver's own
    tolerance, whatever it means there: the benchmark looks for the one that reaches the target.
    """

    name: str
    package: str
    penalties: tuple[str, ...] = ("l1",)
    losses: tuple[str, ...] = ("squared",)
    takes_sparse = True
    compiled = True  # does not come back to Python, where it can be interrupted, before it is done

    def skip(self, problem):
        """Why the solver does not run on this problem, or an empty string."""
        if find_spec(self.package) is None:
            return f"{self.package} is not installed"
        if problem.loss not in self.losses:
            return f"no {problem.loss} loss"
        if problem.penalty not in self.penalties:
            return f"no {problem.penalty} penalty"
        if problem.sparse and not self.takes_sparse:
            return "no sparse X"
        return self.unsuitable(problem)

    def unsuitable(self, problem):
        """Why the solver is not meant for this problem although it could run, or an empty string."""
        return ""

    def run(self, problem, tol):
        """Coefficients of all alphas, (p, k)."""
        raise NotImplementedError


def one_by_one(solve, alphas):
    """Columns ``solve(alpha)`` for every alpha."""
    return np.column_stack([solve(alpha) for alpha in alphas])
