"""The plots of penalties: the curves are those of the faces, in both views."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import PenaltyDisplay
from pyreweight._native import core
from pyreweight.penalties import MCP, HardConcrete, LogSum, Standout, TargetedDropout, TopK, VariationalDropout

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

# The paper's Figure 1 (d = 32, k = 1, 4, 16, 32), computed with 40 digits.
FIGURE = [
    (VariationalDropout(scale=1), 1.0, [0.913183, 1.914979, 3.915836, 5.572936]),
    (Standout(scale=1), 1.0, [0.2640573, 0.3607402, 0.4239600, 0.4447900]),
    (LogSum(scale=2), 1.0, [0.8105971, 1.784948, 3.768946, 5.420592]),
    (MCP(gamma=0.5, scale=np.sqrt(2)), np.sqrt(2), [0.5, 1.828324, 4.656740, 6.999906]),
    (TopK(16), 1.0, [0, 0, 0, np.inf]),
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


def test_scalar_view_shows_both_faces():
    penalty = MCP(gamma=2)
    display = penalty.plot(alpha=0.5, color="red")
    left, right = display.lines_[0]
    assert_allclose(left.get_ydata(), 0.5 * penalty.value(left.get_xdata(), 0.5))
    assert_allclose(right.get_ydata(), penalty.keep_prob(left.get_xdata(), 0.5))
    assert left.get_color() == "red"
    assert [text.get_text() for text in display.axes_[1].get_legend().get_texts()] == ["MCP(gamma=2)"]
    assert display.figure_ is display.axes_[0].figure
    assert left.get_xdata().max() == 2.5


@pytest.mark.parametrize(("penalty", "alpha", "wanted"), FIGURE, ids=lambda item: getattr(item, "_name", ""))
def test_vector_view_is_the_figure_of_the_paper(penalty, alpha, wanted):
    display = PenaltyDisplay.from_penalties(penalty, view="vector", alpha=alpha)
    assert_allclose(display.penalties[0][[1, 4, 16, 32]], wanted, rtol=2e-6)
    assert display.points.tolist() == list(range(33))
    assert np.isnan(display.keep_probs[0][0])


def test_several_penalties_share_the_axes_given():
    figure, axes = matplotlib.pyplot.subplots(2, 1)
    display = PenaltyDisplay.from_penalties(core.penalty_names(), ax=axes, points=[0, 0.5, 1.0])
    assert display.figure_ is figure
    assert len(display.lines_) == len(core.penalty_names()) == len(axes[0].lines)
    again = display.plot()
    assert again is display
    assert display.figure_ is not figure
    whole = PenaltyDisplay.from_penalties([TopK(2), TargetedDropout(2), HardConcrete()], view="vector", dim=8)
    assert all(len(curve) == 9 for curve in whole.penalties)
    assert TopK(3).plot().view == "vector"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"penalties": []}, "penalties must not be empty"),
        ({"penalties": "lasso"}, "unknown penalty 'lasso'"),
        ({"penalties": TopK(2)}, "TopK.* is not separable"),
        ({"penalties": "l1", "view": "polar"}, "view must be 'scalar' or 'vector'"),
        ({"penalties": "l1", "view": "vector", "dim": 0}, "dim must be an integer >= 1"),
        ({"penalties": "l1", "alpha": -1}, "alpha must be positive"),
        ({"penalties": "l1", "alpha": "1"}, "alpha must be a real number"),
        ({"penalties": "l1", "view": "vector", "alpha": np.nan}, "alpha must not be NaN"),
        ({"penalties": "l1", "label": "lasso"}, "label must not be given"),
        ({"penalties": "l1", "points": ["a"]}, "points must be an array of real numbers"),
        ({"penalties": "l1", "points": [0, np.nan]}, "points must not contain NaN"),
        ({"penalties": "l1", "points": 1.0}, "points must have one dimension, got 0"),
        ({"penalties": "l1", "ax": [None]}, "ax must be two Axes"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        PenaltyDisplay.from_penalties(**arguments)
