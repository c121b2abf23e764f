"""Classical penalties; the formulas live in ``cpp/include/pyreweight/penalties_classical.hpp``."""

from .base import Penalty


class L1(Penalty):
    r"""Lasso penalty :math:`P(u) = u`, :math:`u \ge 0`.

    Slope 1 everywhere, at 0 (soft thresholding) as at infinity (constant shrinkage). Convex. Homogeneous: no scale.

    References
    ----------
    R. Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 58 (1996).

    Examples
    --------
    >>> from pyreweight.penalties import L1
    >>> L1().prox([-3.0, 0.5, 2.0], alpha=1.0)
    array([-2.,  0.,  1.])
    """

    _name = "l1"


class L2(Penalty):
    r"""Ridge penalty :math:`P(u) = u^2 / 2`, :math:`u \ge 0`.

    Slope 0 at 0, so coefficients are never exactly zero; shrinkage by the constant factor
    :math:`1 / (1 + \alpha)`. Convex. No scale: it could be absorbed in alpha.

    References
    ----------
    A. E. Hoerl, R. W. Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 12
    (1970).

    Examples
    --------
    >>> from pyreweight.penalties import L2
    >>> L2().keep_prob([0.1, 10.0], alpha=1.0)
    array([0.5, 0.5])
    """

    _name = "l2"


class ElasticNet(Penalty):
    r"""Elastic net :math:`P(u) = r u + (1 - r) u^2 / 2`, :math:`u \ge 0`.

    Slope :math:`r` at 0 (thresholding unless :math:`r = 0`), growing without bound; eta stays below
    :math:`1 / (1 - r)`. Convex. No scale: the parametrisation is that of scikit-learn.

    Parameters
    ----------
    l1_ratio : float, default=0.5
        The mixing weight :math:`r` in [0, 1]: 1 is the lasso, 0 the ridge.

    References
    ----------
    H. Zou, T. Hastie, "Regularization and variable selection via the elastic net", JRSS B 67 (2005).

    Examples
    --------
    >>> from pyreweight.penalties import ElasticNet
    >>> ElasticNet(l1_ratio=0.5).prox([0.5, 2.0])
    array([0., 1.])
    """

    _name = "elastic_net"

    def __init__(self, l1_ratio=0.5):
        self.l1_ratio = l1_ratio


class Lp(Penalty):
    r"""Bridge penalty :math:`P(u) = u^p / p`, :math:`u \ge 0`.

    For :math:`p < 1` concave with infinite slope at 0: zero is a local minimum whatever the data say, and large
    coefficients are shrunk less and less. For :math:`p > 1` convex with slope 0 at 0: no exact zeros. ``p=1`` is the
    lasso, ``p=2`` the ridge. :math:`\hat\eta = u^{2-p}` gives the classical reweighted least squares. No scale.

    Parameters
    ----------
    p : float, default=0.5
        Exponent in (0, 2].

    References
    ----------
    I. E. Frank, J. H. Friedman, "A statistical view of some chemometrics regression tools", Technometrics 35 (1993).
    R. Chartrand, W. Yin, "Iteratively reweighted algorithms for compressive sensing", ICASSP 2008.

    Examples
    --------
    >>> from pyreweight.penalties import Lp
    >>> Lp(p=0.5).eta([1.0, 4.0])
    array([1., 8.])
    """

    _name = "lp"

    def __init__(self, p=0.5):
        self.p = p


class LogSum(Penalty):
    r"""Log-sum penalty :math:`P(u) = \log(1 + u)`, :math:`u \ge 0`.

    Slope 1 at 0 (thresholding), falling like :math:`1 / u`: nearly unbiased for large coefficients, yet unbounded.
    Concave. ``scale=eps`` gives :math:`\epsilon \log(1 + |w| / \epsilon)`.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    E. J. Candes, M. B. Wakin, S. P. Boyd, "Enhancing sparsity by reweighted l1 minimization", J. Fourier Anal. Appl. 14
    (2008).

    Examples
    --------
    >>> from pyreweight.penalties import LogSum
    >>> LogSum().derivative([0.0, 1.0, 3.0])
    array([1.  , 0.5 , 0.25])
    """

    _name = "log_sum"

    def __init__(self, scale=None):
        self.scale = scale


class MCP(Penalty):
    r"""Minimax concave penalty :math:`P(u) = u - u^2 / (2\gamma)` for :math:`u \le \gamma`, then :math:`\gamma / 2`.

    Slope 1 at 0 (thresholding), falling linearly to 0 at :math:`\gamma`; from there on flat, eta is infinite, and
    nothing is shrunk. Concave. With ``scale=None`` it is MCP(alpha, gamma) of the literature.

    Parameters
    ----------
    gamma : float, default=3.0
        Where the penalty becomes flat, in units of the scale; positive. Small values come near hard thresholding.
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    C.-H. Zhang, "Nearly unbiased variable selection under minimax concave penalty", Ann. Statist. 38 (2010).

    Examples
    --------
    >>> from pyreweight.penalties import MCP
    >>> MCP(gamma=3.0).prox([0.5, 2.0, 5.0])
    array([0. , 1.5, 5. ])
    """

    _name = "mcp"

    def __init__(self, gamma=3.0, scale=None):
        self.gamma = gamma
        self.scale = scale


class SCAD(Penalty):
    r"""Smoothly clipped absolute deviation: :math:`P'(u) = \min(1, (a - u)_+ / (a - 1))`, :math:`u \ge 0`.

    The lasso up to 1, then a parabola, constant :math:`(a + 1) / 2` from :math:`a` on: thresholding at 0, no shrinkage
    of large coefficients (eta infinite). Concave. With ``scale=None`` it is SCAD(alpha, a) of the literature.

    Parameters
    ----------
    a : float, default=3.7
        Where the penalty becomes flat, in units of the scale; greater than 1.
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    J. Fan, R. Li, "Variable selection via nonconcave penalized likelihood and its oracle properties", JASA 96 (2001).

    Examples
    --------
    >>> from pyreweight.penalties import SCAD
    >>> SCAD(a=3.0).value([0.5, 1.0, 3.0, 100.0])
    array([0.5, 1. , 2. , 2. ])
    """

    _name = "scad"

    def __init__(self, a=3.7, scale=None):
        self.a = a
        self.scale = scale


class Huber(Penalty):
    r"""Huber penalty :math:`P(u) = u^2 / 2` for :math:`u \le 1`, then :math:`u - 1/2`: the lasso with a rounded kink.

    Slope 0 at 0, so coefficients are never exactly zero; slope 1 from 1 on, up to infinity (constant shrinkage).
    :math:`\hat\eta = \max(u, 1)`, the reweighting that bounds eta from below. Convex.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35 (1964).

    Examples
    --------
    >>> from pyreweight.penalties import Huber
    >>> Huber().prox([1.0, 2.0, 5.0])
    array([0.5, 1. , 4. ])
    """

    _name = "huber"

    def __init__(self, scale=None):
        self.scale = scale


class CappedL1(Penalty):
    r"""Capped l1 penalty :math:`P(u) = \min(u, \theta)`, :math:`u \ge 0`.

    Slope 1 at 0 (thresholding) and up to :math:`\theta`; from there to infinity flat: eta jumps from :math:`\theta` to
    inf and nothing is shrunk. No solution has a coefficient at the kink. Concave.

    Parameters
    ----------
    theta : float, default=1.0
        Where the penalty becomes flat, in units of the scale; positive.
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    T. Zhang, "Analysis of multi-stage convex relaxation for sparse regularization", JMLR 11 (2010).

    Examples
    --------
    >>> from pyreweight.penalties import CappedL1
    >>> CappedL1(theta=2.0).prox([0.5, 2.0, 3.0])
    array([0., 1., 3.])
    """

    _name = "capped_l1"

    def __init__(self, theta=1.0, scale=None):
        self.theta = theta
        self.scale = scale
