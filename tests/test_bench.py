"""The benchmark judges solvers rightly and runs; its figures are not checked here."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LassoCV, LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import MCP, SCAD, LogSum, Lp

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench import auto_rule, memory, nonconvex, objective, tables, timing, workloads
from bench.__main__ import main
from bench.datasets import DATASETS, simulated
from bench.problem import Problem, Workload, prepare
from bench.solvers import SOLVERS, Solver

PENALTIES = {"mcp": MCP(gamma=objective.MCP_GAMMA), "scad": SCAD(a=objective.SCAD_A), "log_sum": LogSum(), "lp": Lp()}
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


class Broken(Zero):
    name = "broken"

    def run(self, problem, tol):
        raise RuntimeError("no licence")


class Endless(Zero):
    name = "endless"

    def run(self, problem, tol):
        start = time.process_time()
        while time.process_time() < start + 20:
            pass
        raise AssertionError("not interrupted")


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


def test_a_solver_that_misses_the_target_gets_no_time_and_says_why():
    problem = make(n=100, p=30)
    curves, certified = timing.compare([NAMED["sklearn"], Zero(), Broken()], problem, [1e-6], repeats=1, budget=5)
    good, zero, broken = curves
    assert certified <= 1e-7
    assert 0 < good.first(1e-6).seconds < 5
    assert good.first(1e-6).accuracy <= 1e-6
    assert zero.first(1e-6) is None
    assert len(zero.rungs) < len(timing.LADDER)
    assert broken.rungs == []
    assert broken.reason == "RuntimeError: no licence"
    row = tables.ratio_row(problem, curves, 1e-6)
    assert row["best peer"] == "sklearn"
    assert row["ratio"] == 0


def test_an_endless_solver_is_interrupted():
    with pytest.raises(timing.TooSlow):
        timing.run(Endless(), make(), 1e-3, 0.2)


class Deaf(Endless):
    """As compiled code is: no signal interrupts it."""

    def run(self, problem, tol):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        return super().run(problem, tol)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot stop compiled code here")
def test_compiled_solvers_run_where_they_can_be_stopped():
    problem = make()
    coefs, seconds = timing.run_apart(NAMED["sklearn"], problem, 1e-8, 5.0)
    assert problem.gaps(coefs)[0] <= 1e-6 * problem.values(coefs)[0]
    assert 0 < seconds < 5
    with pytest.raises(RuntimeError, match="no licence"):
        timing.run_apart(Broken(), problem, 1e-3, 5.0)
    with pytest.raises(timing.TooSlow, match="wall time"):
        timing.run_apart(Deaf(), problem, 1e-3, 0.05)


def test_no_judgement_without_a_certified_optimum():
    with pytest.raises(timing.NotCertified, match="duality gap"):
        timing.compare([Zero()], make(), [1e-6], repeats=1)


def curve(name, *rungs):
    return timing.Curve(name, [timing.Rung(0.1, *rung) for rung in rungs])


def test_ratios_take_the_best_peer_that_arrived():
    problem = make()
    ours, slow, fast = curve("pyreweight", (1.0, 1e-7, 5.0)), curve("a", (9.0, 0, 5.0)), curve("b", (3.0, 1e-3, 5.0))
    row = tables.ratio_row(problem, [ours, slow, fast], 1e-6)
    assert (row["best peer"], row["ratio"]) == ("a", 9.0)
    row = tables.ratio_row(problem, [ours, slow, fast], 1e-2)
    assert (row["best peer"], row["ratio"]) == ("b", 3.0)
    assert tables.ratio_row(problem, [ours, fast], 1e-6)["ratio"] == np.inf
    assert tables.ratio_row(problem, [fast, ours], 1e-9)["best peer"] == "none arrived"


def test_nonconvex_ratios_ask_for_the_objective_of_the_best_peer():
    problem = make("mcp")
    peers = [curve("a", (1.0, 0, 5.0)), curve("b", (0.1, 0, 6.0))]
    row = tables.ratio_row(problem, [curve("pyreweight", (0.5, 0, 5.004)), *peers], 1e-6)
    assert (row["best peer"], row["ratio"]) == ("a", 2.0)
    assert row["F excess"] == pytest.approx(8e-4)
    worse = tables.ratio_row(problem, [curve("pyreweight", (0.5, 0, 5.1)), *peers], 1e-6)
    assert worse["ratio"] == 0
    assert worse["F excess"] == pytest.approx(0.02)


def test_summary_counts_what_the_mean_leaves_out():
    rows = [{"kind": "k", "target": 1e-6, "ratio": r} for r in (2.0, 8.0, np.inf, 0.0, np.nan)]
    (line,) = tables.summary(tables.frame(rows)).to_dict("records")
    assert line["geometric mean"] == pytest.approx(4)
    assert (line["rows"], line["peer faster"], line["no peer arrived"], line["nobody arrived"]) == (5, 1, 1, 1)


def test_workloads_name_what_exists():
    for workload in workloads.FULL + workloads.QUICK:
        assert workload.data in DATASETS
        assert workload.penalty in objective.PENALTIES
        assert workload.loss in ("squared", "logistic")
    assert len(set(workloads.FULL)) == len(workloads.FULL)
    path = Workload("diabetes").load(Path("nowhere"))
    assert path.alphas[0] == objective.alpha_max(path.X, path.y)
    assert len(path.alphas) == 100


def test_nonconvex_excess_is_over_the_best_peer(monkeypatch):
    table = nonconvex.excess([NAMED["pyreweight"], Zero()], ["mcp"], [0.9], seeds=2, n=40, p=30, n_nonzero=5)
    (row,) = table.to_dict("records")
    # Above alpha_max both stay at zero.
    assert row["lower or equal"] == 2
    assert row["worst excess"] == 0
    assert row["best peer most often"] == "zero"


@pytest.mark.parametrize("is_sparse", [False, True])
def test_memory_problem_survives_the_disk(tmp_path, is_sparse):
    problem = make(is_sparse=is_sparse, loss="logistic")
    memory.save(problem, tmp_path)
    back = memory.load_back(tmp_path)
    assert abs(back.X - problem.X).max() == 0
    assert (back.loss, back.penalty) == ("logistic", "l1")
    np.testing.assert_array_equal(back.y, problem.y)


def test_memory_of_a_child():
    problem = make(n=2000, p=1000)
    row = memory.above_input([NAMED["pyreweight"]], problem)
    assert row["X [MiB]"] == pytest.approx(15.26, abs=0.01)
    # The working set of 1000 columns is at most a Gram matrix of them; a copy of X would be 15 MiB more.
    assert 0 < row["pyreweight"] < 14


def test_cross_validation_is_that_of_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    row = auto_rule.compare(X, y, repeats=1)
    folds = KFold(5, shuffle=True, random_state=np.random.RandomState(0))
    splits = list(folds.split(X))
    assert row["R2 pyreweight"] == pytest.approx(cross_val_score(AdaptiveDropoutRegressor(), X, y, cv=splits).mean())
    lasso = make_pipeline(StandardScaler(), LassoCV())
    assert row["R2 LassoCV"] == pytest.approx(cross_val_score(lasso, X, y, cv=splits).mean())
    assert 0 < row["features pyreweight"] <= 10


def test_pure_noise_counts():
    for empty, mean in auto_rule.pure_noise(seeds=2, n=30, p=20).values():
        assert 0 <= empty <= 2
        assert (empty == 2) == (mean == 0)


def test_missing_data_is_skipped_with_a_reason(tmp_path, capsys):
    main(["--quick", "--only", "riboflavin", "--data", str(tmp_path)])
    out = capsys.readouterr().out
    assert f"skipped: no riboflavin.npz in {tmp_path}" in out
    assert "geometric" not in out


def test_tables_and_plot(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "curves.png"
    solvers = ["pyreweight", "sklearn-gram"]
    main(["--quick", "--only", "diabetes-interactions", "--solvers", *solvers, "--plot", str(plot)])
    out = capsys.readouterr().out
    assert "diabetes-interactions l1 /10" in out
    assert "Geometric means of best peer / pyreweight" in out
    assert "geometric means: feature ratio" in out
    assert plot.stat().st_size > 1000
