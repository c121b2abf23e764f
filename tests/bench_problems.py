"""What the tests of the benchmark share: small problems, and a solver that does nothing."""

import sys
from pathlib import Path

import numpy as np

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench import objective
from bench.datasets import simulated
from bench.problem import Problem, prepare
from bench.solvers import SOLVERS, Solver

NAMED = {solver.name: solver for solver in SOLVERS}


def make(penalty="l1", loss="squared", ratio=10, n=60, p=90, is_sparse=False, n_alphas=1):
    generate = simulated.text_like if is_sparse else simulated.gaussian
    shape = {"per_column": 12} if is_sparse else {"rho": 0.5}
    X, y = generate(None, n, p, n_nonzero=8, **shape)
    X, y = prepare(X, np.where(y > 0, 1.0, -1.0) if loss == "logistic" else y, loss)
    top = objective.alpha_max(X, y, loss)
    alphas = top * np.geomspace(1, 1 / ratio, n_alphas) if n_alphas > 1 else np.array([top / ratio])
    return Problem(X, y, alphas, loss, penalty)


class Zero(Solver):
    name, package = "zero", "numpy"
    penalties, losses = ("l1", "mcp"), ("squared",)

    def run(self, problem, tol):
        return np.zeros((problem.shape[1], len(problem.alphas)))
