"""The list of data sets and how one is loaded."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse


class Unavailable(Exception):
    """The data set cannot be had here; the message says why."""


DATASETS: dict[str, Callable[[Path], tuple]] = {}


def dataset(name):
    """Register a function ``folder -> (X, y)`` under a name."""

    def register(function):
        DATASETS[name] = function
        return function

    return register


def load(name, folder):
    """X (float64, dense or CSC) and y of the data set ``name``; ``Unavailable`` if its file is not in ``folder``."""
    X, y = DATASETS[name](Path(folder))
    X = sparse.csc_array(X, dtype=float) if sparse.issparse(X) else np.asarray(X, dtype=float)
    return X, np.asarray(y, dtype=float)
