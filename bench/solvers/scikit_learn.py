"""scikit-learn: coordinate descent with and without a Gram matrix, and its solvers of l1 logistic regression."""

import numpy as np

from ._base import Solver, one_by_one


class Sklearn(Solver):
    name = "sklearn"
    package = "sklearn"
    precompute = False

    def run(self, problem, tol):
        from sklearn.linear_model import Lasso, lasso_path

        common = {"precompute": self.precompute, "copy_X": False, "max_iter": 1_000_000, "tol": tol}
        if problem.path:
            return lasso_path(problem.X, problem.y, alphas=problem.alphas, **common)[1]
        model = Lasso(problem.alphas[0], fit_intercept=False, **common)
        return model.fit(problem.X, problem.y).coef_[:, None]


class SklearnGram(Sklearn):
    name = "sklearn-gram"
    precompute = True

    def unsuitable(self, problem):
        n, p = problem.shape
        return "a p x p Gram matrix for p > n or p > 5000" if p > min(n, 5000) else ""


class LogisticRegressionSolver(Solver):
    """``LogisticRegression`` has no path; ``warm_start`` carries the coefficients from one alpha to the next."""

    package = "sklearn"
    losses = ("logistic",)
    warm_start = True

    def unsuitable(self, problem):
        import sklearn
        from sklearn.linear_model import LogisticRegression

        (solvers,) = (c for c in LogisticRegression._parameter_constraints["solver"] if hasattr(c, "options"))
        missing = self.solver not in solvers.options
        return f"scikit-learn {sklearn.__version__} has no {self.solver}" if missing else ""

    def run(self, problem, tol):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(l1_ratio=1.0, solver=self.solver, fit_intercept=False, tol=tol, max_iter=100_000)
        model.set_params(warm_start=self.warm_start and problem.path)
        n = len(problem.y)
        return one_by_one(
            lambda a: model.set_params(C=1 / (n * a)).fit(problem.rows, problem.y).coef_.ravel(), problem.alphas
        )


class Liblinear(LogisticRegressionSolver):
    name = "liblinear"
    solver = "liblinear"
    warm_start = False

    def run(self, problem, tol):
        # Its coordinate descent visits the columns in random order.
        np.random.seed(0)  # noqa: NPY002
        return super().run(problem, tol)


class Saga(LogisticRegressionSolver):
    name = "saga"
    losses = ("logistic", "softmax")
    solver = "saga"


class NewtonCD(LogisticRegressionSolver):
    name = "newton-cd"
    solver = "newton-cd"
