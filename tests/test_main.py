"""The command line, run in this process and once as a user would."""

import os
import re
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LassoCV
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import pyreweight
from pyreweight import AdaptiveDropoutRegressor
from pyreweight.__main__ import main

FOLDS = KFold(5, shuffle=True, random_state=0)


@pytest.fixture
def table():
    """80 rows: the target depends on ``size`` and on one level of ``colour``, not on ``noise`` or ``flag``."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"size": rng.normal(5.0, 2.0, 80), "noise": rng.standard_normal(80)})
    frame["colour"] = rng.choice(["red", "green", "blue"], 80)
    frame["flag"] = rng.random(80) < 0.5
    frame["price"] = 3.0 * frame["size"] + 4.0 * (frame["colour"] == "red") + rng.normal(0.0, 0.5, 80)
    return frame


@pytest.fixture
def csv(table, tmp_path):
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    return path


def fails(capsys, *argv):
    """Run ``main``, check exit code 2 and that nothing but usage and one error line is shown; return that line."""
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in argv])
    assert stopped.value.code == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return err[err.index("error: ") :]


def comparison(out):
    """Numbers of the comparison, by model: R2, features, seconds."""
    rows = re.findall(r"^(AdaptiveDropoutRegressor|LassoCV) +(\S+) +(\S+) +(\S+)", out, re.MULTILINE)
    assert [row[0] for row in rows] == ["AdaptiveDropoutRegressor", "LassoCV"]
    return {name: tuple(float(x) for x in numbers) for name, *numbers in rows}


def selected(out):
    """Features of the last table: coefficient and keep probability."""
    body = out[out.index("keep probability\n") + len("keep probability\n") :].split("\n\n")[0]
    rows = [line.rsplit(maxsplit=2) for line in body.strip().splitlines()]
    return {name.strip(): (float(coefficient), float(keep)) for name, coefficient, keep in rows}


def test_demo_prints_what_the_estimators_give(capsys):
    main([])
    out, err = capsys.readouterr()
    assert err.splitlines() == [f"fold {k} of 5" for k in range(1, 6)]

    X, y = load_diabetes(return_X_y=True)
    expand = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    X = expand.fit_transform(X)
    rows = comparison(out)
    assert rows["AdaptiveDropoutRegressor"][0] == pytest.approx(
        cross_val_score(AdaptiveDropoutRegressor(), X, y, cv=FOLDS).mean(), abs=6e-4
    )
    assert all(seconds > 0 for _, _, seconds in rows.values())

    model = AdaptiveDropoutRegressor().fit(X, y)
    names = expand.get_feature_names_out(load_diabetes().feature_names)
    shown = selected(out)
    assert set(shown) == set(names[model.coef_ != 0])
    for j in np.flatnonzero(model.coef_):
        assert shown[names[j]] == pytest.approx((model.coef_[j], model.keep_prob_[j]), rel=1e-4, abs=6e-4)
    assert f"{len(shown)} of 55 features kept" in out


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_demo_compares_with_lassocv_on_standardised_features(capsys):
    main([])
    rows = comparison(capsys.readouterr().out)
    X, y = load_diabetes(return_X_y=True)
    X = PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(X)
    expected = cross_val_score(make_pipeline(StandardScaler(), LassoCV()), X, y, cv=FOLDS).mean()
    assert rows["LassoCV"][0] == pytest.approx(expected, abs=6e-4)
    assert rows["AdaptiveDropoutRegressor"][0] > expected - 0.01
    assert rows["AdaptiveDropoutRegressor"][1] < rows["LassoCV"][1]


def test_csv_with_text_and_boolean_columns(csv, capsys):
    main([str(csv), "--target", "price"])
    out = capsys.readouterr().out
    assert "80 rows" in out
    assert comparison(out)["AdaptiveDropoutRegressor"][0] > 0.95
    shown = selected(out)
    assert shown["size"][0] == pytest.approx(3.0, abs=0.15)
    assert "colour_red" in shown
    assert "of 6 features kept" in out


def test_saved_model_predicts_from_the_columns_of_the_file(csv, table, tmp_path, capsys):
    path = tmp_path / "model.joblib"
    main([str(csv), "--target", "price", "--save", str(path)])
    assert str(path) in capsys.readouterr().out
    model = joblib.load(path)
    prediction = model.predict(table.drop(columns="price"))
    assert np.corrcoef(prediction, table["price"])[0, 1] > 0.99

    shuffled = table[["flag", "colour", "price", "noise", "size"]]
    np.testing.assert_array_equal(model.predict(shuffled), prediction)
    unseen = table.drop(columns="price").assign(colour="purple")
    assert np.isfinite(model.predict(unseen)).all()


def run_module(*argv, cwd):
    """Run ``python -m pyreweight`` elsewhere, on the package that this process tests."""
    env = {**os.environ, "PYTHONPATH": str(Path(pyreweight.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", "pyreweight", *argv],
        cwd=cwd,
        env=env,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_module_runs_as_a_program_and_saves_a_model_others_can_load(tmp_path):
    run = run_module("--save", "model.joblib", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert comparison(run.stdout)
    X, y = load_diabetes(return_X_y=True)
    assert joblib.load(tmp_path / "model.joblib").score(X, y) > 0.45


def test_program_exits_with_code_2_and_no_traceback(tmp_path):
    run = run_module("absent.csv", "--target", "y", cwd=tmp_path)
    assert run.returncode == 2
    assert "absent.csv" in run.stderr
    assert "Traceback" not in run.stderr


def test_alpha_and_penalty_reach_the_estimator(csv, table, tmp_path, capsys):
    path = tmp_path / "model.joblib"
    main([str(csv), "--target", "price", "--drop", "colour", "--penalty", "l1", "--alpha", "0.25", "--save", str(path)])
    model = joblib.load(path)[-1]
    assert (model.penalty, model.alpha, model.alpha_) == ("l1", 0.25, 0.25)
    X = table[["size", "noise", "flag"]].astype(float)
    expected = AdaptiveDropoutRegressor(0.25, penalty="l1").fit(X, table["price"])
    np.testing.assert_allclose(model.coef_, expected.coef_)
    assert "alpha = 0.25" in capsys.readouterr().out


def test_nothing_kept_is_said(csv, capsys):
    main([str(csv), "--target", "price", "--alpha", "1e6"])
    out = capsys.readouterr().out
    assert "0 of 6 features kept" in out
    assert "keep probability" not in out


def test_unknown_penalty_lists_the_known_ones(capsys):
    message = fails(capsys, "--penalty", "lasso")
    assert "lasso" in message
    assert "variational_dropout" in message
    assert "mcp" in message


@pytest.mark.parametrize(("value", "word"), [("much", "neither a number"), ("-1", "alpha"), ("nan", "alpha")])
def test_bad_alpha(value, word, capsys):
    assert word in fails(capsys, "--alpha", value)


def test_penalty_without_automatic_alpha(capsys):
    assert "alpha" in fails(capsys, "--penalty", "l2")


def test_missing_values_name_their_columns(table, tmp_path, capsys):
    table.loc[[1, 4], "noise"] = np.nan
    table.loc[7, "colour"] = None
    path = tmp_path / "holes.csv"
    table.to_csv(path, index=False)
    message = fails(capsys, path, "--target", "price")
    assert "noise (2)" in message
    assert "colour (1)" in message
    assert "size" not in message


def test_dropped_column_may_have_missing_values(table, tmp_path, capsys):
    table.loc[3, "noise"] = np.nan
    path = tmp_path / "holes.csv"
    table.to_csv(path, index=False)
    main([str(path), "--target", "price", "--drop", "noise"])
    assert "of 5 features kept" in capsys.readouterr().out


def test_unknown_columns_list_the_known_ones(csv, capsys):
    for argv in (["--target", "cost"], ["--target", "price", "--drop", "cost"]):
        message = fails(capsys, csv, *argv)
        assert "'cost'" in message
        assert "size, noise, colour, flag, price" in message


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"y": [1.5] * 20, "x": range(20)}, "constant"),
        ({"y": range(9), "x": range(9)}, "at least 10"),
        ({"y": [], "x": []}, "0 rows"),
        ({"y": range(20)}, "no column besides"),
        ({"y": range(20), "x": [f"id{i}" for i in range(20)]}, "identifier"),
        ({"y": [f"id{i}" for i in range(20)], "x": range(20)}, "too many for classes"),
        ({"y": ["a"] * 15 + ["b"] * 5, "x": range(20)}, "5 rows of the class 'b'"),
        ({"y": range(20), "x": [np.inf, *range(19)]}, "infinity"),
    ],
)
def test_unusable_file(columns, word, tmp_path, capsys):
    path = tmp_path / "bad.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    assert word in fails(capsys, path, "--target", "y")


@pytest.mark.parametrize(("character", "option"), [(";", ";"), ("\t", "tab")])
def test_separator(character, option, table, tmp_path, capsys):
    path = tmp_path / "other.csv"
    table.to_csv(path, index=False, sep=character)
    assert f"size{character}noise" in fails(capsys, path, "--target", "price")
    main([str(path), "--target", "price", "--sep", option])
    assert "of 6 features kept" in capsys.readouterr().out
    assert "single character" in fails(capsys, path, "--target", "price", "--sep", ";;")


def test_level_and_column_of_the_same_name(table, tmp_path, capsys):
    path = tmp_path / "clash.csv"
    table.rename(columns={"noise": "colour_red"}).to_csv(path, index=False)
    main([str(path), "--target", "price"])
    out = capsys.readouterr().out
    assert "of 6 features kept" in out
    assert "onehotencoder__colour_red" in selected(out)


def test_unreadable_file(tmp_path, capsys):
    assert "absent.csv" in fails(capsys, tmp_path / "absent.csv", "--target", "y")
    assert str(tmp_path) in fails(capsys, tmp_path, "--target", "y")
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "empty.csv cannot be read" in fails(capsys, empty, "--target", "y")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("größe,y\n1,2\n".encode("latin-1"))
    assert "latin.csv cannot be read" in fails(capsys, latin, "--target", "y")


def test_file_and_target_go_together(csv, capsys):
    assert "--task" in fails(capsys, "--task", "classification")
    assert "--target" in fails(capsys, csv)
    assert "--target" in fails(capsys, "--target", "price")
    assert "--drop" in fails(capsys, "--drop", "size")


def test_save_into_an_impossible_place_fails_before_the_work(tmp_path, capsys):
    assert "no such directory" in fails(capsys, "--save", tmp_path / "absent" / "model.joblib")
    assert "is a directory" in fails(capsys, "--save", tmp_path)


def test_pandas_missing(csv, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert "pip install pandas" in fails(capsys, csv, "--target", "price")


def test_help(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    for option in ("--target", "--task", "whole numbers", "--penalty", "--alpha", "--save", "LassoCV"):
        assert option in out
