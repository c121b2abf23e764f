"""adelie: group elastic net paths, naive (on X) and covariance (on the Gram matrix) method."""

from ._base import Solver
from .celer import as_matrix


class Adelie(Solver):
    name = "adelie"
    package = "adelie"
    losses = ("squared", "logistic")

    def run(self, problem, tol):
        import adelie

        X, threads = as_matrix(problem.X), problem.threads
        method = adelie.matrix.sparse if problem.sparse else adelie.matrix.dense
        logistic = problem.loss == "logistic"
        loss = adelie.glm.binomial(problem.labels) if logistic else adelie.glm.gaussian(problem.y)
        common = {"tol": tol, "early_exit": False, "progress_bar": False, "n_threads": threads}
        common |= {"irls_tol": tol} if logistic else {}
        state = adelie.grpnet(
            method(X, method="naive", n_threads=threads), loss, lmda_path=problem.alphas, intercept=False, **common
        )
        return state.betas.toarray().T


class AdelieCov(Solver):
    name = "adelie-cov"
    package = "adelie"

    def unsuitable(self, problem):
        n, p = problem.shape
        return "a p x p covariance matrix for p > n or p > 5000" if p > min(n, 5000) else ""

    def run(self, problem, tol):
        import adelie
        import numpy as np

        X, n = problem.X, len(problem.y)
        A = X.T @ X
        A = np.asfortranarray((A.toarray() if problem.sparse else A) / n)
        common = {"early_exit": False, "rdev_tol": 0.0, "progress_bar": False, "n_threads": problem.threads}
        state = adelie.solver.gaussian_cov(A, X.T @ problem.y / n, lmda_path=problem.alphas, tol=tol, **common)
        return state.betas.toarray().T
