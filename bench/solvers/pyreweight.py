"""The package the benchmark belongs to."""

import numpy as np

from ._base import Solver


class Pyreweight(Solver):
    name = "pyreweight"
    package = "pyreweight"
    penalties = ("l1", "mcp", "scad", "log_sum", "lp")
    losses = ("squared", "logistic")

    def unsuitable(self, problem):
        import pyreweight

        wanted = "dropout_path" if problem.path else "AdaptiveDropoutClassifier"
        missing = not hasattr(pyreweight, wanted)
        return f"no {wanted} yet" if missing and (problem.path or problem.loss == "logistic") else ""

    def run(self, problem, tol):
        import pyreweight

        options = {"penalty": problem.penalty, "standardize": False, "fit_intercept": False, "tol": tol}
        if problem.path:
            options |= {"loss": "logistic"} if problem.loss == "logistic" else {}
            return pyreweight.dropout_path(problem.X, problem.y, alphas=problem.alphas, **options).coefs_
        logistic = problem.loss == "logistic"
        model = pyreweight.AdaptiveDropoutClassifier if logistic else pyreweight.AdaptiveDropoutRegressor
        return np.reshape(model(problem.alphas[0], **options).fit(problem.X, problem.y).coef_, (-1, 1))
