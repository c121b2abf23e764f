"""Pictures of paths and of cross-validation, in the manner of scikit-learn's displays."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._folds import mean_and_standard_error


class PathDisplay:
    """Coefficients along a regularization path.

    Made by :meth:`from_estimator`; every parameter is kept as an attribute.

    Parameters
    ----------
    alphas : ndarray of shape (n_alphas,)
        Strengths of the penalty.
    coefs : ndarray of shape (n_features, n_alphas)
        Coefficients, one curve per feature.
    feature_names : list of str, default=None
        Names of the features.
    alpha : float, default=None
        A strength to mark by a vertical line.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where the path was drawn.
    figure_ : matplotlib.figure.Figure
        The figure of `ax_`.
    lines_ : list of matplotlib.lines.Line2D
        One curve per feature that is not zero all along.
    alpha_line_ : matplotlib.lines.Line2D or None
        The vertical line.

    See Also
    --------
    CVDisplay : Errors of a cross-validation.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import PathDisplay, dropout_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = PathDisplay.from_estimator(dropout_path(X, y))  # doctest: +SKIP
    >>> display.figure_.savefig("path.png")  # doctest: +SKIP
    """

    def __init__(self, *, alphas, coefs, feature_names=None, alpha=None):
        self.alphas = alphas
        self.coefs = coefs
        self.feature_names = feature_names
        self.alpha = alpha

    @classmethod
    def from_estimator(cls, estimator, *, feature_names=None, n_labels=10, ax=None, **line_kw):
        """Draw the path of a fitted estimator.

        Parameters
        ----------
        estimator : RegularizationPath, AdaptiveDropoutRegressorCV or AdaptiveDropoutClassifierCV
            A path, or a fitted estimator, whose `alpha_` is marked.
        feature_names : list of str, default=None
            Names of the features; None takes those that the estimator has seen, if any.
        n_labels : int, default=10
            How many curves are named, those that end with the largest coefficients.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None makes a new figure.
        **line_kw : dict
            Options of ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        PathDisplay
            The display, drawn.
        """
        if hasattr(estimator, "fit"):
            check_is_fitted(estimator)
        path = getattr(estimator, "path_", estimator)
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        classes = getattr(estimator, "classes_", ())
        if feature_names is not None and len(classes) > 2:
            feature_names = [f"{name} ({label})" for label in classes for name in feature_names]
        if feature_names is not None and len(feature_names) != path.coefs_.shape[0]:
            raise ValueError(f"feature_names has {len(feature_names)} entries for {path.coefs_.shape[0]} features")
        display = cls(
            alphas=path.alphas_,
            coefs=path.coefs_,
            feature_names=None if feature_names is None else list(feature_names),
            alpha=getattr(estimator, "alpha_", None),
        )
        return display.plot(n_labels=n_labels, ax=ax, **line_kw)

    def plot(self, *, n_labels=10, ax=None, **line_kw):
        """Draw the path.

        Parameters
        ----------
        n_labels : int, default=10
            How many curves are named, those that end with the largest coefficients.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None makes a new figure.
        **line_kw : dict
            Options of ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        PathDisplay
            The display itself.
        """
        ax = _new_axes(ax)
        shown = np.flatnonzero(np.any(self.coefs != 0, axis=1))
        last = np.abs(self.coefs[shown, -1])
        named = set(shown[np.argsort(-last, kind="stable")[:n_labels]])
        options = {"linewidth": 1.2, **line_kw}
        if len(self.alphas) == 1:
            options.setdefault("marker", "o")
        self.lines_ = []
        for j in shown:
            name = str(j) if self.feature_names is None else str(self.feature_names[j])
            label = name if j in named else f"_{name}"
            self.lines_ += ax.plot(self.alphas, self.coefs[j], label=label, **options)
        ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        self.alpha_line_ = None
        if self.alpha is not None and self.alpha > 0:
            self.alpha_line_ = ax.axvline(self.alpha, color="black", linestyle="--", linewidth=1, label="chosen alpha")
        _strength_axis(ax, self.alphas)
        ax.set_ylabel("coefficient")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False, fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self


class CVDisplay:
    """Mean error of a cross-validation along the grid of alphas, with one standard error on both sides.

    Made by :meth:`from_estimator`; every parameter is kept as an attribute.

    Parameters
    ----------
    alphas : ndarray of shape (n_alphas,)
        Strengths of the penalty.
    values : ndarray of shape (n_alphas, n_folds)
        Errors or scores of the folds.
    fold_weights : ndarray of shape (n_folds,)
        Weights of the folds in the mean.
    alpha : float, default=None
        The alpha with the best mean, or the one chosen.
    alpha_1se : float, default=None
        The largest alpha within one standard error.
    value_name : str, default="mean squared error"
        What the values are.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where the errors were drawn.
    figure_ : matplotlib.figure.Figure
        The figure of `ax_`.
    line_ : matplotlib.lines.Line2D
        The mean over folds.
    band_ : matplotlib.collections.PolyCollection
        One standard error on both sides.
    fold_lines_ : list of matplotlib.lines.Line2D
        One curve per fold; empty without ``show_folds``.
    alpha_lines_ : list of matplotlib.lines.Line2D
        Vertical lines at `alpha` and `alpha_1se`.

    See Also
    --------
    PathDisplay : Coefficients along the path.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import AdaptiveDropoutRegressorCV, CVDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaptiveDropoutRegressorCV(cv=10).fit(X, y)
    >>> display = CVDisplay.from_estimator(model)  # doctest: +SKIP
    """

    def __init__(self, *, alphas, values, fold_weights, alpha=None, alpha_1se=None, value_name="mean squared error"):
        self.alphas = alphas
        self.values = values
        self.fold_weights = fold_weights
        self.alpha = alpha
        self.alpha_1se = alpha_1se
        self.value_name = value_name

    @classmethod
    def from_estimator(cls, estimator, *, show_folds=False, ax=None, **line_kw):
        """Draw the errors of a fitted estimator, or its scores if it has any.

        Parameters
        ----------
        estimator : AdaptiveDropoutRegressorCV or AdaptiveDropoutClassifierCV
            A fitted estimator.
        show_folds : bool, default=False
            Whether to draw each fold, too.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None makes a new figure.
        **line_kw : dict
            Options of ``matplotlib.axes.Axes.plot`` for the mean.

        Returns
        -------
        CVDisplay
            The display, drawn.
        """
        check_is_fitted(estimator)
        scored = hasattr(estimator, "score_path_")
        if estimator.scoring is None:
            name = f"negative {estimator.path_.loss_} loss" if scored else "mean squared error"
        else:
            name = estimator.scoring.replace("_", " ") if isinstance(estimator.scoring, str) else "score"
        display = cls(
            alphas=estimator.alphas_,
            values=estimator.score_path_ if scored else estimator.mse_path_,
            fold_weights=estimator.fold_weights_,
            alpha=estimator.alpha_,
            alpha_1se=estimator.alpha_1se_,
            value_name=name,
        )
        return display.plot(show_folds=show_folds, ax=ax, **line_kw)

    def plot(self, *, show_folds=False, ax=None, **line_kw):
        """Draw the errors.

        Parameters
        ----------
        show_folds : bool, default=False
            Whether to draw each fold, too.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None makes a new figure.
        **line_kw : dict
            Options of ``matplotlib.axes.Axes.plot`` for the mean.

        Returns
        -------
        CVDisplay
            The display itself.
        """
        ax = _new_axes(ax)
        mean, error = mean_and_standard_error(self.values, self.fold_weights)
        self.fold_lines_ = []
        if show_folds:
            self.fold_lines_ = ax.plot(self.alphas, self.values, color="0.75", linewidth=0.8, zorder=1)
            self.fold_lines_[0].set_label("folds")
        options = {"color": "C0", "linewidth": 1.6, "label": "mean over folds", **line_kw}
        if len(self.alphas) == 1:
            options.setdefault("marker", "o")
        (self.line_,) = ax.plot(self.alphas, mean, **options)
        self.band_ = ax.fill_between(
            self.alphas, mean - error, mean + error, color=self.line_.get_color(), alpha=0.2, label="one standard error"
        )
        self.alpha_lines_ = []
        for alpha, style, label in (
            (self.alpha, "--", "chosen alpha"),
            (self.alpha_1se, ":", "one-standard-error alpha"),
        ):
            if alpha is not None and alpha > 0:
                self.alpha_lines_.append(ax.axvline(alpha, color="black", linestyle=style, linewidth=1, label=label))
        _strength_axis(ax, self.alphas)
        ax.set_ylabel(self.value_name)
        ax.legend(frameon=False, fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _new_axes(ax):
    """Return `ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: pip install matplotlib") from error
    return plt.subplots(layout="constrained")[1]


def _strength_axis(ax, alphas) -> None:
    """Alphas from the strongest on the left to the weakest on the right, as a path is walked."""
    if np.all(alphas > 0):
        ax.set_xscale("log")
    if not ax.xaxis_inverted():
        ax.invert_xaxis()
    ax.set_xlabel("alpha")
