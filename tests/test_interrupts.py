"""An interrupt ends every long call within half a second and leaves an object as it was, ready for the next call."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from sklearn.base import clone

import pyreweight
from pyreweight import (
    AdaptiveDropoutClassifier,
    AdaptiveDropoutClassifierCV,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
)
from pyreweight.penalties import ARD, CustomDropout, CustomPenalty, TopK

pytestmark = [pytest.mark.machine, pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")]

RNG = np.random.default_rng(0)
X = np.asfortranarray(RNG.normal(size=(2000, 1500)))
Y = X[:, :200].sum(axis=1) + 5 * RNG.normal(size=2000)
TARGETS = np.column_stack([Y, X[:, 100:400].sum(axis=1), X[:, 50:90].sum(axis=1) + RNG.normal(size=2000)])
BINARY = np.where(Y + 15 * RNG.normal(size=2000) > 0, 1, 0)
CLASSES = np.argmax(TARGETS + 15 * RNG.normal(size=(2000, 3)), axis=1)
COUNTS = RNG.poisson(np.exp(Y / 20))
SLOW = {"alpha": 1e-3, "penalty": "log_sum", "tol": 1e-14, "max_iter": 10_000}
GRID = {"alphas": 300, "eps": 1e-4, "tol": 1e-14}


def sleepy(t):
    time.sleep(0.02)
    return 1 / (1 + t)


def regressor(y=Y, **parameters):
    return AdaptiveDropoutRegressor(**(SLOW | parameters)), y


CALLS = {
    "many targets": lambda: regressor(TARGETS),
    "huber": lambda: regressor(loss="huber"),
    "poisson": lambda: regressor(COUNTS, loss="poisson"),
    "groups": lambda: regressor(feature_groups=np.arange(1500) // 5),
    "alpha auto": lambda: regressor(alpha="auto"),
    "irls": lambda: regressor(solver="irls"),
    "top k": lambda: regressor(penalty=TopK(k=300)),
    "targeted dropout": lambda: regressor(penalty="targeted_dropout"),
    "ard": lambda: (AdaptiveDropoutRegressor(penalty=ARD(), tol=1e-14, max_iter=10_000), Y),
    "callback of a penalty": lambda: regressor(penalty=CustomPenalty(sleepy)),
    "callback of a strategy": lambda: regressor(penalty=CustomDropout(lambda t: sleepy(1 / np.maximum(t, 1e-9)))),
    "regressor cv": lambda: (AdaptiveDropoutRegressorCV(**GRID), Y),
    "regressor cv in threads": lambda: (AdaptiveDropoutRegressorCV(n_jobs=2, loss="huber", **GRID), Y),
    "logistic": lambda: (AdaptiveDropoutClassifier(**SLOW), BINARY),
    "softmax": lambda: (AdaptiveDropoutClassifier(**SLOW), CLASSES),
    "classifier cv": lambda: (AdaptiveDropoutClassifierCV(**GRID), BINARY),
    "softmax cv": lambda: (AdaptiveDropoutClassifierCV(**GRID), CLASSES),
    "path": lambda: lambda: pyreweight.dropout_path(X, Y, **GRID),
    "softmax path": lambda: lambda: pyreweight.dropout_path(X, CLASSES, loss="softmax", **GRID),
    "dropout training": lambda: lambda: pyreweight.dropout_training(X, Y, n_steps=2**31 - 1),
}


@pytest.fixture
def interrupted():
    """Function that repeats a call until a signal ends it; returns the seconds from the signal to the end."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    timers = []

    def measure(call, after):
        sent = []

        def send():
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)

        timers.append(threading.Timer(after, send))
        timers[-1].start()
        try:
            while not sent:
                call()
            raise AssertionError("the signal was lost")
        except KeyboardInterrupt:
            return time.perf_counter() - sent[0]
        finally:
            timers[-1].cancel()  # where the call failed otherwise

    yield measure
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGINT, previous)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("after", [0.15, pytest.param(1.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CALLS)
def test_interrupt(name, after, interrupted):
    made, fresh = CALLS[name](), []
    model, y = (None, None) if callable(made) else made

    def fit():
        fresh.append(clone(model))
        fresh[-1].fit(X, y)

    delay = interrupted(made if model is None else fit, after)
    busy = os.getloadavg()[0] / os.cpu_count()
    assert delay < 0.5 * max(1, busy), f"the interrupt took {delay:.2f} s"
    if model is not None:
        assert not hasattr(fresh[-1], "coef_"), "the interrupted object looks fitted"
        few = {"alphas": 3} if "alphas" in model.get_params() else {"feature_groups": None}
        assert np.all(np.isfinite(fresh[-1].set_params(**few, tol=1e-2).fit(X[:300, :8], y[:300]).coef_))
