"""Figure 1 of the paper, redrawn by the package: ``python -m bench.figures [FILE]`` (SVG, PNG or PDF).

Left: penalties of one coefficient, shifted to be 0 at 0.01. Right: the same penalties of a vector of 32 entries with
norm about 1, by the number of its equal nonzero entries: what a penalty thinks of spreading out.
"""

import sys

import numpy as np

from pyreweight.penalties import MCP, HardConcrete, LogSum, Standout, VariationalDropout

ORIGIN = 0.01
DIMENSION = 32
KEPT = 16


def hard_concrete(w):
    """Penalty of the gate itself: the package rescales it to unit slope at 0; its plateau is 1/2."""
    slope = np.sqrt(0.5 / HardConcrete(scale=1.0).value(np.inf))
    return slope * HardConcrete(scale=slope).value(w)


CURVES = {
    "VarDrop": VariationalDropout(scale=1.0).value,
    "Standout": Standout(slope=1.0, bias=0.0, scale=1.0).value,
    "HardConcrete": hard_concrete,
    "LogSum(2)": LogSum(scale=2.0).value,
    "MCP": lambda w: np.sqrt(2) * MCP(gamma=np.sqrt(0.5), scale=1.0).value(w),
}


def scalar_curves(w):
    """Penalty of each curve at the coefficients w, minus its value at 0.01."""
    return {name: curve(w) - curve(ORIGIN) for name, curve in CURVES.items()}


def spread_vectors():
    """Vectors of the right panel, one per row: row k has k entries equal to (k + 0.001)^(-1/2)."""
    k = np.arange(DIMENSION + 1)[:, None]
    return np.where(np.arange(DIMENSION) < k, 1 / np.sqrt(k + 1e-3), 0.0)


def vector_curves():
    """Penalty of each curve at the vectors of :func:`spread_vectors`, minus its smallest value; index k = 0..32."""
    vectors = spread_vectors()
    sums = {name: curve(vectors).sum(axis=1) for name, curve in CURVES.items()}
    return {name: total - total.min() for name, total in sums.items()}


def draw(axes=None):
    """Draw both panels on a pair of matplotlib axes (new ones by default) and return their figure."""
    import matplotlib.pyplot as plt

    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left, right = axes
    w = np.geomspace(ORIGIN, 5, 100)
    for name, values in scalar_curves(w).items():
        left.plot(w, values, label=name)
    for name, values in vector_curves().items():
        right.plot(np.arange(DIMENSION + 1), values, label=name)
    right.axvline(KEPT, color="0.3", linestyle=":")
    right.annotate(
        f"HardThresh({KEPT}):\n0 up to here,\ninfinite beyond",
        (KEPT, 0.15),
        xycoords=("data", "axes fraction"),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize="small",
    )
    left.set(xscale="log", xlabel="coefficient $w$", ylabel="penalty, less that of 0.01")
    right.set(xlabel="equal nonzero entries $k$ of 32", ylabel="penalty, less the smallest")
    left.legend(frameon=False, fontsize="small")
    return left.figure


if __name__ == "__main__":
    import matplotlib as mpl

    for name, values in vector_curves().items():
        print(f"{name}, k = 0, 4, ..., 32:", *(f"{value:.4f}" for value in values[::4]))
    if len(sys.argv) > 1:
        mpl.use("Agg")
        draw().savefig(sys.argv[1])
