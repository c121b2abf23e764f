"""Prints by how much each solver raises the peak memory beside the data, as a share of the size of X in float64."""

import ctypes
import json
import warnings

import numpy as np
import scipy.sparse as sp

from pyreweight import (
    AdaptiveDropoutClassifier,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
    dropout_path,
    dropout_training,
)


def memory(what):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(what))


def extra(fit, X, y):
    ctypes.CDLL(None).malloc_trim(0)  # or the call hides in what the one before it has left
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before = memory("VmRSS")
    fit(X, y)
    return memory("VmHWM") - before


rng = np.random.default_rng(0)
TALL = np.asfortranarray(rng.standard_normal((4000, 1200)))
WIDE = np.asfortranarray(rng.standard_normal((1200, 4000)))
SPARSE = sp.random_array((4000, 1200), density=0.3, rng=rng, format="csc")
GROUPS = np.arange(1200) // 4


def signal(X):
    return X[:, :10].sum(axis=1) + rng.standard_normal(X.shape[0])


def counts(X):
    return rng.poisson(np.exp(signal(X) / 4))


def classes(X, *borders):
    return np.digitize(signal(X), borders)


def regressor(alpha=0.05, *, penalty="log_sum", max_iter=5, **options):
    return AdaptiveDropoutRegressor(alpha, penalty=penalty, max_iter=max_iter, **options).fit


def classifier():
    return AdaptiveDropoutClassifier(0.05, penalty="log_sum", max_iter=5).fit


def path(**options):
    return lambda X, y: dropout_path(X, y, alphas=5, eps=0.1, **options)


def cross_validated(**options):
    return AdaptiveDropoutRegressorCV(3, eps=0.1, cv=3, **options).fit


CASES = {
    "auto": (TALL, signal(TALL), regressor()),
    "auto, sparse": (SPARSE, signal(SPARSE), regressor()),
    "auto, wide": (WIDE, signal(WIDE), regressor()),
    "alpha auto": (TALL, signal(TALL), regressor("auto")),
    "groups": (TALL, signal(TALL), regressor(0.1, penalty="l1", feature_groups=GROUPS)),
    "irls": (TALL, signal(TALL), regressor(solver="irls", max_iter=2)),
    "irls, wide": (WIDE, signal(WIDE), regressor(solver="irls", max_iter=1)),
    "ard": (TALL, signal(TALL), regressor("auto", penalty="ard", max_iter=2)),
    "top k": (TALL, signal(TALL), regressor(penalty="top_k")),
    "huber": (TALL, signal(TALL), regressor(loss="huber")),
    "poisson": (TALL, counts(TALL), regressor(loss="poisson")),
    "logistic": (TALL, classes(TALL, 0), classifier()),
    "softmax": (TALL, classes(TALL, -2, 2), classifier()),
    "path": (TALL, signal(TALL), path()),
    "path, wide": (WIDE, signal(WIDE), path()),
    "path, logistic": (TALL, classes(TALL, 0), path(loss="logistic")),
    "cv": (TALL, signal(TALL), cross_validated()),
    "cv in threads": (TALL, signal(TALL), cross_validated(n_jobs=2)),
    "training": (TALL, signal(TALL), lambda X, y: dropout_training(X, y, n_steps=5)),
}
warnings.simplefilter("ignore")
regressor()(TALL[:50, :8].copy(), TALL[:50, 0])  # what a first fit imports
print(json.dumps({name: extra(fit, X, y) / TALL.nbytes for name, (X, y, fit) in CASES.items()}))
