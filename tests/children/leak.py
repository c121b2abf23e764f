"""Fits again and again; prints the resident memory in kB after the warm-up and at the end."""

import gc
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import pyreweight


def resident():
    gc.collect()
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


rng = np.random.default_rng(0)
X = rng.normal(size=(60, 30))
y = X[:, :3].sum(axis=1) + rng.normal(size=60)
labels = np.where(y > 0, "up", "down")
S = sp.random_array((60, 30), density=0.3, rng=rng, format="csr")
own = pyreweight.penalties.CustomPenalty(lambda t: 1 / (1 + t))


def refused():
    try:
        pyreweight.AdaptiveDropoutRegressor(alpha=-1.0).fit(X, y)
    except ValueError:
        return
    raise AssertionError("a negative alpha was accepted")


CALLS = (
    lambda: pyreweight.AdaptiveDropoutRegressor().fit(X, y).predict(X),
    lambda: pyreweight.AdaptiveDropoutRegressor(penalty="mcp", solver="irls").fit(X, y),
    lambda: pyreweight.AdaptiveDropoutRegressor(alpha=0.1).fit(S, y).predict(S),
    lambda: pyreweight.AdaptiveDropoutRegressor(alpha=0.1, penalty=own).fit(X, y),
    lambda: pyreweight.AdaptiveDropoutClassifier(alpha=0.05).fit(X, labels).predict_proba(X),
    lambda: pyreweight.dropout_path(X, y, alphas=5),
    lambda: pyreweight.AdaptiveDropoutRegressorCV(alphas=5, cv=3).fit(S, y),
    refused,
)
warnings.simplefilter("ignore")
fits = int(sys.argv[1])
for k in range(fits // 4):
    CALLS[k % len(CALLS)]()
before = resident()
for k in range(fits):
    CALLS[k % len(CALLS)]()
print(json.dumps({"before": before, "after": resident()}))
