"""Penalties with a redescending slope; the formulas live in ``cpp/include/pyreweight/penalties_redescending.hpp``."""

from .base import Penalty


class Cauchy(Penalty):
    r"""Cauchy penalty :math:`P(u) = \tfrac12 \log(1 + u^2)`, :math:`u \ge 0`.

    Slope 0 at 0, where it is the ridge :math:`u^2 / 2`: no exact zeros. The slope falls like :math:`1 / u` at infinity,
    where the penalty is unbounded; :math:`\hat\eta = 1 + u^2`. Convex up to :math:`u = 1`, concave beyond: not convex.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    M. J. Black, A. Rangarajan, "On the unification of line processes, outlier rejection, and robust statistics with
    applications in early vision", IJCV 19 (1996).

    Examples
    --------
    >>> from pyreweight.penalties import Cauchy
    >>> Cauchy().eta([0.0, 1.0, 3.0])
    array([ 1.,  2., 10.])
    """

    _name = "cauchy"

    def __init__(self, scale=None):
        self.scale = scale


class LogSquare(Penalty):
    r"""Logarithm of squares :math:`P(u) = \log(1 + u^2)`, :math:`u \ge 0`: twice the Cauchy penalty.

    Slope 0 at 0, where it is the ridge :math:`u^2`: no exact zeros. Unbounded at infinity, with slope :math:`2 / u`;
    :math:`\hat\eta = (1 + u^2) / 2`. Convex up to :math:`u = 1`, concave beyond: not convex. ``scale=eps`` gives the
    smoothed reweighting :math:`\hat\eta = (w^2 + \epsilon^2) / (2 \epsilon)` of the literature on sparse recovery.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    R. Chartrand, W. Yin, "Iteratively reweighted algorithms for compressive sensing", ICASSP 2008.

    Examples
    --------
    >>> from pyreweight.penalties import LogSquare
    >>> LogSquare().derivative([0.0, 1.0, 3.0])
    array([0. , 1. , 0.6])
    """

    _name = "log_square"

    def __init__(self, scale=None):
        self.scale = scale


class GemanMcClure(Penalty):
    r"""Geman-McClure penalty :math:`P(u) = \frac{u^2 / 2}{1 + u^2}`, :math:`u \ge 0`.

    Slope 0 at 0, where it is the ridge :math:`u^2 / 2`: no exact zeros. Bounded by 1/2, with slope :math:`u^{-3}` at
    infinity: large coefficients are nearly free; :math:`\hat\eta = (1 + u^2)^2`. Convex up to :math:`u = 1 / \sqrt3`,
    concave beyond: not convex.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    S. Geman, D. E. McClure, "Bayesian image analysis: an application to single photon emission tomography", Proc. Stat.
    Comput. Sect., Amer. Statist. Assoc. (1985).

    Examples
    --------
    >>> from pyreweight.penalties import GemanMcClure
    >>> GemanMcClure().value([0.0, 1.0, 3.0])
    array([0.  , 0.25, 0.45])
    """

    _name = "geman_mcclure"

    def __init__(self, scale=None):
        self.scale = scale


class Geman(Penalty):
    r"""Geman penalty :math:`P(u) = u / (1 + u)`, :math:`u \ge 0`.

    Slope 1 at 0 (thresholding), falling like :math:`u^{-2}` at infinity: large coefficients are nearly free, and the
    penalty is bounded by 1; :math:`\hat\eta = u (1 + u)^2`. Concave.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    D. Geman, G. Reynolds, "Constrained restoration and the recovery of discontinuities", IEEE PAMI 14 (1992).

    Examples
    --------
    >>> from pyreweight.penalties import Geman
    >>> Geman().derivative([0.0, 1.0, 3.0])
    array([1.    , 0.25  , 0.0625])
    """

    _name = "geman"

    def __init__(self, scale=None):
        self.scale = scale


class Exponential(Penalty):
    r"""Exponential penalty :math:`P(u) = 1 - e^{-u}`, :math:`u \ge 0`, a smooth count of nonzeros.

    Slope 1 at 0 (thresholding), falling exponentially at infinity: beyond a few scales coefficients are free, and the
    penalty is bounded by 1; :math:`\hat\eta = u e^u`, inf where it exceeds the range of floating point. Concave.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    P. S. Bradley, O. L. Mangasarian, "Feature selection via concave minimization and support vector machines", ICML
    1998.

    Examples
    --------
    >>> from pyreweight.penalties import Exponential
    >>> Exponential().value([0.0, 1.0, 100.0]).round(4)
    array([0.    , 0.6321, 1.    ])
    """

    _name = "exponential"

    def __init__(self, scale=None):
        self.scale = scale
