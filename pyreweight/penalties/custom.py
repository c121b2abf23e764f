"""Penalties and dropout strategies from functions of the user; the numerics live in ``cpp/src/callable_*.cpp``."""

import numpy as np

from .base import Penalty


class CustomPenalty(Penalty):
    r"""A penalty given by its derivative, :math:`\Omega'(t)` for :math:`t = |w| \ge 0`.

    .. math:: \Omega(w) = \int_0^{|w|} \Omega'(t)\,dt, \qquad \hat\eta(t) = t / \Omega'(t)

    No scale: :math:`\Omega` does not depend on alpha. It is convex where the derivative rises, and gives exact zeros if
    the derivative is positive at 0 (inf is allowed there). For t beyond 2^66 the derivative goes on as the power of t
    that it is there.

    All faces are numerical: the value is an integral by Gauss-Legendre quadrature on geometric panels, split at kinks;
    the curvature a central difference; conjugate and prox are searched for over all panels and refined. A fit calls the
    functions a few times per reweighting, each time with all coefficients of the working set, and once before with
    about 10,000 points. It ends at a stationary point, to the accuracy of a built-in penalty; but it does not look for
    lower ones by moving single coefficients, which would take far more calls. Where the penalty is not convex a
    built-in one of the same derivative can therefore end lower.

    Parameters
    ----------
    derivative_func : callable
        Vectorised function of a 1-D float array of points t >= 0 that returns :math:`\Omega'(t)` in the same shape, at
        0 the limit from the right. It must be nonnegative, finite for t > 0 and integrable at 0, and must not grow
        faster than t, since eta would decrease.
    value_func : callable, default=None
        The same for :math:`\Omega(t)` itself, up to a constant, where a formula is at hand; checked against the
        integral. None integrates numerically.

    Raises
    ------
    ValueError
        At use, if a function breaks these rules; the message names the function and the point where it fails.
        Exceptions raised by the functions themselves pass unchanged.

    References
    ----------
    D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
    regularization", NeurIPS 2021.

    Examples
    --------
    >>> from pyreweight.penalties import CustomPenalty, LogSum
    >>> mine = CustomPenalty(lambda t: 1 / (1 + t))
    >>> mine.value([0.0, 1.0, 10.0]).round(6)
    array([0.      , 0.693147, 2.397895])
    >>> LogSum(scale=1.0).prox([1.5, 4.0]).round(6), mine.prox([1.5, 4.0]).round(6)
    (array([1.      , 3.791288]), array([1.      , 3.791288]))
    """

    _name = "custom_penalty"

    def __init__(self, derivative_func, value_func=None):
        self.derivative_func = derivative_func
        self.value_func = value_func

    def _core_arguments(self):
        params = {"derivative_func": _quiet(self.derivative_func, "derivative_func")}
        if self.value_func is not None:
            params["value_func"] = _quiet(self.value_func, "value_func")
        return self._name, params


class CustomDropout(Penalty):
    r"""A dropout strategy given by its keep probability :math:`q(t)`, :math:`t = |w| \ge 0`, at ``alpha=1``.

    .. math:: \Omega(w) = \int_0^{|w|} t\,v(t)\,dt, \qquad v = \frac{1 - q}{q}, \qquad \hat\eta = 1 / v

    At other strengths alpha multiplies the penalty, so that the keep probability is :math:`1 / (1 + \alpha v)`. No
    scale. It gives exact zeros if :math:`q(t)` falls to 0 at 0 at least as fast as t, and is convex where
    :math:`t v(t)` rises. Faces, accuracy and cost are as for :class:`CustomPenalty`.

    Parameters
    ----------
    keep_prob_func : callable
        Vectorised function of a 1-D float array of points t >= 0 that returns the keep probabilities in the same shape.
        They must lie in [0, 1], be positive for t > 0, not decrease, and fall at 0 more slowly than t^2, where the
        penalty would be -inf.

    Raises
    ------
    ValueError
        At use, if the function breaks these rules; the message names it and the point where it fails. Exceptions
        raised by the function itself pass unchanged.

    References
    ----------
    D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
    regularization", NeurIPS 2021.

    Examples
    --------
    >>> from pyreweight.penalties import CustomDropout
    >>> mine = CustomDropout(lambda t: t / (t + 1))  # the lasso
    >>> mine.derivative([0.0, 0.5, 3.0]).round(12)
    array([1., 1., 1.])
    >>> print(mine.keep_prob(3.0), mine.keep_prob(3.0, alpha=3.0))
    0.75 0.5
    """

    _name = "custom_dropout"

    def __init__(self, keep_prob_func):
        self.keep_prob_func = keep_prob_func

    def _core_arguments(self):
        return self._name, {"keep_prob_func": _quiet(self.keep_prob_func, "keep_prob_func")}


def _quiet(func, name):
    """Return `func` without NumPy's warnings: it is asked at 0 and far out, where formulas divide and overflow."""
    if not callable(func):
        raise ValueError(f"{name} must be callable, got {func!r}")

    def call(t):
        with np.errstate(all="ignore"):
            return func(t)

    return call
