"""What the estimators share: the call of the core, fitted attributes and warnings."""

import math
import warnings

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

from ._data import checked_by_core
from ._native import core
from .validation import Problem, check_start


def fit_problem(estimator, problem: Problem, start, stacklevel: int) -> None:
    """Run the core and set the fitted attributes of `estimator`; one-dimensional y gives scalars and vectors.

    `start` (n_features, n_targets), if it is not None, replaces what ``warm_start`` starts from.
    """
    n_features, n_targets = problem.X.shape[1], problem.Y.shape[1]
    name, params = problem.penalty._core_arguments()
    with checked_by_core(estimator, problem.X):
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
            feature_groups=problem.feature_groups,
            start=check_start(estimator, n_features, n_targets) if start is None else start,
            max_iter=int(estimator.max_iter),
            tol=float(estimator.tol),
            eps=problem.eps,
            report=print if estimator.verbose else None,
            loss=problem.loss,
            loss_params={},
            shared=problem.shared,
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
    _warn_if_not_converged(estimator, fits, stacklevel)


def _warn_if_not_converged(estimator, fits: list[dict], stacklevel: int) -> None:
    stuck = next((fit for fit in fits if not fit["converged"]), None)
    if stuck is None:
        return
    if stuck["separated"]:
        warnings.warn(_no_minimiser(estimator, ""), ConvergenceWarning, stacklevel=stacklevel)
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
        stacklevel=stacklevel,
    )


def _no_minimiser(model, where: str) -> str:
    return (
        f"The data, or a part of them by some columns, can be separated and {model.penalty!r} is a bounded penalty: "
        "the objective falls for ever as the coefficients grow, so there is no minimiser"
        f"{where}. The answer is the first point from which it was seen to fall for ever. Use a larger alpha, or a "
        "penalty that is not bounded (l1, log_sum, variational_dropout)."
    )


def fit_path(
    model,
    problem: Problem,
    alphas,
    eps: float,
    *,
    sample_weight=None,
    test_weight=None,
    left_out=-1,
    workers=1,
    progress=None,
    check=None,
) -> dict:
    """Run the core on a path; the parameters are those of `model`, the weights by default those of `problem`.

    `left_out` is the number of the fold whose training weights are given, if the folds of `problem` share anything.
    """
    name, params = problem.penalty._core_arguments()
    is_count = isinstance(alphas, int)
    with checked_by_core(model, problem.X):
        answer = core.fit_path(
            X=problem.X,
            y=problem.Y[:, 0],
            sample_weight=problem.sample_weight if sample_weight is None else sample_weight,
            test_weight=np.zeros(0) if test_weight is None else test_weight,
            penalty=name,
            params=params,
            alphas=np.zeros(0) if is_count else alphas,
            grid_size=alphas if is_count else 0,
            solver=model.solver,
            fit_intercept=bool(model.fit_intercept),
            standardize=bool(model.standardize),
            feature_weights=problem.feature_weights,
            feature_groups=problem.feature_groups,
            max_iter=int(model.max_iter),
            tol=float(model.tol),
            eps=eps,
            degrees_of_freedom=test_weight is None,
            workers=workers,
            progress=progress,
            check=check,
            loss=problem.loss,
            shared=problem.shared,
            left_out=left_out,
        )
    parts = answer.pop("values"), answer.pop("indices"), answer.pop("indptr")
    with np.errstate(over="ignore"):
        values = parts[0].astype(problem.X.dtype, copy=False)
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(answer["intercept"]))):
        raise ValueError(f"X and y are in units so far apart that the path overflows {values.dtype}; rescale X or y")
    outputs = answer["intercept"].shape[1] if answer["intercept"].ndim == 2 else 1
    shape = (outputs * problem.X.shape[1], len(answer["alpha"]))
    answer["coefs"] = scipy.sparse.csc_array((values, *parts[1:]), shape=shape)
    return answer


def grid_of_alphas(model, problem: Problem, size: int, eps: float) -> NDArray[np.float64]:
    """Return the grid that a path of all the data would have."""
    name, params = problem.penalty._core_arguments()
    return core.path_alphas(
        X=problem.X,
        y=problem.Y[:, 0],
        sample_weight=problem.sample_weight,
        penalty=name,
        params=params,
        grid_size=size,
        fit_intercept=bool(model.fit_intercept),
        standardize=bool(model.standardize),
        feature_weights=problem.feature_weights,
        feature_groups=problem.feature_groups,
        eps=eps,
        loss=problem.loss,
        shared=problem.shared,
    )


def check_one_target(problem: Problem, caller: str, stacklevel: int) -> None:
    """Refuse several targets; one target given as a column gets scikit-learn's warning."""
    if problem.one_target:
        return
    if problem.Y.shape[1] > 1:
        raise ValueError(f"{caller} takes one target, but y has {problem.Y.shape[1]}; call it once per column of y")
    warnings.warn(
        "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples,)",
        DataConversionWarning,
        stacklevel=stacklevel,
    )


def warn_about_points(caller: str, model, answers: list[dict], stacklevel: int) -> None:
    """Warn once about all points that missed the target, with the worst of them, and once about separated ones."""
    alpha, residual, converged, separated = (
        np.concatenate([answer[key] for answer in answers])
        for key in ("alpha", "kkt_residual", "converged", "separated")
    )
    if separated.any():
        where = f" at {separated.sum()} of {len(alpha)} points, the first at alpha={alpha[separated].max():.3g}"
        warnings.warn(_no_minimiser(model, where), ConvergenceWarning, stacklevel=stacklevel)
    converged = converged | separated
    if converged.all():
        return
    relative = np.where(converged, -np.inf, residual / np.maximum(alpha, np.finfo(float).tiny))
    worst = int(np.argmax(relative))
    if model.solver == "irls":
        reached = f"the coefficients still move by more than tol={model.tol:g} of the largest one"
        advice = (
            "The iteration is very slow where a correlation with the residual is close to alpha, as at the top of a "
            "grid: increase max_iter or tol, or take solver='auto', which decides zeros exactly."
        )
    else:
        reached = f"the KKT residual is {residual[worst]:.3g}, the target {model.tol * alpha[worst]:.3g}"
        advice = "Increase max_iter or tol, or end the path at a larger alpha (eps)."
    warnings.warn(
        f"{caller} did not converge at {np.sum(~converged)} of {len(alpha)} points; at alpha={alpha[worst]:.3g} "
        f"{reached}. {advice}",
        ConvergenceWarning,
        stacklevel=stacklevel,
    )
