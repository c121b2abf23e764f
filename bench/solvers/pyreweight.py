"""The package the benchmark belongs to."""

import inspect

import numpy as np

from ._base import Solver


class Pyreweight(Solver):
    name = "pyreweight"
    package = "pyreweight"
    penalties = ("l1", "mcp", "scad", "log_sum", "lp")
    losses = ("squared", "logistic", "softmax")
    compiled = False

    def unsuitable(self, problem):
        import pyreweight

        if problem.loss == "squared":
            return ""
        if problem.path:
            return "" if "loss" in inspect.signature(pyreweight.dropout_path).parameters else "no logistic path yet"
        return "" if hasattr(pyreweight, "AdaptiveDropoutClassifier") else "no classifier yet"

    def run(self, problem, tol):
        import pyreweight

        logistic = problem.loss != "squared"
        options = {"penalty": problem.penalty, "standardize": False, "fit_intercept": False, "tol": tol}
        if problem.path:
            y = problem.labels if logistic else problem.y
            options |= {"loss": "logistic"} if logistic else {}
            return pyreweight.dropout_path(problem.X, y, alphas=problem.alphas, **options).coefs_
        model = pyreweight.AdaptiveDropoutClassifier if logistic else pyreweight.AdaptiveDropoutRegressor
        return np.reshape(model(problem.alphas[0], **options).fit(problem.X, problem.y).coef_, (-1, 1))
