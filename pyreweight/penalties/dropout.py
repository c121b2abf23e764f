"""Dropout strategies and their penalties; the formulas live in ``cpp/include/pyreweight/penalties_dropout.hpp``."""

from .base import Penalty


class BernoulliDropout(Penalty):
    r"""Plain dropout, :math:`P(u) = \frac{\rho}{1 - \rho} u^2 / 2`, :math:`u \ge 0`: the ridge in dropout's words.

    At ``alpha=1`` every column is kept with probability :math:`1 - \rho`, whatever its coefficient; eta is the constant
    :math:`(1 - \rho) / \rho`. Slope 0 at 0: no exact zeros. Convex. ``rate=0`` does not penalise at all.

    Parameters
    ----------
    rate : float, default=0.5
        Dropout rate :math:`\rho` in [0, 1).

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).
    S. Wager, S. Wang, P. Liang, "Dropout training as adaptive regularization", NeurIPS 2013.

    Examples
    --------
    >>> from pyreweight.penalties import BernoulliDropout
    >>> BernoulliDropout(rate=0.2).keep_prob([0.1, 10.0]).round(12)
    array([0.8, 0.8])
    """

    _name = "bernoulli_dropout"

    def __init__(self, rate=0.5):
        self.rate = rate


class PowerDropout(Penalty):
    r"""Power-law dropout: keep probability :math:`u^q / (u^q + c)` at ``alpha=1``.

    .. math:: P(u) = \frac{c\,u^{2-q}}{2 - q}, \qquad \hat\eta = u^q / c, \quad u \ge 0

    That is :math:`c` times ``Lp(p=2 - q)``. For :math:`q > 1` concave with infinite slope at 0: zero is a local minimum
    whatever the data say. For :math:`q = 1` the lasso with slope :math:`c`. For :math:`q < 1` convex with slope 0 at 0:
    no exact zeros. Unbounded at infinity. :math:`q = 2` is excluded: its penalty :math:`c \log u` is :math:`-\infty` at
    0, which no data outweigh. No scale: it could be absorbed in :math:`c`.

    Parameters
    ----------
    q : float, default=1.0
        Exponent in (0, 2).
    c : float, default=1.0
        The odds of being dropped at :math:`u = 1`; positive.

    References
    ----------
    D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
    regularization", NeurIPS 2021.

    Examples
    --------
    >>> from pyreweight.penalties import PowerDropout
    >>> PowerDropout(q=1.0, c=3.0).keep_prob([0.0, 1.0, 9.0])
    array([0.  , 0.25, 0.75])
    """

    _name = "power_dropout"

    def __init__(self, q=1.0, c=1.0):
        self.q = q
        self.c = c


class Standout(Penalty):
    r"""Standout: keep probability :math:`\mathrm{sigmoid}(a u + b)` at ``alpha=1, scale=1``.

    .. math:: P(u) = \frac{e^{-b}}{a^2} \left(1 - (1 + a u) e^{-a u}\right), \quad \hat\eta = e^{a u + b}, \quad u \ge 0

    Slope 0 at 0, where it is a parabola of curvature :math:`e^{-b}`: large coefficients are nearly free, but nothing
    becomes exactly zero. Convex up to :math:`u = 1 / a`, concave beyond, bounded by :math:`e^{-b} / a^2`. Not convex.

    Parameters
    ----------
    slope : float, default=1.0
        The slope :math:`a > 0` of the log-odds of being kept.
    bias : float, default=0.0
        The log-odds :math:`b` at a coefficient of zero, in [-700, 700].
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    L. J. Ba, B. Frey, "Adaptive dropout for training deep neural networks", NeurIPS 2013.

    Examples
    --------
    >>> from pyreweight.penalties import Standout
    >>> Standout(slope=1.0, bias=0.0).keep_prob([0.0, 1.0, 5.0]).round(4)
    array([0.5   , 0.7311, 0.9933])
    """

    _name = "standout"

    def __init__(self, slope=1.0, bias=0.0, scale=None):
        self.slope = slope
        self.bias = bias
        self.scale = scale


class HardConcrete(Penalty):
    r"""Hard concrete gate: dropout whose mask :math:`s` is a stretched, clipped binary concrete variable.

    .. math:: P(u) = \Gamma(m u) / m^2, \qquad \Gamma(t) = \tfrac12 \min_a \left(t^2 v(a) + P(s \ne 0)\right), \qquad
              m = \Gamma'(0^+), \quad u \ge 0

    with :math:`P(s > x) = a / (a + r(x))`, :math:`r(x) = \left(\frac{x - \gamma}{\zeta - x}\right)^\beta` and
    :math:`v(a)` the squared coefficient of variation of :math:`s`; its location :math:`\log a` is learned. Moments come
    from quadrature with 60 points, the minimum over :math:`a` is global. Slope 1 at 0 (thresholding). From a finite
    :math:`u` to infinity the penalty is the constant :math:`1 / (2 m^2)`, eta is infinite and nothing is shrunk. With
    the default parameters :math:`m = 1.4752`, and at :math:`u = 0.36266` eta jumps from 2.3529 to inf; with a small
    :math:`\beta` it grows without bound instead, and :math:`\beta \to 0` is ``MCP(gamma=1)``. Concave. At
    ``alpha=1, scale=1`` the keep probability is :math:`1 / (1 + v)` for the best :math:`a`.

    The conjugate is :math:`P(s \ne 0) / m^2` of the gate with :math:`v = 1 / \eta`. For :math:`\eta` in the jump, which
    no coefficient chooses, it is greater than the supremum in the definition of ``conjugate``; the penalty is the
    minimum over :math:`\eta` for either.

    Parameters
    ----------
    beta : float, default=2/3
        Temperature of the concrete distribution, in (0, 2].
    gamma : float, default=-0.1
        Lower end of the stretched range, in [-10, -0.01].
    zeta : float, default=1.1
        Upper end of the stretched range, in [1.01, 11].
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    C. Louizos, M. Welling, D. P. Kingma, "Learning sparse neural networks through L0 regularization", ICLR 2018.

    Examples
    --------
    >>> from pyreweight.penalties import HardConcrete
    >>> HardConcrete().prox([0.5, 1.0, 2.0]).round(4)
    array([0., 1., 2.])
    """

    _name = "hard_concrete"

    def __init__(self, beta=2 / 3, gamma=-0.1, zeta=1.1, scale=None):
        self.beta = beta
        self.gamma = gamma
        self.zeta = zeta
        self.scale = scale
