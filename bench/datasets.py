"""The regression problems, one function each; ``load(name, folder)`` returns X and y."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.signal import lfilter
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import PolynomialFeatures


class Unavailable(Exception):
    """The data set cannot be had here; the message says why."""


DATASETS: dict[str, Callable[[Path], tuple[np.ndarray, np.ndarray]]] = {}


def dataset(name):
    """Register a function ``folder -> (X, y)`` under a name."""

    def register(function):
        DATASETS[name] = function
        return function

    return register


def load(name, folder):
    """X (float64) and y of the data set ``name``; ``Unavailable`` if its file is not in ``folder``."""
    X, y = DATASETS[name](Path(folder))
    return np.asarray(X, dtype=float), np.asarray(y, dtype=float)


def stored(folder, file, target="y"):
    """Read ``X`` and one target from an .npz file."""
    path = folder / file
    if not path.is_file():
        raise Unavailable(f"no {file} in {folder}")
    with np.load(path, allow_pickle=False) as content:
        return content["X"], content[target]


@dataset("diabetes")
def diabetes(folder):
    return load_diabetes(return_X_y=True)


@dataset("diabetes-interactions")
def diabetes_interactions(folder):
    X, y = load_diabetes(return_X_y=True)
    return PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(X), y


@dataset("prostate")
def prostate(folder):
    return stored(folder, "prostate.npz")


@dataset("riboflavin")
def riboflavin(folder):
    return stored(folder, "riboflavin.npz")


@dataset("wine-red")
def wine_red(folder):
    return stored(folder, "wine_red.npz")


@dataset("wine-white")
def wine_white(folder):
    return stored(folder, "wine_white.npz")


@dataset("mice-snp")
def mice_snp(folder):
    return stored(folder, "mice_snp.npz", target="y_bmi")


def simulated(folder, n, p, rho, n_nonzero=50, snr=3.0, seed=0):
    """Gaussian rows with correlation ``rho ** |j - k|``, ``n_nonzero`` coefficients +-1 at random places.

    ``snr`` is the norm of the signal over the norm of the noise.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, p))
    noise[:, 1:] *= np.sqrt(1 - rho**2)
    X = lfilter([1.0], [1.0, -rho], noise, axis=1)
    places = rng.choice(p, n_nonzero, replace=False)
    signal = X[:, places] @ rng.choice([-1.0, 1.0], n_nonzero)
    error = rng.standard_normal(n)
    return X, signal + error * np.linalg.norm(signal) / (snr * np.linalg.norm(error))


for _name, _shape in {
    "wide": (500, 20_000, 0.5),
    "tall": (100_000, 200, 0.5),
    "correlated": (1000, 2000, 0.95),
    "wide-small": (200, 4000, 0.5),
    "tall-small": (20_000, 100, 0.5),
    "correlated-small": (300, 600, 0.95),
}.items():
    DATASETS[_name] = partial(simulated, n=_shape[0], p=_shape[1], rho=_shape[2])
