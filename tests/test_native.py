"""The compiled core as the operating system sees it: instruction sets, import, GIL, signals, memory, threads, fork."""

import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info

import pyreweight
from pyreweight import _core

CHILDREN = Path(__file__).parent / "children"


def run(cwd, *command, timeout=120, **environment):
    """What a child interpreter prints as JSON; in an empty folder, so that it imports what this process imported."""
    child = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def binary(name):
    """Path of a compiled module, None where it was not built."""
    spec = importlib.util.find_spec(f"pyreweight.{name}")
    return None if spec is None else Path(spec.origin)


needs_v3 = pytest.mark.skipif(
    binary("_core_v3") is None or not _core.supports_v3(), reason="no x86-64-v3 module, or a processor without AVX2"
)

# Instruction sets

PENALTIES = """
import json, numpy as np
from pyreweight import _native, penalties
t = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 300)])
answers = {}
for name in _native.core.penalty_names():
    penalty = penalties.get_penalty(name)
    for face in ("value", "derivative", "eta", "keep_prob", "conjugate", "prox"):
        answers[f"{name}.{face}"] = np.nan_to_num(getattr(penalty, face)(t, alpha=0.3)).tolist()
print(json.dumps([_native.core.__name__, answers]))
"""

FIT = """
import json, warnings
from sklearn.datasets import load_diabetes
from pyreweight import AdaptiveDropoutRegressor, _native
X, y = load_diabetes(return_X_y=True)
answers = {}
for penalty in _native.core.penalty_names():
    for solver in ("auto", "irls"):
        model = AdaptiveDropoutRegressor(penalty=penalty, alpha=2.0, solver=solver, max_iter=30)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        answers[f"{penalty}.{solver}"] = [*model.coef_, model.intercept_, model.objective_]
print(json.dumps([_native.core.__name__, answers]))
"""


@needs_v3
@pytest.mark.parametrize("code", [PENALTIES, FIT], ids=["penalties", "fit"])
def test_both_instruction_sets_give_the_same_answers(code, tmp_path):
    name, expected = run(tmp_path, "-c", code, PYREWEIGHT_ISA="baseline")
    name_v3, answers = run(tmp_path, "-c", code, PYREWEIGHT_ISA="v3")
    assert (name, name_v3) == ("pyreweight._core", "pyreweight._core_v3")
    assert expected.keys() == answers.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(answers[key], value, rtol=1e-9, atol=1e-12 * np.abs(value).max(), err_msg=key)


@needs_v3
def test_the_processor_decides_by_default(tmp_path):
    code = "import json; from pyreweight import _native; print(json.dumps(_native.core.__name__))"
    assert run(tmp_path, "-c", code, PYREWEIGHT_ISA="") == "pyreweight._core_v3"


def test_unknown_instruction_set_is_refused(tmp_path):
    code = """
import json
try:
    import pyreweight
except ImportError as error:
    print(json.dumps(str(error)))
"""
    message = run(tmp_path, "-c", code, PYREWEIGHT_ISA="avx1024")
    assert "PYREWEIGHT_ISA" in message
    assert "avx1024" in message


def vector_instructions(path):
    """AVX instructions of a binary: those on ymm or zmm registers, and any with a VEX (v...) mnemonic."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    instructions = [line.split("\t", 1)[1] for line in listing.splitlines() if "\t" in line]
    assert len(instructions) > 10_000
    wide = [i for i in instructions if re.search(r"%[yz]mm\d", i)]
    # verr, verw and the virtual machine instructions also begin with v.
    vex = [i for i in instructions if re.match(r"v(?!er[rw]\b|m[a-z]*\s*$|mread|mwrite|mptr|mclear)", i)]
    return wide, vex


@pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is missing")
@needs_v3
def test_baseline_holds_no_avx():
    assert vector_instructions(binary("_core")) == ([], [])
    wide, vex = vector_instructions(binary("_core_v3"))
    assert len(wide) > 100
    assert len(vex) > len(wide)


# Import


@pytest.mark.machine
def test_import_is_quick_and_light(tmp_path):
    code = """
import json, sys, time
import sklearn.linear_model
before = set(sys.modules)
start = time.perf_counter()
import pyreweight
seconds = time.perf_counter() - start
print(json.dumps([seconds, sorted({name.partition(".")[0] for name in set(sys.modules) - before})]))
"""
    runs = [run(tmp_path, "-c", code) for _ in range(3)]
    assert statistics.median(seconds for seconds, _ in runs) < 1.0
    assert set(runs[0][1]) - sys.stdlib_module_names == {"pyreweight"}


def test_import_and_fit_need_no_optional_package(tmp_path):
    code = """
import json, sys
sys.modules["pandas"] = sys.modules["matplotlib"] = None  # importing them now fails
from sklearn.datasets import load_diabetes
from pyreweight import AdaptiveDropoutRegressor
print(json.dumps(AdaptiveDropoutRegressor().fit(*load_diabetes(return_X_y=True)).coef_.size))
"""
    assert run(tmp_path, "-c", code) == 10


# A long fit: it holds no lock, can be stopped, copies nothing


def long_problem(n, p):
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.standard_normal((n, p)))
    return X, X[:, :20].sum(axis=1) + rng.standard_normal(n)


@pytest.mark.machine
@pytest.mark.parametrize(("solver", "max_iter"), [("auto", 20), ("irls", 9)])
def test_other_threads_run_during_a_fit(solver, max_iter):
    X, y = long_problem(1500, 2000)
    model = pyreweight.AdaptiveDropoutRegressor(alpha=0.01, penalty="log_sum", solver=solver, max_iter=max_iter)
    stop, ticks = threading.Event(), []

    def beat():
        while not stop.wait(0.005):
            ticks.append(time.perf_counter())

    heart = threading.Thread(target=beat)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        heart.start()
        start = time.perf_counter()
        model.fit(X, y)
        end = time.perf_counter()
        stop.set()
        heart.join()
    inside = [start, *(tick for tick in ticks if start < tick < end), end]
    assert end - start > 0.5, "too short a fit to tell"
    assert max(np.diff(inside)) < 0.25


@pytest.mark.machine
@pytest.mark.parametrize("after", [0.2, pytest.param(1.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", [(4000, 4000), (1000, 20_000), (50_000, 500)], ids=str)
@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_interrupt_stops_a_fit_within_half_a_second(solver, shape, after, tmp_path):
    answer = run(tmp_path, CHILDREN / "interrupt.py", solver, *shape, after)
    assert answer["interrupted"]
    assert answer["sent_after"] < after + 0.3, "the timer could not run: the fit holds the GIL"
    assert answer["delay"] < 0.5
    assert not answer["fitted"]
    assert answer["works_again"]


@pytest.mark.machine
@pytest.mark.parametrize("n_jobs", [0, 2])
def test_interrupt_stops_paths_and_their_threads(n_jobs, tmp_path):
    answer = run(tmp_path, CHILDREN / "interrupt_path.py", n_jobs)
    assert answer["interrupted"]
    assert answer["delay"] < 0.5
    assert answer["threads"] == 1
    assert answer["stopped_after"] < 1.5
    assert not answer["fitted"]


@pytest.mark.machine
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
@pytest.mark.parametrize("order", ["F", "C"])
def test_fit_does_not_copy_X(order, tmp_path):
    answer = run(tmp_path, CHILDREN / "memory.py", order, OMP_NUM_THREADS="2")
    assert answer["kept"] > 0
    assert answer["extra"] < 0.3


@pytest.mark.machine
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the resident memory from /proc")
def test_two_thousand_fits_leak_nothing(tmp_path):
    answer = run(tmp_path, CHILDREN / "leak.py", 2000)
    assert answer["after"] <= 1.01 * answer["before"]


# Threads and processes


def test_global_thread_settings_are_left_alone():
    def settings():
        return sorted((pool["filepath"], pool["num_threads"]) for pool in threadpool_info())

    before, openmp = settings(), os.environ.get("OMP_NUM_THREADS")
    X, y = load_diabetes(return_X_y=True)
    pyreweight.AdaptiveDropoutRegressor(alpha=1.0).fit(X, y)
    assert before
    assert settings() == before
    assert os.environ.get("OMP_NUM_THREADS") == openmp


def test_same_bits_for_any_number_of_threads(tmp_path):
    one, two = (
        run(tmp_path, CHILDREN / "threads.py", OMP_NUM_THREADS=count, OPENBLAS_NUM_THREADS="1") for count in ("1", "2")
    )
    assert one["bits"] == two["bits"]
    has_openmp = re.search(rb"GOMP_parallel|__kmpc_fork_call", binary("_core").read_bytes())
    if has_openmp and one["threads"] is not None:
        assert two["threads"] > one["threads"], "the second run used one thread only"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_fit_works_after_fork(tmp_path):
    answer = run(tmp_path, CHILDREN / "fork.py", OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="1")
    assert answer == {"child": 0, "parent_again": True}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts the threads of a process in /proc")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs a second processor")
def test_workers_of_a_grid_search_share_the_processors(tmp_path, monkeypatch):
    """joblib tells each worker how many threads it may have; a fit in one has no more."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # joblib leaves what it finds
    answer = run(tmp_path, CHILDREN / "grid_search.py", os.cpu_count())
    assert answer["alone"] > 0, "a fit uses one thread only"
    assert answer["inside"] == [0] * 4
    assert answer["same"]
