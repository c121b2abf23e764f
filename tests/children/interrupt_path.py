"""Sends SIGINT to itself while paths are computed; prints what became of them and of their threads.

Argument: n_jobs of a cross-validation, or 0 for one path.
"""

import json
import os
import signal
import sys
import threading
import time

import numpy as np

from pyreweight import AdaptiveDropoutRegressorCV, dropout_path

n_jobs = int(sys.argv[1])
rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((1000, 4000)))
y = X[:, :300].sum(axis=1) + rng.standard_normal(1000)
model = AdaptiveDropoutRegressorCV(penalty="mcp", n_jobs=n_jobs)
sent: list[float] = []


def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)


# A process started in the background of a shell ignores SIGINT, and so do its children unless they say otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.5, interrupt).start()
interrupted = False
try:
    while not sent:
        if n_jobs == 0:
            dropout_path(X, y, penalty="mcp", eps=1e-4)
        else:
            model.fit(X, y)
except KeyboardInterrupt:
    interrupted = True
delay = time.perf_counter() - sent[0]
end = time.perf_counter() + 5
while threading.active_count() > 1 and time.perf_counter() < end:
    time.sleep(0.01)
answer = {"interrupted": interrupted, "delay": delay, "threads": threading.active_count()}
answer["stopped_after"] = time.perf_counter() - sent[0]
answer["fitted"] = hasattr(model, "coef_")
print(json.dumps(answer))
