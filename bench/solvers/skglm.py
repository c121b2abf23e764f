"""skglm: working sets with Anderson acceleration for any separable penalty, prox-Newton for the logistic loss."""

import numpy as np

from ..objective import MCP_GAMMA, SCAD_A
from ._base import Solver
from .celer import as_matrix


class Skglm(Solver):
    name = "skglm"
    package = "skglm"
    penalties = ("l1", "mcp", "scad", "log_sum", "lp")
    losses = ("squared", "logistic")
    compiled = False

    def datafit(self, problem):
        from skglm import datafits

        return datafits.Logistic() if problem.loss == "logistic" else datafits.Quadratic()

    def solver(self, problem, tol):
        from skglm import solvers

        # Its examples score by fixed points where the slope at zero is infinite.
        options = {
            "tol": tol,
            "fit_intercept": False,
            "ws_strategy": "fixpoint" if problem.penalty == "lp" else "subdiff",
        }
        if problem.loss == "logistic":
            return solvers.ProxNewton(max_iter=1000, **options)
        return solvers.AndersonCD(max_iter=1000, **options)

    def run(self, problem, tol):
        loss, solver, X = self.datafit(problem), self.solver(problem, tol * problem.alphas[-1]), as_matrix(problem.X)
        coefs = np.zeros((problem.shape[1], len(problem.alphas)), order="F")
        w, fit = np.zeros(problem.shape[1]), np.zeros(problem.shape[0])
        for i, alpha in enumerate(problem.alphas):
            solver.p0 = max(10, np.count_nonzero(w))
            w = solver.solve(X, problem.y, loss, penalty(problem.penalty, alpha), w, fit)[0]
            coefs[:, i] = w
        return coefs


class SkglmGram(Skglm):
    name = "skglm-gram"
    losses = ("squared",)
    penalties = ("l1", "mcp", "scad", "log_sum")

    def unsuitable(self, problem):
        n, p = problem.shape
        if problem.path:
            return "a new Gram matrix for every alpha"
        return "a p x p Gram matrix for p > n or p > 5000" if p > min(n, 5000) else ""

    def datafit(self, problem):
        return None  # it knows only the squared loss

    def solver(self, problem, tol):
        from skglm.solvers import GramCD

        return GramCD(max_iter=100_000, use_acc=True, greedy_cd=False, fit_intercept=False, tol=tol)


def penalty(name, alpha):
    """Make the penalty as skglm writes it: its log-sum and square root are not divided by their slope."""
    from skglm import penalties

    return {
        "l1": lambda: penalties.L1(alpha),
        "mcp": lambda: penalties.MCPenalty(alpha, MCP_GAMMA),
        "scad": lambda: penalties.SCAD(alpha, SCAD_A),
        "log_sum": lambda: penalties.LogSumPenalty(alpha**2, alpha),
        "lp": lambda: penalties.L0_5(2 * alpha),
    }[name]()
