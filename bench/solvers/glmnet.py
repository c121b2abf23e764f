"""glmnet (Fortran) through python-glmnet; its authors advise against a single alpha, so it gets a short path."""

import numpy as np

from ..objective import alpha_max
from ._base import Solver


class Glmnet(Solver):
    name = "glmnet"
    package = "glmnet"
    losses = ("squared", "logistic", "softmax")

    def run(self, problem, tol):
        from glmnet import ElasticNet, LogitNet

        alphas = problem.alphas
        if not problem.path:
            alphas = np.geomspace(alpha_max(problem.X, problem.y, problem.loss), alphas[0], 10)
        logistic = problem.loss != "squared"
        model = LogitNet if logistic else ElasticNet
        fitted = model(
            alpha=1,
            lambda_path=alphas,
            standardize=False,
            fit_intercept=False,
            n_splits=0,
            tol=tol,
            max_iter=10_000_000,
        ).fit(problem.X, problem.labels if logistic else problem.y)
        coefs = np.reshape(fitted.coef_path_, (problem.coefficients, -1))
        return coefs if problem.path else coefs[:, -1:]
