"""Fits a large problem and prints peak memory in bytes, that of X, seconds and the features kept.

Argument: "tall" (1,000,000 x 200 dense) or "sparse" (100,000 x 1,000,000 with 10 entries a row, 50 alphas).
"""

import json
import resource
import sys
import time

import numpy as np
import scipy.sparse as sp

from pyreweight import AdaptiveDropoutRegressor


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
    start = time.perf_counter()
    model = AdaptiveDropoutRegressor().fit(X, y)
    return X.nbytes, time.perf_counter() - start, [int(np.count_nonzero(model.coef_))]


def sparse():
    n, p, per_row = 100_000, 1_000_000, 10
    columns = rng.integers(p, size=(n, per_row))
    columns[:, 0] = rng.integers(50, size=n)
    X = sp.csr_array(
        (rng.standard_normal(n * per_row), columns.ravel(), np.arange(0, n * per_row + 1, per_row)), (n, p)
    )
    y = X[:, :50] @ rng.uniform(1, 2, size=50) + 0.5 * rng.standard_normal(n)
    start = time.perf_counter()
    centred = y - y.mean()
    kept, d = [], np.sqrt(X.power(2).mean(axis=0) - np.square(X.mean(axis=0)))
    top = np.abs((X.T @ centred / n)[d > 0] / d[d > 0]).max()
    model = AdaptiveDropoutRegressor(penalty="log_sum", warm_start=True)
    for alpha in top * np.geomspace(1, 0.1, 50):
        model.set_params(alpha=alpha).fit(X, y)
        kept.append(int(np.count_nonzero(model.coef_)))
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes, time.perf_counter() - start, kept


rng = np.random.default_rng(0)
size, seconds, kept = {"tall": tall, "sparse": sparse}[sys.argv[1]]()
print(json.dumps({"peak": peak(), "X": size, "seconds": seconds, "kept": kept}))
