"""Checks of what a user passes to the stochastic training."""

import math
from numbers import Real

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from ._layout import by_columns, contiguous, well_formed

LOSSES = ("squared", "logistic")
PATTERNS = ("independent", "row", "strided")
DISTRIBUTIONS = ("bernoulli", "gaussian")


def check_numbers(alpha, step, decay, min_keep_prob) -> dict[str, float]:
    """Return the real parameters by name; a step of 0 stands for ``"auto"``, a min_keep_prob of 0 for None."""
    ranges = {
        "alpha": (alpha, lambda x: 0 < x < math.inf, "a finite number > 0"),
        "decay": (decay, lambda x: 0 <= x <= 1, "a number in [0, 1]"),
    }
    if min_keep_prob is not None:
        ranges["min_keep_prob"] = (min_keep_prob, lambda x: 1e-6 <= x <= 1, "None or a number in [1e-6, 1]")
    if not (isinstance(step, str) and step == "auto"):
        ranges["step"] = (step, lambda x: 0 < x < math.inf, "'auto' or a finite number > 0")
    numbers = {"step": 0.0, "min_keep_prob": 0.0}
    for name, (value, inside, wanted) in ranges.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not inside(float(value)):
            raise ValueError(f"{name} must be {wanted}, got {value!r}")
        numbers[name] = float(value)
    return numbers


def check_switches(loss, pattern, distribution, fit_intercept, standardize) -> dict[str, str]:
    """Return the named choices; strided masks are Bernoulli masks."""
    given = {"loss": (loss, LOSSES), "pattern": (pattern, PATTERNS), "distribution": (distribution, DISTRIBUTIONS)}
    for name, (value, known) in given.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}")
    if pattern == "strided" and distribution == "gaussian":
        raise ValueError("distribution must be 'bernoulli' for strided masks, which keep a column or drop it")
    for name, value in {"fit_intercept": fit_intercept, "standardize": standardize}.items():
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name} must be True or False, got {value!r}")
    return {name: value for name, (value, _) in given.items()}


def encode_target(y: np.ndarray, weights: NDArray[np.float64], loss: str) -> NDArray[np.float64]:
    """Return y as float64; for the logistic loss 0 and 1 for its two classes."""
    if loss == "squared":
        return check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    classes = np.unique(y[weights > 0])
    if len(classes) != 2:
        raise ValueError(f"y must have two classes for the logistic loss, got {len(classes)}")
    return np.ascontiguousarray(y == classes[1], dtype=np.float64)


def check_matrix(X):
    """Return X dense, CSC or CSR, float64 or float32, its structure checked."""
    if sp.issparse(X):
        X = well_formed(X)
    return check_array(X, accept_sparse=["csc", "csr"], dtype=[np.float64, np.float32], input_name="X")


def as_core_takes_it(X):
    """Return X itself when the core can read it as it lies, else a copy by columns."""
    return by_columns(X) if sp.issparse(X) else contiguous(X)
