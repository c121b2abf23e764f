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
X = rng.normal(size=(40, 12))
y = X[:, :3].sum(axis=1) + rng.normal(size=40)
labels = np.where(y > 0, "up", "down")
classes = np.digitize(y, [-1, 1])
S = sp.random_array((40, 12), density=0.3, rng=rng, format="csr")
own = pyreweight.penalties.CustomPenalty(lambda t: 1 / (1 + t))


def refused():
    try:
        pyreweight.AdaptiveDropoutRegressor(alpha=-1.0).fit(X, y)
    except ValueError:
        return
    raise AssertionError("a negative alpha was accepted")


def nothing(t):
    return None


def broken():
    try:
        pyreweight.AdaptiveDropoutRegressor(alpha=0.1, penalty=pyreweight.penalties.CustomPenalty(nothing)).fit(X, y)
    except ValueError:
        return
    raise AssertionError("a function that returns None was accepted")


CALLS = (
    lambda: pyreweight.AdaptiveDropoutRegressor().fit(X, y).predict(X),
    lambda: pyreweight.AdaptiveDropoutRegressor(penalty="mcp", solver="irls").fit(X, y),
    lambda: pyreweight.AdaptiveDropoutRegressor(alpha=0.1).fit(S, y).predict(S),
    lambda: pyreweight.AdaptiveDropoutRegressor(alpha=0.1, penalty=own).fit(X, y),
    lambda: pyreweight.AdaptiveDropoutClassifier(alpha=0.05).fit(X, labels).predict_proba(X),
    lambda: pyreweight.AdaptiveDropoutClassifier(alpha=0.05).fit(X, classes).predict_proba(X),
    lambda: pyreweight.AdaptiveDropoutRegressor(alpha=0.1, feature_groups=np.arange(12) // 3).fit(X, y),
    lambda: pyreweight.AdaptiveDropoutRegressor(penalty=pyreweight.penalties.TopK(3)).fit(X, y),
    lambda: pyreweight.AdaptiveDropoutRegressor(penalty="ard").fit(X, y).predict(X, return_std=True),
    lambda: pyreweight.AdaptiveDropoutRegressor(alpha=0.1, loss="huber").fit(X, np.column_stack([y, -y])),
    lambda: pyreweight.dropout_training(X, y, n_steps=50, random_state=0),
    lambda: pyreweight.dropout_path(X, y, alphas=5),
    lambda: pyreweight.dropout_path(X, classes, loss="softmax", alphas=3, eps=0.1),
    lambda: pyreweight.AdaptiveDropoutClassifierCV(alphas=3, eps=0.1, cv=2).fit(X, labels),
    lambda: pyreweight.AdaptiveDropoutRegressorCV(alphas=5, cv=3).fit(S, y),
    refused,
    broken,
)
warnings.simplefilter("ignore")
fits = int(sys.argv[1])
for k in range(fits // 4):
    CALLS[k % len(CALLS)]()
before = resident()
for k in range(fits):
    CALLS[k % len(CALLS)]()
print(json.dumps({"before": before, "after": resident()}))
