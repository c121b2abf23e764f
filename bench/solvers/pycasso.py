"""pycasso: pathwise coordinate descent for l1, MCP and SCAD."""

from ..objective import MCP_GAMMA, SCAD_A
from ._base import Solver


class Pycasso(Solver):
    name = "pycasso"
    package = "pycasso"
    penalties = ("l1", "mcp", "scad")
    losses = ("squared", "logistic")
    takes_sparse = False

    def unsuitable(self, problem):
        # Its binomial MCP and SCAD are a fixed number of convex stages, not a stationary point.
        return "only l1 for the logistic loss" if problem.loss == "logistic" and problem.penalty != "l1" else ""

    def run(self, problem, tol):
        from pycasso import Solver as PycassoSolver

        logistic = problem.loss == "logistic"
        solver = PycassoSolver(
            problem.rows,
            problem.labels if logistic else problem.y,
            lambdas=problem.alphas,
            family="binomial" if logistic else "gaussian",
            penalty=problem.penalty,
            gamma=SCAD_A if problem.penalty == "scad" else MCP_GAMMA,
            useintercept=False,
            standardize=False,
            prec=tol,
            max_ite=100_000,
        )
        solver.train()
        return solver.coef()["beta"].T
