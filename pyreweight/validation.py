"""Checks of what a user passes."""

import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from ._data import check_data
from ._layout import by_columns, contiguous, refuse_masks_and_dates
from .penalties import Penalty, get_penalty


@dataclass
class Problem:
    """One fit as the compiled core takes it."""

    # (n_samples, n_features), float64 or float32, the caller's own memory if it can be: C- or F-contiguous, or CSC with
    # rows sorted without duplicates
    X: np.ndarray | sp.csc_array
    Y: NDArray[np.float64]  # (n_samples, n_targets), F-contiguous
    sample_weight: NDArray[np.float64]  # (n_samples,), positive: rows of weight 0 are gone
    feature_weights: NDArray[np.float64]  # (n_features,)
    feature_groups: NDArray[np.intp]  # (n_features,) labels, or (0,) without groups
    penalty: Penalty
    alpha: float  # nan: to be chosen
    one_target: bool  # whether y was one-dimensional
    loss: str = "squared"
    shared: object = None  # what paths on its folds share, opaque, see share_folds

    @property
    def eps(self) -> float:
        """Where a path ends, as a fraction of alpha_max: paths of wide data soon interpolate."""
        return 1e-3 if self.sample_weight.sum() > self.X.shape[1] else 1e-2


def check_problem(
    estimator, X, y, sample_weight: ArrayLike | None, owner=None, encode: Callable | None = None
) -> Problem:
    """Validate the data and the parameters of `estimator`; every complaint names the argument.

    `owner`, by default `estimator` itself, is the estimator that is told the number and names of the features. `encode`
    turns the labels of the rows that count, and their weights, into targets and weights; without it y must be numeric.
    """
    check_parameters(estimator)
    penalty = get_penalty(estimator.penalty)
    alpha = check_alpha(estimator.alpha, penalty)
    refuse_masks_and_dates(y, "y")
    if np.asarray(y).shape[1:] == (0,):
        raise ValueError(f"y must have at least one target, got shape {np.asarray(y).shape}")
    numeric = encode is None
    # Rows of weight 0 are dropped before the core could complain of them, and an owner does more than one fit.
    finite_later = owner is None and sample_weight is None
    X, y = check_data(
        estimator if owner is None else owner,
        X,
        y,
        finite_later=finite_later,
        multi_output=numeric,
        y_numeric=numeric,
    )
    if numeric:
        y = np.require(y, np.float64, "A")
    weights = check_sample_weight(sample_weight, X.shape[0])
    counted = weights > 0
    if not counted.all():
        X, y, weights = X[counted], y[counted], weights[counted]
    if math.isnan(alpha) and sample_weight is not None and weights.mean() < 0.5:
        warnings.warn(
            'alpha="auto" counts rows by sample_weight, but the positive weights have a mean below 0.5 and cannot be '
            "counts; multiply sample_weight by the number of observations each unit stands for, or give alpha a number",
            UserWarning,
            stacklevel=4,
        )
    if encode is not None:
        y, weights = encode(y, weights)
    feature_weights = check_feature_weights(estimator.feature_weights, X.shape[1], penalty)
    return Problem(
        X=by_columns(X) if sp.issparse(X) else contiguous(X),
        Y=np.asfortranarray(y.reshape(len(y), -1)),
        sample_weight=weights,
        feature_weights=feature_weights,
        feature_groups=check_feature_groups(estimator.feature_groups, feature_weights, penalty, of_classes=not numeric),
        penalty=penalty,
        alpha=alpha,
        one_target=y.ndim == 1,
    )


def check_rows(rows, n_samples: int) -> NDArray[np.intp]:
    """Return one side of a split as row numbers; masks are accepted."""
    rows = np.asarray(rows)
    if rows.dtype == bool:
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.size and (rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= n_samples)):
        raise ValueError(f"cv must split the rows 0, ..., {n_samples - 1}, got a split with {rows!r}")
    return rows.astype(np.intp)


def check_parameters(estimator) -> None:
    """Validate the numbers and switches that do not depend on the data."""
    for name in ("fit_intercept", "standardize", "warm_start"):
        if not isinstance(getattr(estimator, name), bool | np.bool_):
            raise ValueError(f"{name} must be True or False, got {getattr(estimator, name)!r}")
    if estimator.solver not in ("auto", "irls"):
        raise ValueError(f"solver must be 'auto' or 'irls', got {estimator.solver!r}")
    max_iter, tol, verbose = estimator.max_iter, estimator.tol, estimator.verbose
    if not _is_number(max_iter, Integral) or not 1 <= max_iter < 2**31:
        raise ValueError(f"max_iter must be an integer >= 1, got {max_iter!r}")
    if not _is_number(tol) or not 0 <= tol < math.inf:
        raise ValueError(f"tol must be a finite number >= 0, got {tol!r}")
    if not isinstance(verbose, Integral | np.bool_) or verbose < 0:
        raise ValueError(f"verbose must be an integer >= 0, got {verbose!r}")


REGRESSION_LOSSES = ("squared", "huber", "poisson")


def check_loss(loss, Y: NDArray[np.float64], known: tuple[str, ...] = REGRESSION_LOSSES) -> str:
    """Return the name of a loss after a look at the targets."""
    if loss not in known:
        raise ValueError(f"loss must be one of {', '.join(map(repr, known))}, got {loss!r}")
    if loss == "logistic" and (not np.all((Y == 0) | (Y == 1)) or np.any(Y.min(axis=0) == Y.max(axis=0))):
        raise ValueError("y must consist of 0 and 1, and have both, for loss='logistic'")
    if loss == "poisson" and (np.any(Y < 0) or not np.all(np.any(Y > 0, axis=0))):
        raise ValueError("y must be nonnegative, with a positive entry, for loss='poisson'")
    return loss


def check_alpha(alpha, penalty: Penalty) -> float:
    """Return alpha as a float; nan stands for ``"auto"``, which needs a penalty with finite positive slope at zero."""
    if isinstance(alpha, str) and alpha == "auto":
        if not penalty._takes_alpha:
            return math.nan
        if not 0 < penalty.slope_at_zero < math.inf:
            raise ValueError(
                f'alpha="auto" is defined for penalties with a finite positive slope at zero, and {penalty!r} has '
                f"slope {penalty.slope_at_zero}: give alpha a number, chosen by cross-validation for instance"
            )
        return math.nan
    if not _is_number(alpha) or not sys.float_info.min <= alpha < math.inf:  # subnormal numbers have lost their digits
        raise ValueError(f"alpha must be 'auto' or a finite number > 0, got {alpha!r}")
    return float(alpha)


def check_alphas(alphas) -> int | NDArray[np.float64]:
    """Return the number of alphas, or the values in decreasing order."""
    if _is_number(alphas, Integral):
        if not 1 <= alphas < 2**31:
            raise ValueError(f"alphas must be a number >= 1 of alphas, or their values, got {alphas!r}")
        return int(alphas)
    if isinstance(alphas, str) or np.ndim(alphas) != 1 or len(alphas) == 0:
        raise ValueError(f"alphas must be an integer >= 1 or a list of values, got {alphas!r}")
    if any(isinstance(alpha, bool | np.bool_) for alpha in alphas):
        raise ValueError(f"alphas must be numbers, not True or False, got {alphas!r}")
    values = _vector(alphas, "alphas", len(alphas))
    if not np.all((values >= sys.float_info.min) & (values < math.inf)):
        raise ValueError(f"alphas must be finite and > 0, got {alphas!r}")
    return np.sort(values)[::-1].copy()


def check_eps(eps, problem: Problem) -> float:
    """Return where a grid of alphas ends as a fraction of alpha_max; None leaves it to the data and the penalty."""
    if not problem.penalty._takes_alpha:
        raise ValueError(f"penalty={problem.penalty!r} takes no alpha, so there is no path of alphas to follow")
    if eps is None:
        # All that is between nothing and least squares, with one column or all of them in the same direction.
        return problem.eps * (1e-3 if problem.penalty._is_quadratic else 1)
    if not _is_number(eps) or not 0 < eps < 1:
        raise ValueError(f"eps must be None or a number between 0 and 1, got {eps!r}")
    return float(eps)


def check_sample_weight(sample_weight: ArrayLike | None, n_samples: int) -> NDArray[np.float64]:
    """Return the weights as float64 of shape (n_samples,); None counts every row once."""
    if sample_weight is None:
        return np.ones(n_samples)
    weights = _vector(sample_weight, "sample_weight", n_samples)
    if not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise ValueError("sample_weight must be finite and nonnegative")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not np.isfinite(total):
        raise ValueError("sample_weight has an infinite sum; divide it by a constant")
    if not np.any(weights > 0):
        raise ValueError("sample_weight must have a positive entry: with zeros alone no row counts")
    return weights


def check_feature_weights(
    feature_weights: ArrayLike | None, n_features: int, penalty: Penalty | None = None
) -> NDArray[np.float64]:
    """Return the penalty factors as float64 of shape (n_features,); None is 1 for every feature."""
    if feature_weights is None:
        return np.ones(n_features)
    weights = _vector(feature_weights, "feature_weights", n_features)
    if np.any(np.isnan(weights)) or np.any(weights < 0):
        raise ValueError("feature_weights must be nonnegative (inf keeps a feature out)")
    if penalty is not None and not penalty.separable and not np.all(np.isin(weights, [0, 1, np.inf])):
        raise ValueError(f"feature_weights must be 0, 1 or inf with {penalty!r}, which ranks the coefficients")
    return weights


def check_feature_groups(
    labels, feature_weights: NDArray[np.float64], penalty: Penalty, of_classes: bool = False
) -> NDArray[np.intp]:
    """Return the groups as numbers of shape (n_features,), or of shape (0,) without groups.

    ``"across_classes"``, where there are classes, gives every feature a number of its own.

    A group has one mask, hence one weight: `feature_weights` may differ only by features that are unpenalised or out.
    """
    if labels is None:
        return np.zeros(0, dtype=np.intp)
    if not penalty.separable or abs(penalty.slope_at_zero - 1) > 1e-6:
        reason = f"has slope {penalty.slope_at_zero:g}" if penalty.separable else "is not a sum over coefficients"
        raise ValueError(
            f"feature_groups need a separable penalty with unit slope at zero, such as 'l1', 'mcp' or "
            f"'variational_dropout', and {penalty!r} {reason}"
        )
    if of_classes and isinstance(labels, str) and labels == "across_classes":
        return np.arange(len(feature_weights), dtype=np.intp)
    refuse_masks_and_dates(labels, "feature_groups")
    # As objects, a list keeps labels apart that an array of one type would merge: 1 and "1", NaN and "nan".
    array = np.asarray(labels, dtype=None if hasattr(labels, "dtype") else object)
    if array.shape != feature_weights.shape:
        raise ValueError(
            f"feature_groups must have shape {feature_weights.shape}, one label per feature, got {array.shape}"
        )
    missing = [_is_missing(label) for label in array] if array.dtype.kind in "fcO" else []
    if any(missing):
        raise ValueError(f"feature_groups has no label (None or NaN) for feature {missing.index(True)}")
    try:
        _, codes = np.unique(array, return_inverse=True)
    except TypeError as error:
        raise ValueError(f"feature_groups must be labels of one type: {error}") from error
    grouped = (feature_weights > 0) & np.isfinite(feature_weights)
    lowest = np.full(len(array), np.inf)
    np.minimum.at(lowest, codes[grouped], feature_weights[grouped])
    different = np.flatnonzero(grouped & (feature_weights != lowest[codes]))
    if len(different):
        raise ValueError(
            f"feature_weights must be the same within each of the feature_groups, which has one mask (0 and inf take a "
            f"feature out of its group); they differ in the group {array.tolist()[different[0]]!r}"
        )
    return np.ascontiguousarray(codes, dtype=np.intp)


def _is_missing(label) -> bool:
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA is neither
        return True


def check_start(estimator, n_features: int, n_targets: int) -> NDArray[np.float64]:
    """Coefficients to start from as (n_features, n_targets), or (0, 0) to start afresh."""
    if not estimator.warm_start or not hasattr(estimator, "coef_"):
        return np.zeros((0, 0), order="F")
    coef = estimator.coef_.toarray() if sp.issparse(estimator.coef_) else estimator.coef_
    coef = np.atleast_2d(np.asarray(coef, dtype=np.float64))
    if coef.shape != (n_targets, n_features):
        raise ValueError(
            f"warm_start=True starts from coef_ of shape {np.shape(estimator.coef_)}, but X and y have {n_features} "
            f"features and {n_targets} target(s); set warm_start=False or fit a clone"
        )
    if not np.all(np.isfinite(coef)):
        raise ValueError("warm_start=True needs a finite coef_")
    return np.asfortranarray(coef.T)


def _vector(values: ArrayLike, name: str, size: int) -> NDArray[np.float64]:
    refuse_masks_and_dates(values, name)
    try:
        if np.iscomplexobj(np.asarray(values)):
            raise TypeError("complex numbers")
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be real numbers: {error}") from error
    if vector.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), got {vector.shape}")
    return np.require(vector, requirements=["C", "A"])


def _is_number(value, kind: type[Real] | type[Integral] = Real) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    return isinstance(value, kind) and not math.isnan(value)
