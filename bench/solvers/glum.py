"""glum: IRLS with coordinate descent and an active set."""

from ._base import Solver


class Glum(Solver):
    name = "glum"
    package = "glum"
    losses = ("squared", "logistic")
    compiled = False

    def unsuitable(self, problem):
        return "a p x p Hessian for p > 3000" if problem.shape[1] > 3000 else ""

    def run(self, problem, tol):
        from glum import GeneralizedLinearRegressor

        logistic = problem.loss == "logistic"
        model = GeneralizedLinearRegressor(
            alpha=list(problem.alphas),
            alpha_search=True,
            l1_ratio=1.0,
            family="binomial" if logistic else "normal",
            solver="irls-cd",
            fit_intercept=False,
            gradient_tol=tol * problem.alphas[-1],
            max_iter=1000,
            copy_X=False,
        )
        return model.fit(problem.X, problem.labels if logistic else problem.y).coef_path_.T
