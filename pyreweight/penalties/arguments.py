"""Checks of numbers that penalties and functions take; the errors name the argument."""

import math
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_number(value: object, what: str) -> float:
    """Return a real number that is not NaN."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{what} must be a real number, got {value!r}")
    number = float(value)
    if math.isnan(number):
        raise ValueError(f"{what} must not be NaN")
    return number


def check_positive(value: object, what: str) -> float:
    """Return a positive and finite number."""
    number = check_number(value, what)
    if not 0 < number < math.inf:
        raise ValueError(f"{what} must be positive and finite, got {value!r}")
    return number


def check_count(value: object, what: str, least: int, most: float = math.inf) -> int:
    """Return an integer between the two."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise ValueError(f"{what} must be an integer >= {least}, got {value!r}")
    return int(value)


def check_reals(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Return an array of real numbers, none of them NaN."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} must be an array of real numbers, got dtype {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if np.isnan(array).any():
        raise ValueError(f"{what} must not contain NaN")
    return array
