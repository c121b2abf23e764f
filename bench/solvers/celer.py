"""celer: working sets, dual extrapolation."""

import numpy as np

from ..objective import PENALTIES
from ._base import Solver, one_by_one


class Celer(Solver):
    name = "celer"
    package = "celer"
    losses = ("squared", "logistic")
    prox_newton = False

    def run(self, problem, tol):
        from celer import celer_path

        logistic = problem.loss == "logistic"
        # Its logistic loss is a sum, its squared loss a mean.
        scale = len(problem.y) if logistic else 1
        pb = "logreg" if logistic else "lasso"
        options = {"max_iter": 100, "prune": 1, "tol": tol, "use_PN": self.prox_newton}
        return celer_path(as_matrix(problem.X), problem.y, pb, alphas=scale * problem.alphas, **options)[1]


class CelerProxNewton(Celer):
    name = "celer-pn"
    losses = ("logistic",)
    prox_newton = True


class CelerReweighted(Solver):
    """Log-sum by reweighted l1 (Candes, Wakin, Boyd): each majoriser is a weighted lasso for celer."""

    name = "celer-reweighted"
    package = "celer"
    # It takes no weight of zero, which MCP and SCAD lead to, and stalls with the infinite ones of a square root.
    penalties = ("log_sum",)

    def unsuitable(self, problem):
        return "reweighting is for one alpha" if problem.path else ""

    def run(self, problem, tol):
        from celer import celer_path

        def solve(alpha):
            X, weights, coef = as_matrix(problem.X), np.ones(problem.shape[1]), np.zeros(problem.shape[1])
            for _ in range(50):
                options = {"weights": weights, "coef_init": coef, "max_iter": 100, "tol": tol}
                new = celer_path(X, problem.y, "lasso", alphas=[alpha], **options)[1][:, 0]
                if np.abs(new - coef).max() <= tol * np.abs(new).max():
                    return new
                coef, weights = new, PENALTIES[problem.penalty][1](np.abs(new), alpha)
            return coef

        return one_by_one(solve, problem.alphas)


def as_matrix(X):
    """Make a SciPy sparse matrix where X is a sparse array, which celer does not take."""
    from scipy import sparse

    return sparse.csc_matrix(X) if sparse.issparse(X) else X
