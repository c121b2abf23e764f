"""The softmax problem of the benchmark judges answers by itself, and its solvers solve the same problem."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench.objective import Objective, alpha_max
from bench.problem import prepare
from bench.softmax import SoftmaxProblem
from bench.solvers import SOLVERS


@pytest.fixture(scope="module")
def problem():
    X, y = load_digits(n_class=4, return_X_y=True)
    X, y = prepare(X[:150, :30], y[:150].astype(float), "softmax")
    return SoftmaxProblem(X, y, np.array([0.1 * alpha_max(X, y, "softmax")]), "softmax")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["pyreweight", "saga", "lbfgs-split"])
def test_solvers_reach_the_certified_optimum(problem, name):
    (solver,) = (s for s in SOLVERS if s.name == name)
    assert solver.skip(problem) == ""
    coefs = solver.run(problem, 1e-6)
    assert coefs.shape == (problem.coefficients, 1)
    assert -1e-12 <= problem.gaps(coefs)[0] <= 1e-4 * problem.values(coefs)[0]


def test_gap_bounds_the_excess(problem):
    best = SOLVERS[0].run(problem, 1e-10)
    assert abs(problem.gaps(best)[0]) <= 1e-12
    worse = best + 0.01 * np.random.default_rng(0).normal(size=best.shape)
    excess = problem.values(worse)[0] - problem.values(best)[0]
    assert 1e-4 < excess <= problem.gaps(worse)[0]


def test_nothing_remains_at_alpha_max(problem):
    for factor, empty in ((1.001, True), (0.99, False)):
        at = SoftmaxProblem(problem.X, problem.y, np.array([factor * 10 * problem.alphas[0]]), "softmax")
        assert (not SOLVERS[0].run(at, 1e-8).any()) is empty


def test_two_classes_are_the_logistic_problem_with_coefficients_in_halves():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 6)), (rng.random(40) < 0.5).astype(float)
    w, alpha = rng.normal(size=(6, 1)), np.array([0.1])
    both = SoftmaxProblem(X, y, alpha, "softmax").values(np.vstack([-w / 2, w / 2]))
    assert_allclose(both, Objective(X, 2 * y - 1, alpha, "logistic").values(w), rtol=1e-14)
