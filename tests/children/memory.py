"""Prints by how much a fit raises the peak memory, as a share of the size of X, and the number of features kept.

Argument: the memory order of X, C or F.
"""

import json
import sys

import numpy as np

from pyreweight import AdaptiveDropoutRegressor


def peak():
    """Peak memory of this process image; ru_maxrss would still hold that of the process that started this one."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


order, size = sys.argv[1], 5000
rng = np.random.default_rng(0)
X = np.empty((size, size), order=order)
rng.standard_normal(out=X if order == "C" else X.T)
y = X[:, :10].sum(axis=1) + rng.standard_normal(size)
alpha_max = np.abs(X.T @ (y - y.mean())).max() / size
model = AdaptiveDropoutRegressor(alpha=0.7 * alpha_max, penalty="log_sum")
model.fit(X[:50, :20].copy(order=order), y[:50])
before = peak()
model.fit(X, y)
print(json.dumps({"extra": (peak() - before) / X.nbytes, "kept": int(np.count_nonzero(model.coef_))}))
