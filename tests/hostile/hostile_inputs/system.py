"""Classes 113 to 125: processes, threads, signals, memory, interpreters."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from sklearn.base import clone

from .table import case, ordinary


def bits(fitted):
    """Everything a fit is compared by, to the bit."""
    return fitted.coefs.tobytes(), np.asarray(fitted.intercepts).tobytes(), fitted.alphas.tobytes()


def in_child(subject, body, *, environment=None, flags=(), limit=60):
    """Run `body` in a fresh interpreter, with `fit()` the ordinary fit; it must end quietly and print "ok"."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from hostile_inputs.subjects import SUBJECTS\n"
        "from hostile_inputs.table import data, ordinary\n"
        "from hostile_inputs.system import bits\n"
        "import numpy as np\n"
        f"subject = SUBJECTS[{subject.name!r}]\n"
        "fit = lambda: bits(ordinary(subject).fit(subject))\n"
        f"{body}\nprint('ok')\n"
    )
    run = subprocess.run(
        [sys.executable, *flags, "-c", code],
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        timeout=limit,
    )
    assert run.returncode == 0 and run.stdout.endswith("ok\n"), f"{run.returncode}: {run.stderr[-600:]}"


def alone(number, name, body, **options):
    """Enter a class that is a piece of code in a process of its own."""

    @case(number, name, slow=True)
    def build(subject):
        in_child(subject, body, **options)
        return ()


@case(113, "fork after a fit")
def forked(subject):
    expected = bits(ordinary(subject).fit(subject))
    child = os.fork()
    if child == 0:
        os._exit(0 if bits(ordinary(subject).fit(subject)) == expected else 1)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0, f"the child ended with {status}"
            return ()
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the fit in the child hangs")


@case(114, "threads on shared data")
def threads(subject):
    trial = ordinary(subject)
    expected, results = bits(trial.fit(subject)), []
    workers = [threading.Thread(target=lambda: results.append(bits(subject.fit(trial.X, trial.y)))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert results == [expected] * 8
    return ()


alone(
    115,
    "spawn, joblib",
    "from joblib import Parallel, delayed\n"
    "import multiprocessing\n"
    "import pyreweight\n"
    "trial = ordinary(subject)\n"
    "def values(answer):\n"
    "    return answer.coefs_ if subject.make is None else answer.coef_\n"
    "call = pyreweight.dropout_path if subject.make is None else subject.make().fit\n"
    "expected = values(call(trial.X, trial.y))\n"
    "for backend in ('loky', 'threading', 'multiprocessing'):\n"
    "    for answer in Parallel(n_jobs=2, backend=backend)(delayed(call)(trial.X, trial.y) for _ in range(2)):\n"
    "        assert np.array_equal(values(answer), expected), backend\n"
    "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
    "    assert np.array_equal(values(pool.apply(call, (trial.X, trial.y))), expected)",
)


@case(116, "SIGINT during a fit")
def interrupted(subject):
    """The pool's children are processes of their own; their main thread is this one."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 1500))
    y = subject.targets(X[:, :40].sum(axis=1) + rng.normal(size=3000))
    if subject.grid:
        params = {"alphas": 300, "eps": 1e-4, "tol": 1e-14}
    else:
        params = {"alpha": 1e-4, "tol": 1e-14, "max_iter": 10_000, "penalty": "log_sum"}
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    sent = []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    model = subject.make(**params) if subject.make else None
    try:
        threading.Timer(0.3, send).start()
        while not sent:
            model.fit(X, y) if model else subject.fit(X, y, **params)
        raise AssertionError("the signal was lost")
    except KeyboardInterrupt:
        delay = time.perf_counter() - sent[0]
    finally:
        signal.signal(signal.SIGINT, previous)
    busy = os.getloadavg()[0] / os.cpu_count()
    assert delay < 0.5 * max(1, busy), f"the interrupt took {delay:.2f} s"
    assert model is None or not hasattr(model, "coef_"), "the interrupted object looks fitted"
    trial = ordinary(subject)
    if model:
        model.fit(trial.X, trial.y)
    yield trial


alone(
    117,
    "no memory",
    "import resource\n"
    "fit()\n"
    "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
    "X = np.random.default_rng(0).normal(size=(3000, 3000))\n"
    "y = subject.targets(X[:, 0] + 0.0)\n"
    "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
    "hard = resource.getrlimit(resource.RLIMIT_AS)[1]\n"
    "resource.setrlimit(resource.RLIMIT_AS, (used + 2**24, hard))\n"
    "try:\n"
    "    subject.fit(X, y, penalty='l2', **({'alphas': 3} if subject.grid else {'alpha': 0.1}))\n"
    "except MemoryError:\n"
    "    pass\n"
    "resource.setrlimit(resource.RLIMIT_AS, (hard, hard))\n"
    "fit()",
    environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
)


@case(118, "pickle and memory-mapped joblib")
def pickled(subject):
    import tempfile

    import joblib

    trial = ordinary(subject)
    fitted = trial.fit(subject)
    expected = fitted.predict(trial.X)
    models = [pickle.loads(pickle.dumps(fitted.model, protocol)) for protocol in range(2, 6)]
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.joblib")
        joblib.dump(fitted.model, file)
        models.append(joblib.load(file, mmap_mode="r"))
        for model in models:
            assert np.array_equal(_predict(subject, model, trial.X), expected)
            if subject.make:
                assert np.array_equal(model.fit(trial.X, trial.y).coef_, fitted.model.coef_)
    return ()


def _predict(subject, model, X):
    if subject.make is None:
        return model.predict(X, model.alphas_[-1])
    return model.decision_function(X) if subject.classifier else model.predict(X)


@case(119, "deepcopy and clone in mid-life")
def copied(subject):
    trial = ordinary(subject)
    fitted = trial.fit(subject)
    twin = copy.deepcopy(fitted.model)
    assert np.array_equal(_predict(subject, twin, trial.X), fitted.predict(trial.X))
    if subject.make:
        fresh = clone(fitted.model)
        assert not hasattr(fresh, "coef_")
        assert np.array_equal(fresh.fit(trial.X, trial.y).coef_, fitted.model.coef_)
        assert clone(subject.make(penalty="mcp")).penalty == "mcp"
    return ()


@case(120, "a fit inside a callback")
def recursive(subject):
    trial = ordinary(subject)
    expected, inside = bits(trial.fit(subject)), []

    class Fits:
        """Turns into an array by way of a fit."""

        shape = trial.X.shape

        def __len__(self):
            return len(trial.X)

        def __array__(self, dtype=None, copy=None):
            inside.append(bits(trial.fit(subject)))
            return np.array(trial.X)

    assert bits(subject.fit(Fits(), trial.y)) == expected
    assert inside
    assert set(inside) == {expected}
    return ()


alone(
    121,
    "decimal comma",
    "import locale\n"
    "expected = fit()\n"
    "for name in ('de_DE.UTF-8', 'fr_FR.UTF-8', 'de_DE'):\n"
    "    try:\n"
    "        locale.setlocale(locale.LC_ALL, name)\n"
    "    except locale.Error:\n"
    "        continue\n"
    "assert fit() == expected",
)
alone(
    122,
    "denormals flushed to zero by another library",
    "import ctypes, platform\n"
    "expected = fit()\n"
    "libm = ctypes.CDLL('libm.so.6')\n"
    "buffer = ctypes.create_string_buffer(32)\n"
    "if platform.machine() == 'x86_64':\n"
    "    libm.fegetenv(buffer)\n"
    "    word = int.from_bytes(buffer.raw[28:32], 'little') | 0x8040\n"
    "    changed = buffer.raw[:28] + word.to_bytes(4, 'little')\n"
    "    libm.fesetenv(ctypes.create_string_buffer(changed, 32))\n"
    "import warnings\n"
    "warnings.simplefilter('ignore')\n"
    "trial = ordinary(subject)\n"
    "answer = subject.fit(trial.X, trial.y).intercepts\n"
    "assert np.allclose(answer, np.frombuffer(expected[1]), rtol=1e-9)",
)


@case(123, "OMP_NUM_THREADS of 0 and of 1e6", slow=True)
def thread_numbers(subject):
    for number in ("0", "1000000"):
        in_child(subject, "fit()", environment={"OMP_NUM_THREADS": number})
    return ()


@case(124, "python -O, -OO and -W error", slow=True)
def interpreter_flags(subject):
    for flags in (["-O"], ["-OO"], ["-W", "error", "-W", "ignore::DeprecationWarning"], ["-X", "dev"]):
        in_child(subject, "fit()", flags=flags)
    return ()


@case(125, "import in a sub-interpreter", slow=True)
def sub_interpreter(subject):
    in_child(
        subject,
        "try:\n    import _xxsubinterpreters as sub\nexcept ImportError:\n    import _interpreters as sub\n"
        "it = sub.create()\n"
        "try:\n    sub.run_string(it, 'import pyreweight._core')\n"
        "except Exception as error:\n    assert 'mport' in str(error), error\n"
        "sub.destroy(it)\nfit()",
    )
    return ()
