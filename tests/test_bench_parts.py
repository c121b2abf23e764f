"""The parts of the benchmark run, on workloads that exist; its figures are not checked here."""

from pathlib import Path

import numpy as np
import pytest
from bench_problems import NAMED, Zero, make
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LassoCV
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench import auto_rule, memory, nonconvex, objective, workloads
from bench.__main__ import main
from bench.datasets import DATASETS
from bench.problem import Workload
from pyreweight import AdaptiveDropoutRegressor


def test_workloads_name_what_exists():
    for workload in workloads.FULL + workloads.QUICK:
        assert workload.data in DATASETS
        assert workload.penalty in objective.PENALTIES
        assert workload.loss in ("squared", "logistic", "softmax")
    assert len(set(workloads.FULL)) == len(workloads.FULL)
    path = Workload("diabetes").load(Path("nowhere"))
    assert path.alphas[0] == objective.alpha_max(path.X, path.y)
    assert len(path.alphas) == 100


def test_quick_runs_compare_solvers_that_exist():
    for workload in workloads.QUICK:
        peers = [NAMED[name] for name in workloads.quick_peers(workload)]
        assert any(workload.penalty in peer.penalties and workload.loss in peer.losses for peer in peers)
        assert "pyreweight" not in workloads.quick_peers(workload)


def test_nonconvex_excess_is_over_the_best_peer(monkeypatch):
    table = nonconvex.excess([NAMED["pyreweight"], Zero()], ["mcp"], [0.9], seeds=2, n=40, p=30, n_nonzero=5)
    (row,) = table.to_dict("records")
    # Above alpha_max both stay at zero.
    assert row["lower or equal"] == 2
    assert row["worst excess"] == 0
    assert row["best peer most often"] == "zero"


def test_nonconvex_excess_without_a_peer_that_arrives():
    # Below alpha_max zero is not stationary, so it does not count.
    table = nonconvex.excess([NAMED["pyreweight"], Zero()], ["mcp"], [10], seeds=1, n=40, p=30, n_nonzero=5)
    (row,) = table.to_dict("records")
    assert row["seeds with a peer"] == 0
    assert row["best peer most often"] == "none arrived"


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
