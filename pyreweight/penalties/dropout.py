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


class VariationalDropout(Penalty):
    r"""Exact variational dropout: the noise variance :math:`v = 1 / \eta` is learned against a log-uniform prior.

    .. math:: P(u) = \min_v \left(\tfrac12 u^2 v + \mathrm{KL}(v)\right), \qquad
              f(\eta) = 2\,\mathrm{KL}(1 / \eta) = 4 \int_0^{\sqrt{\eta / 2}} D(x)\,dx, \quad u \ge 0

    with Dawson's function :math:`D` and KL shifted to vanish at infinite variance. Slope 1 at 0 (thresholding),
    :math:`P(u) \approx \log u + 1.1352` for large :math:`u`. Concave. With ``scale=None`` the objective's
    :math:`\alpha\,\Omega(w; \alpha)` is :math:`\min_v (w^2 v / 2 + \alpha^2\,\mathrm{KL}(v))`.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    D. P. Kingma, T. Salimans, M. Welling, "Variational dropout and the local reparameterization trick", NeurIPS 2015.
    D. Molchanov, A. Ashukha, D. Vetrov, "Variational dropout sparsifies deep neural networks", ICML 2017.
    J. Hron, A. Matthews, Z. Ghahramani, "Variational Bayesian dropout: pitfalls and fixes", ICML 2018.

    Examples
    --------
    >>> from pyreweight.penalties import VariationalDropout
    >>> VariationalDropout().prox([0.9, 2.0, 10.0]).round(4)
    array([0.    , 1.2175, 9.8979])
    """

    _name = "variational_dropout"

    def __init__(self, scale=None):
        self.scale = scale
