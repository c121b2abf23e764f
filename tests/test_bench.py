"""The benchmark judges solvers rightly and runs; its figures are not checked here."""

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LassoCV
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutRegressor

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench import auto_rule, datasets, objective, solvers, time_to_accuracy
from bench.__main__ import main


@pytest.fixture(scope="module")
def problem():
    return time_to_accuracy.prepare(*datasets.simulated(None, 60, 90, rho=0.5, n_nonzero=8))


def always_zero(X, y, alpha, tol):
    return np.zeros(X.shape[1])


ZERO = solvers.Solver("zero", "numpy", always_zero, lambda n, p: False)


def test_objective_is_that_of_scikit_learn(problem):
    X, y = problem
    alpha = objective.alpha_max(X, y) / 10
    model = Lasso(alpha, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y)
    value = objective.primal(X, y, alpha, model.coef_)
    assert objective.duality_gap(X, y, alpha, model.coef_) == pytest.approx(0, abs=1e-10 * value)
    rng = np.random.default_rng(0)
    for size in (1e-4, 1e-2, 1.0):
        coef = model.coef_ + size * rng.standard_normal(X.shape[1])
        excess = objective.primal(X, y, alpha, coef) - value
        assert excess > 0
        assert objective.duality_gap(X, y, alpha, coef) >= excess


def test_alpha_max_is_where_the_solution_becomes_zero(problem):
    X, y = problem
    top = objective.alpha_max(X, y)
    assert objective.duality_gap(X, y, top, np.zeros(X.shape[1])) == pytest.approx(0, abs=1e-12 * (y @ y) / len(y))
    assert not Lasso(1.001 * top, fit_intercept=False, tol=1e-10).fit(X, y).coef_.any()
    assert Lasso(0.99 * top, fit_intercept=False, tol=1e-10).fit(X, y).coef_.any()


def test_simulated_design_has_the_correlation_asked_for():
    X, _ = datasets.simulated(None, 20_000, 60, rho=0.6)
    correlation = np.corrcoef(X[:, :3], rowvar=False)
    np.testing.assert_allclose(correlation[0], [1, 0.6, 0.36], atol=0.03)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=0.03)


@pytest.mark.parametrize("name", [s.name for s in solvers.SOLVERS.values()])
def test_every_solver_solves_the_objective_and_leaves_its_input(name):
    solver = solvers.SOLVERS[name]
    X, y = time_to_accuracy.prepare(*datasets.simulated(None, 200, 40, rho=0.5, n_nonzero=8))
    if reason := solver.skip(*X.shape):
        pytest.skip(reason)
    alpha = objective.alpha_max(X, y) / 20
    before = X.copy(), y.copy()
    coef = solver.solve(X, y, alpha, 1e-10)
    assert objective.duality_gap(X, y, alpha, coef) <= 1e-6 * objective.primal(X, y, alpha, coef)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_a_solver_that_misses_the_target_gets_no_time(problem):
    row = time_to_accuracy.compare([solvers.SOLVERS["sklearn"], ZERO], *problem, ratio=10, repeats=1)
    assert row["zero"] == np.inf
    assert 0 < row["sklearn"] < 10
    assert 0 < row["nonzeros"] < 90


def test_no_judgement_without_a_certified_optimum(problem):
    with pytest.raises(time_to_accuracy.NotCertified, match="duality gap"):
        time_to_accuracy.compare([ZERO], *problem, ratio=10, repeats=1)


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
    assert f"riboflavin skipped: no riboflavin.npz in {tmp_path}" in out
    assert "geometric" not in out


def test_tables(capsys):
    main(["--quick", "--only", "diabetes-interactions"])
    out = capsys.readouterr().out
    assert out.count("diabetes-interactions ") == 3
    assert "geometric mean of best other / pyreweight:" in out
    assert "geometric means: feature ratio" in out
