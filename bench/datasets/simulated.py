"""Simulated problems: correlated Gaussian rows, sparse rows, and labels drawn from a logistic model."""

from functools import partial

import numpy as np
from scipy import sparse
from scipy.signal import lfilter

from ._registry import DATASETS


def gaussian(folder, n, p, rho, n_nonzero=50, snr=3.0, seed=0):
    """Gaussian rows with correlation ``rho ** |j - k|``, ``n_nonzero`` coefficients +-1 at random places.

    ``snr`` is the norm of the signal over the norm of the noise.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, p))
    noise[:, 1:] *= np.sqrt(1 - rho**2)
    X = lfilter([1.0], [1.0, -rho], noise, axis=1)
    places = rng.choice(p, n_nonzero, replace=False)
    signal = X[:, places] @ rng.choice([-1.0, 1.0], n_nonzero)
    return X, noisy(signal, snr, rng)


def text_like(folder, n, p, per_column=20, n_nonzero=200, snr=3.0, seed=0):
    """Sparse X with about ``per_column`` entries in each column, as in a bag of words without its frequent words."""
    rng = np.random.default_rng(seed)
    X = sparse.random_array((n, p), density=per_column / n, format="csc", rng=rng, data_sampler=rng.exponential)
    places = rng.choice(p, n_nonzero, replace=False)
    return X, noisy(X[:, places] @ rng.choice([-1.0, 1.0], n_nonzero), snr, rng)


def noisy(signal, snr, rng):
    error = rng.standard_normal(len(signal))
    return signal + error * np.linalg.norm(signal) / (snr * np.linalg.norm(error))


def labels(folder, problem, seed=0, **shape):
    """Return the X of another problem with labels -1 and 1, drawn with log-odds twice its standardised y."""
    X, y = problem(folder, seed=seed, **shape)
    odds = 2 * (y - y.mean()) / y.std()
    uniform = np.random.default_rng(seed + 1).random(len(y))
    return X, np.where(uniform < 1 / (1 + np.exp(-odds)), 1.0, -1.0)


for _name, _n, _p, _rho in [
    ("wide", 500, 20_000, 0.5),
    ("tall", 100_000, 200, 0.5),
    ("correlated", 1000, 2000, 0.95),
    ("ill-conditioned", 2000, 500, 0.99),
    ("few-rows", 72, 7129, 0.9),
    ("nonconvex", 1000, 5000, 0.8),
    ("wide-small", 200, 4000, 0.5),
    ("tall-small", 20_000, 100, 0.5),
    ("correlated-small", 300, 600, 0.95),
    ("nonconvex-small", 300, 1500, 0.8),
]:
    DATASETS[_name] = partial(gaussian, n=_n, p=_p, rho=_rho)
DATASETS["text-like"] = partial(text_like, n=20_000, p=50_000)
DATASETS["text-like-small"] = partial(text_like, n=4000, p=10_000, n_nonzero=50)
DATASETS["tall-labels"] = partial(labels, problem=gaussian, n=20_000, p=200, rho=0.5)
DATASETS["wide-labels"] = partial(labels, problem=gaussian, n=500, p=10_000, rho=0.5)
DATASETS["wide-labels-small"] = partial(labels, problem=gaussian, n=200, p=2000, rho=0.5)
DATASETS["text-like-labels"] = partial(labels, problem=text_like, n=20_000, p=50_000)
