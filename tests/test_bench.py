"""The benchmark judges what solvers return rightly; its figures are not checked here."""

import numpy as np
import pytest
from bench_problems import NAMED, Zero, make
from scipy import sparse
from sklearn.linear_model import Lasso, LogisticRegression

from bench import objective, timing
from bench.datasets import simulated
from bench.problem import Problem, prepare
from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import MCP, SCAD, LogSum, Lp

PENALTIES = {"mcp": MCP(gamma=objective.MCP_GAMMA), "scad": SCAD(a=objective.SCAD_A), "log_sum": LogSum(), "lp": Lp()}


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_gap_is_zero_at_the_optimum_and_bounds_the_excess_elsewhere(loss, is_sparse):
    problem = make(loss=loss, is_sparse=is_sparse, n=200, p=40)
    alpha, n = problem.alphas[0], len(problem.y)
    if loss == "squared":
        model = Lasso(alpha, fit_intercept=False, tol=1e-14, max_iter=1_000_000)
    else:
        model = LogisticRegression(C=1 / (n * alpha), l1_ratio=1.0, solver="liblinear", fit_intercept=False, tol=1e-8)
    coef = model.fit(problem.X, problem.y).coef_.reshape(-1, 1)
    value = problem.values(coef)[0]
    assert problem.gaps(coef)[0] == pytest.approx(0, abs=1e-7 * value)
    assert problem.kkt(coef)[0] <= 1e-4
    rng = np.random.default_rng(0)
    for size in (1e-4, 1e-2, 1.0):
        other = coef + size * rng.standard_normal(coef.shape)
        excess = problem.values(other)[0] - value
        assert excess > 0
        assert problem.gaps(other)[0] >= excess


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_columns_are_judged_one_by_one(loss):
    problem = make(loss=loss, n_alphas=3)
    coefs = np.random.default_rng(0).standard_normal((problem.shape[1], 3)) * [0.0, 0.1, 1.0]
    for i in range(3):
        single = Problem(problem.X, problem.y, problem.alphas[[i]], loss)
        for judge in ("values", "gaps", "kkt"):
            together = getattr(problem, judge)(coefs)[i]
            assert together == pytest.approx(getattr(single, judge)(coefs[:, [i]])[0], rel=1e-12, abs=1e-15)


def test_alpha_max_is_where_the_solution_becomes_zero():
    problem = make()
    X, y = problem.X, problem.y
    top = objective.alpha_max(X, y)
    gap = Problem(X, y, np.array([top])).gaps(np.zeros((X.shape[1], 1)))
    assert gap == pytest.approx(0, abs=1e-12 * (y @ y) / len(y))
    assert not Lasso(1.001 * top, fit_intercept=False, tol=1e-10).fit(X, y).coef_.any()
    assert Lasso(0.99 * top, fit_intercept=False, tol=1e-10).fit(X, y).coef_.any()


@pytest.mark.parametrize("name", sorted(PENALTIES))
def test_nonconvex_penalties_are_those_of_the_package(name):
    value, slope = objective.PENALTIES[name]
    t, alpha = np.geomspace(1e-3, 10, 60), 0.3
    np.testing.assert_allclose(value(t, alpha), PENALTIES[name].value(t, alpha), rtol=1e-12)
    np.testing.assert_allclose(slope(t, alpha), PENALTIES[name].derivative(t, alpha), rtol=1e-12, atol=1e-15)
    step = 1e-6 * t
    difference = (value(t + step, alpha) - value(t - step, alpha)) / (2 * step)
    np.testing.assert_allclose(slope(t, alpha), difference, rtol=1e-5, atol=1e-6)


def test_stationarity_sees_what_is_wrong():
    problem = make("mcp")
    coef = (
        AdaptiveDropoutRegressor(problem.alphas[0], penalty="mcp", standardize=False, fit_intercept=False, tol=1e-12)
        .fit(problem.X, problem.y)
        .coef_[:, None]
    )
    assert problem.kkt(coef)[0] <= 1e-9
    moved, emptied = coef.copy(), coef.copy()
    moved[np.argmax(np.abs(coef))] *= 1.01
    emptied[np.argmax(np.abs(coef))] = 0
    assert problem.kkt(moved)[0] > 1e-3
    assert problem.kkt(emptied)[0] > 1e-1


def test_simulated_designs_are_as_asked_for():
    X, _ = simulated.gaussian(None, 20_000, 60, rho=0.6)
    correlation = np.corrcoef(X[:, :3], rowvar=False)
    np.testing.assert_allclose(correlation[0], [1, 0.6, 0.36], atol=0.03)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=0.03)
    X, _ = simulated.text_like(None, 2000, 500, per_column=20, n_nonzero=5)
    assert sparse.issparse(X)
    assert X.nnz == pytest.approx(20 * 500, rel=0.01)
    _, y = simulated.labels(None, simulated.gaussian, n=100, p=20, rho=0.5, n_nonzero=5)
    assert set(y) == {-1.0, 1.0}


def test_preparation_leaves_nothing_to_standardise():
    X, y = prepare(np.column_stack([np.arange(6.0), np.ones(6), np.arange(6.0) ** 2]), np.arange(6.0))
    assert X.shape == (6, 2)
    assert X.flags.f_contiguous
    np.testing.assert_allclose([X.mean(axis=0), X.std(axis=0)], [[0, 0], [1, 1]], atol=1e-12)
    assert y.mean() == pytest.approx(0)
    X, _ = prepare(sparse.csr_array(np.array([[0.0, 3.0, 0.0], [4.0, 0.0, 0.0]])), np.arange(2.0))
    assert X.shape == (2, 2)
    np.testing.assert_allclose(X.multiply(X).mean(axis=0), 1)


CASES = [
    *(("l1", "squared", False, k) for k in (1, 5)),
    ("l1", "squared", True, 1),
    *(("l1", "logistic", False, k) for k in (1, 5)),
    *((name, "squared", False, 1) for name in PENALTIES),
]
# Those that compile at run time are tried on one problem of their kind only.
COMPILING = {"skglm", "skglm-gram"}


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("name", [n for n in NAMED if n not in COMPILING])
def test_every_solver_solves_the_objective_and_leaves_its_input(name, case):
    check_solver(NAMED[name], *case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("name", sorted(COMPILING))
def test_every_compiling_solver_solves_the_objective_and_leaves_its_input(name, case):
    check_solver(NAMED[name], *case)


def check_solver(solver, penalty, loss, is_sparse, n_alphas):
    problem = make(penalty, loss, ratio=5, n=200, p=40, is_sparse=is_sparse, n_alphas=n_alphas)
    if reason := solver.skip(problem):
        pytest.skip(reason)
    before = problem.X.copy(), problem.y.copy()
    coefs, seconds = timing.run(solver, problem, 1e-10 if loss == "squared" else 1e-7, 60)
    assert seconds > 0
    if problem.convex:
        # A path that stops early or another scaling of the objective is far from this.
        assert np.all(problem.gaps(coefs) <= 1e-4 * problem.values(coefs))
    else:
        assert np.all(problem.kkt(coefs) <= 1e-2)
        assert coefs.any()
    difference = abs(problem.X - before[0])
    assert difference.max() == 0
    np.testing.assert_array_equal(problem.y, before[1])


def test_skip_reasons(monkeypatch):
    assert NAMED["celer"].skip(make("mcp")) in ("no mcp penalty", "celer is not installed")
    assert NAMED["sklearn"].skip(make(loss="logistic")) == "no logistic loss"
    assert "Gram" in NAMED["sklearn-gram"].skip(make())
    monkeypatch.setattr(Zero, "package", "no_such_package")
    assert Zero().skip(make()) == "no_such_package is not installed"
