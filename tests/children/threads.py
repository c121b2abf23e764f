"""Prints the bits of several fits, and the number of threads that this process has afterwards."""

import json
import os
import warnings

import numpy as np

from pyreweight import AdaptiveDropoutRegressor

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
X = rng.standard_normal((700, 1100))
y = X[:, :20].sum(axis=1) + rng.standard_normal(700)
bits = {}
for order in "CF":
    for solver in ("auto", "irls"):
        for p in (300, 1100):
            model = AdaptiveDropoutRegressor(alpha=0.05, penalty="log_sum", solver=solver, max_iter=10)
            model.fit(np.array(X[:, :p], order=order), y)
            bits[f"{order} {solver} {p}"] = [float(c).hex() for c in (*model.coef_, model.intercept_)]
tasks = "/proc/self/task"
print(json.dumps({"threads": len(os.listdir(tasks)) if os.path.exists(tasks) else None, "bits": bits}))
