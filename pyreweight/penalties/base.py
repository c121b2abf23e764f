"""What every penalty answers: both faces, penalty and dropout, evaluated by the compiled core."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._native import core
from .arguments import check_number, check_positive, check_reals


class Penalty(BaseEstimator):
    r"""Base of the penalties :math:`\Omega(w; \alpha)` and of the dropout strategies that are equivalent to them.

    A penalty is a canonical function :math:`P(u)`, :math:`u \ge 0`, with unit slope at zero wherever that slope is
    finite and positive, and a scale :math:`s`: :math:`\Omega(w; \alpha) = s P(|w| / s)`. ``scale=None`` ties the scale
    to the strength, :math:`s = \alpha`; penalties without a ``scale`` parameter have :math:`s = 1`. The objective of
    the estimators adds :math:`\alpha\,\Omega(w; \alpha)`.

    All penalties here are subquadratic, :math:`\Omega(w) = \min_\eta \frac12 (w^2 / \eta + f(\eta))`. With standardised
    columns the ridge step at fixed :math:`\eta` is the expected squared loss under dropout with keep probability
    :math:`\eta / (\eta + \alpha)` [1]_.

    References
    ----------
    .. [1] D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
       regularization", NeurIPS 2021.
    """

    _name: ClassVar[str]
    _takes_alpha = True  # whether estimators take a strength
    _faces_take_alpha = True  # whether the faces have one

    def _core_arguments(self) -> tuple[str, dict]:
        """Name and parameters as the compiled core takes them; a parameter that is not a number is a ValueError."""
        return self._name, self._numbers(*self.get_params(deep=False))

    def _numbers(self, *names: str) -> dict[str, float]:
        """Return the parameters of these names as floats, without a scale that is None."""
        given = {name: getattr(self, name) for name in names}
        return {
            name: check_number(value, f"{name} of {self._name}")
            for name, value in given.items()
            if not (name == "scale" and value is None)
        }

    def _properties(self) -> dict:
        return core.penalty_properties(*self._core_arguments())

    def _evaluate(self, face: str, points: NDArray[np.float64], alpha: float):
        name, params = self._core_arguments()
        flat = np.ascontiguousarray(points).ravel()
        return core.evaluate_penalty(name, params, face, flat, check_positive(alpha, "alpha")).reshape(points.shape)[()]

    @property
    def convex(self) -> bool:
        """Whether the penalty is a convex function of the coefficient."""
        return self._properties()["convex"]

    @property
    def subquadratic(self) -> bool:
        """Whether the penalty is a concave nondecreasing function of the squared coefficient, so that eta exists."""
        return True

    @property
    def separable(self) -> bool:
        """Whether the penalty is a sum over coefficients; if not, each array below is one vector of coefficients."""
        return self._properties()["separable"]

    @property
    def slope_at_zero(self) -> float:
        """Right derivative at zero: 0 (never sparse), positive (thresholding) or inf (zero is always stationary)."""
        return self._properties()["slope_at_zero"]

    @property
    def _is_quadratic(self) -> bool:
        """Whether it is a multiple of the square: then alpha has the units of squared columns, not of y."""
        properties = self._properties()
        return properties["linear_quadratic"] and properties["slope_at_zero"] == 0

    def value(self, w: ArrayLike, alpha: float = 1.0):
        r"""Penalty :math:`\Omega(w; \alpha)`, not multiplied by alpha.

        Parameters
        ----------
        w : array-like of any shape
            Coefficients. Infinite ones are allowed, NaN is not.
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None. Positive and finite.

        Returns
        -------
        ndarray of the shape of `w`, or float
            Even in `w`, 0 at 0. One number, that of the vector `w`, if the penalty is not separable.

        Raises
        ------
        ValueError
            If `w` has a NaN, or `alpha` or a parameter of the penalty is out of its range.
        """
        return self._sum_unless_separable(self._evaluate("value", np.abs(check_reals(w, "w")), alpha))

    def derivative(self, w: ArrayLike, alpha: float = 1.0):
        r"""First derivative :math:`\Omega'` with respect to :math:`|w|`; at 0 the right derivative.

        Parameters
        ----------
        w : array-like of any shape
            Coefficients.
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None.

        Returns
        -------
        ndarray of the shape of `w`, or float
            Nonnegative, even in `w`.

        Raises
        ------
        ValueError
            As for :meth:`value`.
        """
        return self._evaluate("derivative", np.abs(check_reals(w, "w")), alpha)

    def eta(self, w: ArrayLike, alpha: float = 1.0):
        r"""Weight :math:`\hat\eta(w) = |w| / \Omega'(|w|)`, the minimiser of :math:`w^2 / \eta + f(\eta)`.

        Parameters
        ----------
        w : array-like of any shape
            Coefficients.
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None.

        Returns
        -------
        ndarray of the shape of `w`, or float
            In [0, inf], nondecreasing in ``abs(w)``; at 0 the limit, inf where the penalty is flat.

        Raises
        ------
        ValueError
            As for :meth:`value`.
        """
        return self._evaluate("eta", np.abs(check_reals(w, "w")), alpha)

    def keep_prob(self, w: ArrayLike, alpha: float = 1.0):
        r"""Keep probability :math:`\hat\eta(w) / (\hat\eta(w) + \alpha)` of the equivalent adaptive dropout.

        Parameters
        ----------
        w : array-like of any shape
            Coefficients of columns with unit mean square.
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None.

        Returns
        -------
        ndarray of the shape of `w`, or float
            In [0, 1]; 1 where eta is infinite.

        Raises
        ------
        ValueError
            As for :meth:`value`.
        """
        eta = self.eta(w, alpha)
        with np.errstate(divide="ignore", over="ignore"):
            return 1 / (1 + np.divide(alpha, eta))

    def conjugate(self, eta: ArrayLike, alpha: float = 1.0):
        r"""Conjugate :math:`f(\eta) = \sup_w (2 \Omega(w) - w^2 / \eta)`, the price of keeping a coefficient.

        Parameters
        ----------
        eta : array-like of any shape
            Weights, nonnegative, inf allowed.
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None.

        Returns
        -------
        ndarray of the shape of `eta`, or float
            Nonnegative and nondecreasing; inf where no coefficient has that eta (ridge, elastic net). One number if the
            penalty is not separable.

        Raises
        ------
        ValueError
            If `eta` is negative or NaN, or `alpha` or a parameter of the penalty is out of its range.
        """
        points = check_reals(eta, "eta")
        if np.any(points < 0):
            raise ValueError("eta must be nonnegative")
        return self._sum_unless_separable(self._evaluate("conjugate", points, alpha))

    def _sum_unless_separable(self, contributions):
        return contributions if self.separable else float(np.sum(contributions))

    def prox(self, z: ArrayLike, alpha: float = 1.0, step: float = 1.0):
        r"""Proximal operator: a global minimiser over x of ``(x - z)**2 / 2 + step * alpha * value(x, alpha)``.

        Parameters
        ----------
        z : array-like of any shape
            Points, inf allowed.
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None.
        step : float, default=1.0
            Step size, positive and finite.

        Returns
        -------
        ndarray of the shape of `z`, or float
            Odd in `z`, between 0 and `z`. Where a nonconvex penalty has two minimisers, one of them.

        Raises
        ------
        ValueError
            If `z` has a NaN, or `alpha`, `step` or a parameter of the penalty is out of its range.
        """
        points = check_reals(z, "z")
        name, params = self._core_arguments()
        flat = np.abs(np.ascontiguousarray(points).ravel())
        out = core.prox_penalty(name, params, flat, check_positive(alpha, "alpha"), check_positive(step, "step"))
        return (np.copysign(out.reshape(points.shape), points) + 0.0)[()]  # no negative zeros

    def plot(self, *, alpha: float = 1.0, view: str | None = None, ax=None, **kwargs):
        """Plot both faces side by side: the penalty and the keep probability.

        Parameters
        ----------
        alpha : float, default=1.0
            Strength, which is also the scale where ``scale`` is None.
        view : {"scalar", "vector"}, default=None
            Of one coefficient, or of a vector with k equal ones. None: "scalar" if the penalty is separable.
        ax : sequence of two matplotlib Axes, default=None
            Where to draw. None makes a new figure.
        **kwargs : dict
            For the lines, passed to ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        pyreweight.PenaltyDisplay
            The display, drawn; several penalties in one: ``PenaltyDisplay.from_penalties``.
        """
        from ..penalty_display import PenaltyDisplay

        view = view or ("scalar" if self.separable else "vector")
        return PenaltyDisplay.from_penalties(self, alpha=alpha, view=view, ax=ax, **kwargs)

    def as_dropout(self, alpha: float = 1.0) -> "Penalty":
        r"""Dropout strategy that is equivalent to this penalty at the strength `alpha`.

        Parameters
        ----------
        alpha : float, default=1.0
            The strength, which is also the scale where ``scale`` is None.

        Returns
        -------
        FixedStrength
            Its keep probability at ``alpha=1`` is ``self.keep_prob(w, alpha)``, its value there
            ``alpha * self.value(w, alpha)``.

        Raises
        ------
        ValueError
            If `alpha` is not positive and finite.

        Examples
        --------
        >>> from pyreweight.penalties import MCP
        >>> MCP().as_dropout(alpha=0.1).keep_prob([0.05, 0.5])
        array([0.375, 1.   ])
        """
        from .fixed_strength import FixedStrength

        return FixedStrength(self, check_positive(alpha, "alpha"))

    def as_penalty(self) -> "Penalty":
        r"""Penalty of this dropout strategy, with the keep probabilities it has at ``alpha=1``.

        Of a strategy :math:`q(w)` that is :math:`\Omega(w) = \int_0^{|w|} t (1 - q(t)) / q(t)\,dt`; alpha multiplies
        it, without touching the scale. For every penalty, ``penalty.as_dropout(alpha).as_penalty()`` has the value
        ``alpha * penalty.value(w, alpha)``.

        Returns
        -------
        FixedStrength
            The penalty.

        Examples
        --------
        >>> from pyreweight.penalties import Standout
        >>> bool(Standout().as_penalty().derivative(1.0).round(6) == Standout().derivative(1.0).round(6))
        True
        """
        return self.as_dropout(1.0)
