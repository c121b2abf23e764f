"""Draw the figures of the pages in this folder: ``python docs/make_figures.py`` (needs matplotlib)."""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

from pyreweight import PenaltyDisplay, dropout_training
from pyreweight.penalties import L1, MCP, Huber, LogSum, Standout, VariationalDropout

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

STRATEGIES = [L1(), LogSum(), MCP(), VariationalDropout(), Standout()]


def faces():
    """Penalty and keep probability of a few strategies at alpha = 1, side by side."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    PenaltyDisplay.from_penalties(STRATEGIES, points=np.linspace(0, 5, 300), ax=axes)
    axes[0].set(ylim=(0, 3.2))
    return figure


def training():
    """Keep probabilities of the ten columns of the diabetes data while they are trained."""
    import matplotlib.pyplot as plt

    X, y = load_diabetes(return_X_y=True, as_frame=True)
    run = dropout_training(X, y, dropout=Huber(), alpha=5.0, n_steps=2000, random_state=0)
    figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for name, column in zip(X.columns, run.keep_probs_.T, strict=True):
        axis.plot(run.steps_, column, label=name)
    axis.set(xlabel="step", ylabel="keep probability", ylim=(0.45, 1))
    axis.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def main(folder=HERE / "figures"):
    """Write every figure as SVG, the same bytes each time."""
    import matplotlib as mpl

    from bench.figures import draw

    mpl.use("Agg")
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pyreweight"}):
        for name, figure in {"faces": faces, "training": training, "figure1": draw}.items():
            figure().savefig(Path(folder) / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
