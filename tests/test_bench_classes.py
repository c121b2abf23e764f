"""The comparison of ``AdaptiveDropoutClassifier()`` with ``LogisticRegressionCV`` judges as cross-validation does."""

import sys
from pathlib import Path

import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

from pyreweight import AdaptiveDropoutClassifier

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench import auto_rule_classes
from bench.__main__ import main


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_compares_like_cross_validation(monkeypatch):
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[::6, :4], y[::6]
    folds = list(RepeatedStratifiedKFold(n_splits=5, n_repeats=1, random_state=0).split(X, y))
    for mine, expected in zip(auto_rule_classes.splits(X, y, 1), folds, strict=True):
        assert_array_equal(mine[1], expected[1])
    folds = folds[:1]
    monkeypatch.setattr(auto_rule_classes, "splits", lambda *_: folds)
    row = auto_rule_classes.compare(X, y, repeats=1)
    ours = cross_val_score(AdaptiveDropoutClassifier(), X, y, cv=folds)
    assert row["accuracy pyreweight"] == pytest.approx(ours.mean())
    loss = cross_val_score(auto_rule_classes.peer(X, y), X, y, cv=folds, scoring="neg_log_loss")
    assert row["log-loss LogisticRegressionCV"] == pytest.approx(-loss.mean())
    assert 0 < row["features pyreweight"] <= 4
    assert row["seconds LogisticRegressionCV"] > 0
    same, null = auto_rule_classes.levels(X, y, factors=(1.0, 1e3), repeats=1)
    assert same["log-loss"] == pytest.approx(row["log-loss pyreweight"])
    assert null["features"] == 0


def test_missing_data_is_skipped_with_a_reason(tmp_path, capsys):
    main(["--quick", "--part", "auto-classes", "--only", "saheart", "--data", str(tmp_path)])
    out = capsys.readouterr().out
    assert f"saheart skipped: no saheart.csv.gz in {tmp_path}" in out
    assert "geometric" not in out
