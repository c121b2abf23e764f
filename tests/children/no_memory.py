"""Fits under ever tighter limits of memory; prints how often each call ended in MemoryError and how often not."""

import ctypes
import json
import resource
import sys
import threading
import warnings

import numpy as np
import scipy.sparse as sp

from pyreweight import (
    AdaptiveDropoutClassifier,
    AdaptiveDropoutClassifierCV,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
    dropout_path,
    dropout_training,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 1200)).copy(order="F")
S = sp.random_array((1500, 2000), density=0.2, rng=rng, format="csr")
signal = X[:, :10].sum(axis=1)
y = signal + rng.normal(size=1500)
labels, classes = np.where(y > 0, 1, 0), np.digitize(y, [-2, 2])
OPTIONS = {"alpha": 0.02, "penalty": "l1", "max_iter": 3}
GRID = {"alphas": 3, "eps": 0.05, "max_iter": 3}
CALLS = {
    "auto": lambda X: AdaptiveDropoutRegressor(**OPTIONS).fit(X, y),
    "sparse": lambda X: AdaptiveDropoutRegressor(**OPTIONS).fit(S, y),
    "irls": lambda X: AdaptiveDropoutRegressor(solver="irls", **OPTIONS).fit(X, y),
    "groups": lambda X: AdaptiveDropoutRegressor(feature_groups=np.arange(1200) // 4, **OPTIONS).fit(X, y),
    "huber": lambda X: AdaptiveDropoutRegressor(loss="huber", **OPTIONS).fit(X, y),
    "classifier": lambda X: AdaptiveDropoutClassifier(**OPTIONS).fit(X, labels),
    "softmax": lambda X: AdaptiveDropoutClassifier(**OPTIONS).fit(X, classes),
    "path": lambda X: dropout_path(X, y, **GRID),
    "regressor cv": lambda X: AdaptiveDropoutRegressorCV(cv=3, **GRID).fit(X, y),
    "classifier cv": lambda X: AdaptiveDropoutClassifierCV(cv=3, **GRID).fit(X, labels),
    "training": lambda X: dropout_training(X, y, n_steps=20, random_state=0),
}

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]


def size():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()


def tighten(limit):
    """Limit the memory and hold what is free of it in blocks that a vector of a number for each row or column needs."""
    blocks = [None] * 10_000  # before the limit
    libc.malloc_trim(0)
    resource.setrlimit(resource.RLIMIT_AS, (limit, unlimited[1]))
    for i in range(len(blocks)):
        blocks[i] = libc.malloc(8 * 1024)
        if blocks[i] is None:
            return blocks
    raise AssertionError("the limit holds nothing back")


def count(call):
    """How calls end; of a thread, whose stack needs no more memory when it grows."""
    call(X)
    for megabytes in (0, 0.1, 1, 10):
        copy = X.copy()  # another layout
        full = size()
        blocks = tighten(full)
        resource.setrlimit(resource.RLIMIT_AS, (full + int(megabytes * 2**20), unlimited[1]))
        try:
            call(copy)
            ended["done"] += 1
        except MemoryError:
            ended["MemoryError"] += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, unlimited)
            for block in blocks:
                libc.free(block)
    call(X)


warnings.simplefilter("ignore")
unlimited = resource.getrlimit(resource.RLIMIT_AS)
answer = {}
for name in sys.argv[1:] or CALLS:
    answer[name] = ended = {"MemoryError": 0, "done": 0}
    thread = threading.Thread(target=count, args=(CALLS[name],))
    thread.start()
    thread.join()
print(json.dumps(answer))
