"""Fits a large problem and prints peak memory, by how much the fit raised it, the size of X (bytes), features kept.

Argument: "tall" (1,000,000 x 200 dense), "sparse" (100,000 x 1,000,000 with 10 entries a row, 50 alphas), or a kind of
data of middle size: "float32 C", "float32 F", "CSC", "CSR".
"""

import json
import resource
import sys
from contextlib import suppress

import numpy as np
import scipy.sparse as sp

from pyreweight import AdaptiveDropoutRegressor, dropout_path


def peak():
    """Peak memory of this process image; ru_maxrss would still hold that of the process that started this one."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def tall():
    X = np.empty((1_000_000, 200))
    rng.standard_normal(out=X)
    y = X[:, :10].sum(axis=1) + rng.standard_normal(len(X))
    return size_of(X), lambda: [np.count_nonzero(AdaptiveDropoutRegressor().fit(X, y).coef_)]


def sparse():
    n, p, per_row = 100_000, 1_000_000, 10
    columns = rng.integers(p, size=(n, per_row))
    columns[:, 0] = rng.integers(50, size=n)
    starts = np.arange(0, n * per_row + 1, per_row)
    X = sp.csr_array((rng.standard_normal(n * per_row), columns.ravel(), starts), (n, p))
    y = X[:, :50] @ rng.uniform(1, 2, size=50) + 0.5 * rng.standard_normal(n)
    return size_of(X), lambda: np.diff(dropout_path(X, y, penalty="log_sum", alphas=50, eps=0.1).sparse_coefs_.indptr)


def middle(kind):
    if kind.startswith("float32"):
        X = np.empty((50_000, 500), dtype=np.float32, order=kind[-1])
        rng.standard_normal(out=X if kind[-1] == "C" else X.T, dtype=np.float32)
    else:
        X = sp.random_array((20_000, 20_000), density=0.01, rng=rng, format=kind.lower())
    y = X[:, :10].sum(axis=1) + rng.standard_normal(X.shape[0])
    model = AdaptiveDropoutRegressor(0.03, penalty="log_sum")
    return size_of(X), lambda: [np.count_nonzero(model.fit(X, y).coef_)]


def size_of(X):
    return sum(part.nbytes for part in (X.data, X.indices, X.indptr)) if sp.issparse(X) else X.nbytes


rng = np.random.default_rng(0)
AdaptiveDropoutRegressor(0.1).fit(sp.csr_array(np.eye(5)), np.arange(5.0))  # what a first fit imports
size, fit = {"tall": tall, "sparse": sparse}.get(sys.argv[1], lambda: middle(sys.argv[1]))()
with suppress(OSError), open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")  # the peak so far was that of making the data
before = peak()
kept = [int(count) for count in fit()]
print(json.dumps({"peak": peak(), "extra": peak() - before, "X": size, "kept": kept}))
