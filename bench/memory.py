"""Peak memory of one solve above its input, in a child process.

``python -m bench.memory FOLDER SOLVER TOL`` is the child: it loads the problem from ``FOLDER`` without temporaries.
"""

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy import sparse

from .datasets.simulated import gaussian
from .objective import alpha_max
from .problem import Problem, prepare
from .solvers import SOLVERS
from .timing import run


def save(problem, folder):
    """Write the problem so that ``load_back`` needs no more memory than the arrays themselves."""
    parts = {"y": problem.y, "alphas": problem.alphas}
    X = problem.X
    parts |= {"data": X.data, "indices": X.indices, "indptr": X.indptr} if problem.sparse else {"X": X}
    for name, array in parts.items():
        np.save(folder / f"{name}.npy", array)
    settings = {"loss": problem.loss, "penalty": problem.penalty, "shape": problem.shape}
    (folder / "settings.json").write_text(json.dumps(settings))


def load_back(folder):
    """Return the problem ``save`` wrote."""
    settings = json.loads((folder / "settings.json").read_text())
    arrays = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    if "X" not in arrays:
        parts = arrays["data"], arrays["indices"], arrays["indptr"]
        arrays["X"] = sparse.csc_array(parts, shape=settings["shape"])
    return Problem(arrays["X"], arrays["y"], arrays["alphas"], settings["loss"], settings["penalty"])


def small_twin(problem):
    """Make a tiny problem of the same kind: solving it first loads and compiles everything."""
    X, y = prepare(*gaussian(None, 40, 20, 0.5, n_nonzero=5), problem.loss)
    X = sparse.csc_array(X) if problem.sparse else X
    y = np.where(y > y.mean(), 1.0, -1.0) if problem.loss == "logistic" else y
    top = alpha_max(X, y, problem.loss)
    return Problem(X, y, problem.alphas / problem.alphas[0] * top / 2, problem.loss, problem.penalty)


def reset_peak():
    """Forget the peak so far, where the system can (Linux): imports and compilation needed more than remains."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib():
    """Peak resident memory of this process; on Linux without what the parent had, which ``getrusage`` counts too."""
    try:
        (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(folder, name, tol):
    """Print the MiB the solver needed above what was there before."""
    (solver,) = (s for s in SOLVERS if s.name == name)
    problem = load_back(Path(folder))
    run(solver, small_twin(problem), tol, 600)
    reset_peak()
    before = peak_mib()
    run(solver, problem, tol, 600)
    print(peak_mib() - before)


def above_input(solvers, problem, tol=1e-6):
    """MiB of X, and of each solver above it; nan where the child failed."""
    X = problem.X
    size = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes if problem.sparse else X.nbytes
    row = {"X [MiB]": size / 2**20}
    with tempfile.TemporaryDirectory() as folder:
        save(problem, Path(folder))
        for solver in solvers:
            command = [sys.executable, "-m", "bench.memory", folder, solver.name, str(tol)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[1]
            )
            # The last line: an editable installation may report its build before.
            row[solver.name] = float(done.stdout.splitlines()[-1]) if done.returncode == 0 else np.nan
    return row


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2], float(sys.argv[3]))
