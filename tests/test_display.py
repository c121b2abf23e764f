"""``PathDisplay`` and ``CVDisplay``: what is drawn, without a screen."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

from pyreweight import AdaptiveDropoutClassifierCV, AdaptiveDropoutRegressorCV, CVDisplay, PathDisplay, dropout_path

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fitted():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return AdaptiveDropoutRegressorCV(30).fit(X, y)


def rendered(display):
    """Whether the figure can be drawn and is not blank."""
    display.figure_.canvas.draw()
    return np.asarray(display.figure_.canvas.buffer_rgba()).std() > 0


def test_path_of_an_estimator(fitted):
    display = PathDisplay.from_estimator(fitted, n_labels=3)
    assert rendered(display)
    assert len(display.lines_) == np.count_nonzero(fitted.coef_path_.any(axis=1))
    for line in display.lines_:
        j = list(fitted.feature_names_in_).index(line.get_label().lstrip("_"))
        assert_array_equal(line.get_xdata(), fitted.alphas_)
        assert_array_equal(line.get_ydata(), fitted.coef_path_[j])
    assert_allclose(display.alpha_line_.get_xdata(), fitted.alpha_)
    labels = {text.get_text() for text in display.ax_.get_legend().get_texts()}
    largest = np.argsort(-np.abs(fitted.coef_path_[:, -1]))[:3]
    assert labels == {*fitted.feature_names_in_[largest], "chosen alpha"}
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.xaxis_inverted()


def test_path_of_a_path():
    X, y = load_diabetes(return_X_y=True)
    path = dropout_path(X, y, alphas=10)
    _, ax = plt.subplots()
    display = PathDisplay.from_estimator(path, ax=ax, feature_names=list("abcdefghij"), color="red")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.alpha_line_ is None
    assert {line.get_color() for line in display.lines_} == {"red"}
    assert rendered(display.plot(ax=ax))
    with pytest.raises(ValueError, match="feature_names has 2 entries for 10"):
        PathDisplay.from_estimator(path, feature_names=["a", "b"])


@pytest.mark.parametrize("show_folds", [True, False])
def test_errors(fitted, show_folds):
    display = CVDisplay.from_estimator(fitted, show_folds=show_folds, color="green")
    assert rendered(display)
    mean = np.average(fitted.mse_path_, axis=1, weights=fitted.fold_weights_)
    assert_allclose(display.line_.get_ydata(), mean)
    assert display.line_.get_color() == "green"
    assert len(display.fold_lines_) == (5 if show_folds else 0)
    marks = [line.get_xdata()[0] for line in display.alpha_lines_]
    assert_allclose(marks, [fitted.alpha_, fitted.alpha_1se_])
    low, high = display.band_.get_paths()[0].get_extents().get_points()[:, 1]
    assert low < mean.min() < mean.max() < high
    assert display.ax_.get_ylabel() == "mean squared error"


def test_scores():
    X, y = load_diabetes(return_X_y=True)
    model = AdaptiveDropoutRegressorCV(8, scoring="r2", cv=3).fit(X, y)
    display = CVDisplay.from_estimator(model, show_folds=True)
    assert display.ax_.get_ylabel() == "r2"
    assert_array_equal(display.fold_lines_[1].get_ydata(), model.score_path_[:, 1])


def test_classifier():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    model = AdaptiveDropoutClassifierCV(8, cv=3).fit(X.iloc[:, :6], y)
    display = CVDisplay.from_estimator(model)
    assert rendered(display)
    assert display.ax_.get_ylabel() == "negative logistic loss"
    assert_allclose(display.line_.get_ydata(), np.average(model.score_path_, axis=1, weights=model.fold_weights_))
    path = PathDisplay.from_estimator(model)
    assert len(path.lines_) == np.count_nonzero(model.coef_path_.any(axis=1))
    assert_allclose(path.alpha_line_.get_xdata(), model.alpha_)


def test_three_classes():
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = AdaptiveDropoutClassifierCV(5, cv=3, penalty="l1", eps=0.1).fit(X, y)
    display = PathDisplay.from_estimator(model)
    assert {line.get_label().lstrip("_").split("(")[-1] for line in display.lines_} <= {"0)", "1)", "2)"}
    assert rendered(display)
    assert CVDisplay.from_estimator(model).ax_.get_ylabel() == "negative softmax loss"


def test_one_alpha_and_alpha_zero():
    X, y = load_diabetes(return_X_y=True)
    one = AdaptiveDropoutRegressorCV([2.0]).fit(X, y)
    assert rendered(PathDisplay.from_estimator(one))
    assert rendered(CVDisplay.from_estimator(one))
    nothing = AdaptiveDropoutRegressorCV(3).fit(X, np.ones(len(y)))
    assert PathDisplay.from_estimator(nothing).lines_ == []
    assert rendered(CVDisplay.from_estimator(nothing))


def test_not_fitted():
    for display in (PathDisplay, CVDisplay):
        with pytest.raises(NotFittedError):
            display.from_estimator(AdaptiveDropoutRegressorCV())
