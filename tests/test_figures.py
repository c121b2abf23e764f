"""Figure 1 of the paper: its numbers to the digits of an independent evaluation, and the drawing."""

import sys
from pathlib import Path

import numpy as np
import pytest

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench import figures

W = [0.1, 0.5, 1, 2, 5]
K = [1, 4, 16, 32]
EXACT = {
    "VarDrop": (
        [0.0891722, 0.4688103, 0.9036030, 1.629355, 2.712661],
        [0.913183, 1.914979, 3.915836, 5.572936],
    ),
    "Standout": (
        [0.0046292, 0.0901543, 0.2641914, 0.5939445, 0.9595227],
        [0.2640573, 0.3607402, 0.4239600, 0.4447900],
    ),
    "HardConcrete": ([0.1237092, 0.4743687, 0.4853385, 0.4853385, 0.4853385], [0.5, 1.956025, 4.965010, 7.420054]),
    "LogSum(2)": (
        [0.0876053, 0.4363120, 0.8009551, 1.376319, 2.495551],
        [0.8105971, 1.784948, 3.768946, 5.420592],
    ),
    "MCP": ([0.1173792, 0.4430646, 0.4859579, 0.4859579, 0.4859579], [0.5, 1.828324, 4.656740, 6.999906]),
}


def test_the_curves_are_those_of_the_table():
    assert set(figures.CURVES) == set(EXACT)


@pytest.mark.parametrize("name", EXACT)
def test_numbers_of_figure_1(name):
    # The table has seven significant digits, and seven decimals below 1.
    scalar, vector = EXACT[name]
    np.testing.assert_allclose(figures.scalar_curves(np.array(W))[name], scalar, rtol=2e-7, atol=6e-8)
    np.testing.assert_allclose(figures.vector_curves()[name][K], vector, rtol=2e-7, atol=6e-7)


def test_drawing():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    figure = figures.draw()
    left, right = figure.axes
    assert len(left.lines) == len(EXACT)
    assert len(right.lines) == len(EXACT) + 1
    np.testing.assert_array_equal(
        left.lines[0].get_ydata(), figures.scalar_curves(left.lines[0].get_xdata())["VarDrop"]
    )
