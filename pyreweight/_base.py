"""What the estimators share: the call of the core, fitted attributes and warnings."""

import math
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._native import core
from .validation import Problem, check_start


def fit_problem(estimator, problem: Problem) -> None:
    """Run the core and set the fitted attributes of `estimator`; one-dimensional y gives scalars and vectors."""
    n_features, n_targets = problem.X.shape[1], problem.Y.shape[1]
    name, params = problem.penalty._core_arguments()
    answer = core.fit(
        X=problem.X,
        Y=problem.Y,
        sample_weight=problem.sample_weight,
        penalty=name,
        params=params,
        alpha=problem.alpha,
        solver=estimator.solver,
        fit_intercept=bool(estimator.fit_intercept),
        standardize=bool(estimator.standardize),
        feature_weights=problem.feature_weights,
        start=check_start(estimator, n_features, n_targets),
        max_iter=int(estimator.max_iter),
        tol=float(estimator.tol),
        eps=problem.eps,
        report=print if estimator.verbose else None,
    )
    fits = answer["fits"]

    def collect(key):
        return fits[0][key] if problem.one_target else np.array([fit[key] for fit in fits])

    with np.errstate(over="ignore"):
        coef = collect("coef").astype(problem.X.dtype, copy=False)
    if not (np.all(np.isfinite(coef)) and np.all(np.isfinite(collect("intercept")))):
        raise ValueError(f"X and y are in units so far apart that coef_ overflows {coef.dtype}; rescale X or y")
    estimator.coef_ = coef
    estimator.intercept_ = collect("intercept")
    estimator.alpha_ = collect("alpha")
    estimator.eta_ = collect("eta")
    estimator.keep_prob_ = collect("keep_prob")
    estimator.n_iter_ = collect("n_iter")
    estimator.objective_ = collect("objective")
    estimator.dual_gap_ = collect("dual_gap")
    estimator.kkt_residual_ = collect("kkt_residual")
    estimator.converged_ = collect("converged")
    estimator.noise_scale_ = collect("noise_scale")
    estimator._centre = answer["centre"]
    _warn_if_not_converged(estimator, fits)


def _warn_if_not_converged(estimator, fits: list[dict]) -> None:
    stuck = next((fit for fit in fits if not fit["converged"]), None)
    if stuck is None:
        return
    tol = estimator.tol
    if estimator.solver == "irls":
        reached = f"the coefficients still move by more than tol={tol:g} of the largest one"
    elif not math.isnan(stuck["dual_gap"]):
        reached = f"the duality gap is {stuck['dual_gap']:.3g}, the target {tol * stuck['objective']:.3g}"
    else:
        reached = f"the KKT residual is {stuck['kkt_residual']:.3g}, the target {tol * stuck['alpha']:.3g}"
    if stuck["n_iter"] >= estimator.max_iter:
        advice = f"Increase max_iter (now {estimator.max_iter}) or tol, or use a larger alpha."
    else:
        advice = "More of them gain nothing on data this ill-conditioned: increase tol, or use a larger alpha."
    warnings.warn(
        f"{type(estimator).__name__} did not converge in {stuck['n_iter']} reweightings: {reached}. {advice}",
        ConvergenceWarning,
        stacklevel=4,
    )
