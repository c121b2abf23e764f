"""Plots of penalties: both faces side by side."""

import re

import numpy as np

from .penalties import Penalty, get_penalty
from .penalties.arguments import check_count, check_positive, check_reals


class PenaltyDisplay:
    r"""Both faces of one or several penalties: the penalty on the left, the keep probability on the right.

    Made by :meth:`from_penalties` or ``penalty.plot()``. Two views:

    - ``view="scalar"``: :math:`\alpha\,\Omega(w; \alpha)` and :math:`q(w)` of one coefficient over :math:`w`.
    - ``view="vector"``: the penalty of a vector of d coefficients, k of them equal to :math:`(k + 10^{-3})^{-1/2}` and
      the others 0, over k, less its smallest value [1]_; so the vectors have nearly the same length, and a penalty that
      rises in k prefers few large coefficients to many small ones. Beside it the mean keep probability of the k.

    Parameters
    ----------
    points : ndarray of shape (n_points,)
        The w of the scalar view, the k of the vector view.
    penalties : list of ndarray of shape (n_points,)
        The curves on the left, one per penalty.
    keep_probs : list of ndarray of shape (n_points,)
        The curves on the right.
    labels : list of str
        The name of each penalty in the legend.
    view : {"scalar", "vector"}, default="scalar"
        What `points` are.

    Attributes
    ----------
    axes_ : ndarray of shape (2,) of matplotlib Axes
        Where it was drawn, left and right.
    figure_ : matplotlib Figure
        Their figure.
    lines_ : list of ndarray of shape (2,) of matplotlib Line2D
        The two lines of each penalty.

    See Also
    --------
    pyreweight.penalties.Penalty.plot : Both faces of one penalty.

    References
    ----------
    .. [1] D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
       regularization", NeurIPS 2021, Figure 1.

    Examples
    --------
    >>> from pyreweight import PenaltyDisplay
    >>> display = PenaltyDisplay.from_penalties(["l1", "mcp"], alpha=0.5)  # doctest: +SKIP
    """

    def __init__(self, points, penalties, keep_probs, labels, view="scalar"):
        self.points = points
        self.penalties = penalties
        self.keep_probs = keep_probs
        self.labels = labels
        self.view = view

    @classmethod
    def from_penalties(cls, penalties, *, alpha=1.0, view="scalar", points=None, dim=32, ax=None, **kwargs):
        """Evaluate penalties and plot them.

        Parameters
        ----------
        penalties : str, Penalty or list of these
            The penalties, as objects or names. Those that are not separable have the vector view only.
        alpha : float, default=1.0
            Strength, the same for all. With ``scale=None`` it is also the scale.
        view : {"scalar", "vector"}, default="scalar"
            Which view.
        points : array-like of shape (n_points,), default=None
            The w of the scalar view. None: 401 points from ``-5 * alpha`` to ``5 * alpha``. The vector view takes all k
            from 0 to `dim`.
        dim : int, default=32
            Number d of coefficients of the vector view.
        ax : sequence of two matplotlib Axes, default=None
            Where to draw. None makes a new figure.
        **kwargs : dict
            For all lines, passed to ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        PenaltyDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If an argument is out of its range; the message names it.
        """
        given = penalties if isinstance(penalties, list | tuple) else [penalties]
        if not given:
            raise ValueError("penalties must not be empty")
        if "label" in kwargs:
            raise ValueError(f"label must not be given, the penalties have names of their own; got {kwargs['label']!r}")
        alpha = check_positive(alpha, "alpha")
        objects = [get_penalty(penalty) for penalty in given]
        if view == "scalar":
            whole = [penalty for penalty in objects if not penalty.separable]
            if whole:
                raise ValueError(f"penalties: {whole[0]!r} is not separable, it has view='vector' only")
            grid = alpha * np.linspace(-5, 5, 401) if points is None else _check_points(points)
            curves = [(alpha * penalty.value(grid, alpha), penalty.keep_prob(grid, alpha)) for penalty in objects]
        elif view == "vector":
            dim = check_count(dim, "dim", least=1)
            grid = np.arange(dim + 1)
            curves = [_vector_view(penalty, alpha, dim) for penalty in objects]
        else:
            raise ValueError(f"view must be 'scalar' or 'vector', got {view!r}")
        left, right = ([curve[side] for curve in curves] for side in (0, 1))
        display = cls(grid, left, right, [_label(penalty) for penalty in objects], view)
        return display.plot(ax=ax, **kwargs)

    def plot(self, *, ax=None, **kwargs):
        """Draw the curves.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Where to draw. None makes a new figure.
        **kwargs : dict
            For all lines, passed to ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        PenaltyDisplay
            The display itself.
        """
        from matplotlib import pyplot as plt

        if ax is None:
            _, ax = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
        self.axes_ = np.asarray(ax, dtype=object).ravel()
        if self.axes_.size != 2:
            raise ValueError(f"ax must be two Axes, got {self.axes_.size}")
        self.figure_ = self.axes_[0].figure
        style = {"marker": "."} if self.view == "vector" else {}
        self.lines_ = []
        for penalty, keep_prob, label in zip(self.penalties, self.keep_probs, self.labels, strict=True):
            pair = [
                axes.plot(self.points, np.ma.masked_invalid(curve), label=label, **{**style, **kwargs})[0]
                for axes, curve in zip(self.axes_, (penalty, keep_prob), strict=True)
            ]
            self.lines_.append(np.array(pair, dtype=object))
        where = "coefficient $w$" if self.view == "scalar" else "number $k$ of equal coefficients"
        titles = (r"penalty $\alpha\,\Omega(w; \alpha)$", "keep probability")
        for axes, title in zip(self.axes_, titles, strict=True):
            axes.set(xlabel=where, title=title)
        self.axes_[1].set_ylim(-0.05, 1.05)
        self.axes_[1].legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), fontsize="small")  # covers no curve
        return self


def _vector_view(penalty: Penalty, alpha: float, dim: int):
    """Penalty and mean keep probability of k equal coefficients, k = 0, ..., dim."""
    value, keep = np.empty(dim + 1), np.full(dim + 1, np.nan)
    for k in range(dim + 1):
        vector = np.zeros(dim)
        vector[:k] = 1 / np.sqrt(k + 1e-3)
        # Omega alone is multiplied by alpha, which some penalties ignore.
        value[k] = (alpha if penalty._takes_alpha else 1.0) * np.sum(penalty.value(vector, alpha))
        if k > 0:
            keep[k] = np.mean(penalty.keep_prob(vector, alpha)[:k])
    return value - value.min(), keep


def _check_points(points):
    grid = check_reals(points, "points")
    if grid.ndim != 1:
        raise ValueError(f"points must have one dimension, got {grid.ndim}")
    return grid


def _label(penalty: Penalty) -> str:
    text = re.sub(r"\d+\.\d{4,}", lambda number: f"{float(number[0]):.4g}", repr(penalty))
    return text if len(text) <= 45 else f"{type(penalty).__name__}(...)"
