"""Fits, forks, fits in the child; prints how the child ended and whether parent and child found the same."""

import json
import os
import signal

import numpy as np

from pyreweight import AdaptiveDropoutRegressor

rng = np.random.default_rng(0)
X = rng.standard_normal((700, 1100))
y = X[:, :20].sum(axis=1) + rng.standard_normal(700)


def fit():
    return AdaptiveDropoutRegressor(alpha=0.05, penalty="log_sum").fit(X, y).coef_


first = fit()
child = os.fork()
if child == 0:
    signal.alarm(60)  # ends a child that waits for a thread which did not survive the fork
    os._exit(0 if np.array_equal(fit(), first) else 1)
exit_code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"child": exit_code, "parent_again": bool(np.array_equal(fit(), first))}))
