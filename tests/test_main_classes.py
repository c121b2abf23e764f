"""The command line on targets that are classes."""

import re

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import StratifiedKFold, cross_validate

from pyreweight import AdaptiveDropoutClassifier
from pyreweight.__main__ import main
from pyreweight._table import load_csv

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def table():
    """90 rows: the class depends on ``size`` and on one level of ``colour``, not on ``noise``."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"size": rng.normal(5.0, 2.0, 90), "noise": rng.standard_normal(90)})
    frame["colour"] = rng.choice(["red", "blue"], 90)
    score = 2 * (frame["size"] - 5) + 3 * (frame["colour"] == "red") - 1.5 + rng.logistic(size=90)
    frame["bought"] = np.where(score > 0, "yes", "no")
    return frame


def run(table, tmp_path, *options):
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    main([str(path), "--target", "bought", *options])


def test_prints_what_the_estimators_give(table, tmp_path, capsys):
    run(table, tmp_path, "--save", str(tmp_path / "model.joblib"))
    out = capsys.readouterr().out
    assert "90 rows, 2 classes" in out
    rows = re.findall(
        r"^(AdaptiveDropoutClassifier|LogisticRegressionCV) +(\S+) +(\S+) +(\S+) +(\S+)", out, re.MULTILINE
    )
    assert [row[0] for row in rows] == ["AdaptiveDropoutClassifier", "LogisticRegressionCV"]
    accuracy, loss, features, seconds = (float(number) for number in rows[0][1:])
    numbers = pd.get_dummies(table.drop(columns="bought"), dtype=float)
    folds = cross_validate(
        AdaptiveDropoutClassifier(),
        numbers,
        table["bought"],
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        scoring=["accuracy", "neg_log_loss"],
        return_estimator=True,
    )
    assert accuracy == pytest.approx(folds["test_accuracy"].mean(), abs=6e-4)
    assert loss == pytest.approx(-folds["test_neg_log_loss"].mean(), abs=6e-4)
    assert features == pytest.approx(np.mean([np.count_nonzero(e.coef_) for e in folds["estimator"]]), abs=0.06)
    assert seconds > 0
    assert float(rows[1][1]) > 0.8

    model = AdaptiveDropoutClassifier().fit(numbers, table["bought"])
    assert f"{np.count_nonzero(model.coef_)} of 4 features kept" in out
    assert "Positive coefficients speak for yes, negative ones for no." in out
    shown = re.search(r"^size +(\S+) +(\S+)", out, re.MULTILINE)
    j = list(numbers.columns).index("size")
    assert float(shown[1]) == pytest.approx(model.coef_[0, j], rel=1e-4)
    assert float(shown[2]) == pytest.approx(model.keep_prob_[0, j], abs=6e-4)
    loaded = joblib.load(tmp_path / "model.joblib")
    assert_array_equal(loaded.predict(table.drop(columns="bought")), model.predict(numbers))


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        (["a", "b"] * 10, "auto", True),
        ([True, False] * 10, "auto", True),
        ([1, 2] * 10, "auto", True),
        ([0.0, 1.0] * 10, "auto", True),
        ([0.5, 1.0] * 10, "auto", False),
        ([0.5, 1.5] * 10, "classification", True),
        ([1, 2] * 10, "regression", False),
        (list(range(20)), "auto", False),
    ],
)
def test_what_is_recognised(target, task, classes, tmp_path):
    path = tmp_path / "table.csv"
    pd.DataFrame({"y": target, "x": range(20)}).to_csv(path, index=False)
    data = load_csv(path, "y", ",", [], task)
    assert data.classes is classes
    if classes:
        assert_array_equal(data.y, target)
    else:
        assert data.y.dtype == np.float64


def test_text_has_no_regression(table, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(table, tmp_path, "--task", "regression")
    assert stopped.value.code == 2
    assert "not numeric" in capsys.readouterr().err
