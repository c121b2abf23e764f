"""Sends SIGINT to itself during fit after fit of a large problem; prints what became of it and of the model.

Arguments: solver, number of rows, number of columns, seconds until the signal.
"""

import json
import os
import signal
import sys
import threading
import time

import numpy as np

from pyreweight import AdaptiveDropoutRegressor

solver, n, p, after = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((n, p)))
y = X[:, :20].sum(axis=1) + rng.standard_normal(n)
small, small_y = X[:100, :10].copy(), y[:100]
reference = AdaptiveDropoutRegressor(alpha=0.1, penalty="log_sum", solver=solver).fit(small, small_y)
sent: list[float] = []


def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)


# A process started in the background of a shell ignores SIGINT, and so do its children unless they say otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)
start = time.perf_counter()
threading.Timer(after, interrupt).start()
interrupted = False
try:
    while not sent:
        model = AdaptiveDropoutRegressor(alpha=1e-3, penalty="log_sum", solver=solver, max_iter=10_000, tol=1e-14)
        model.fit(X, y)
except KeyboardInterrupt:
    interrupted = True
answer = {
    "interrupted": interrupted,
    "sent_after": sent[0] - start if sent else None,
    "delay": time.perf_counter() - sent[0] if sent else None,
    "fitted": hasattr(model, "coef_"),
}
model.set_params(alpha=0.1, max_iter=100, tol=1e-6).fit(small, small_y)
answer["works_again"] = bool(np.array_equal(model.coef_, reference.coef_))
print(json.dumps(answer))
