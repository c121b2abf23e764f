"""L-BFGS-B of SciPy on positive and negative parts, where the l1 penalty is linear."""

import numpy as np

from ._base import Solver, one_by_one


class SplitLbfgs(Solver):
    name = "lbfgs-split"
    package = "scipy"
    losses = ("softmax",)

    def run(self, problem, tol):
        from scipy.optimize import minimize

        size, n = problem.coefficients, problem.shape[0]

        def solve(alpha):
            def objective(parts):
                coef = parts[:size] - parts[size:]
                loss, pull = problem.loss_and_pull(coef)
                gradient = -np.ravel(problem.X.T @ pull / n, order="F")
                return loss + alpha * parts.sum(), np.concatenate([gradient, -gradient]) + alpha

            options = {"maxiter": 100_000, "maxfun": 200_000, "maxcor": 20, "ftol": 0.0, "gtol": tol * alpha}
            bounds = np.tile([[0.0, np.inf]], (2 * size, 1))
            common = {"jac": True, "bounds": bounds, "method": "L-BFGS-B", "options": options}
            parts = minimize(objective, np.zeros(2 * size), **common).x
            return parts[:size] - parts[size:]

        return one_by_one(solve, problem.alphas)
