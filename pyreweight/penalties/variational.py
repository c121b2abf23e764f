"""Dropout with learned Gaussian noise; the formulas live in ``cpp/include/pyreweight/penalties_variational.hpp``."""

from .base import Penalty


class VariationalDropout(Penalty):
    r"""Exact variational dropout: the noise variance :math:`v = 1 / \eta` is learned against a log-uniform prior.

    .. math:: P(u) = \min_v \left(\tfrac12 u^2 v + \mathrm{KL}(v)\right), \qquad
              f(\eta) = 2\,\mathrm{KL}(1 / \eta) = 4 \int_0^{\sqrt{\eta / 2}} D(x)\,dx, \quad u \ge 0

    with Dawson's function :math:`D` and KL shifted to vanish at infinite variance. Slope 1 at 0 (thresholding),
    :math:`P(u) \approx \log u + 1.1352` for large :math:`u`. Concave. With ``scale=None`` the objective's
    :math:`\alpha\,\Omega(w; \alpha)` is :math:`\min_v (w^2 v / 2 + \alpha^2\,\mathrm{KL}(v))`.

    ``approximation="molchanov"`` replaces KL by the fit that deep learning code uses,

    .. math:: f(\eta) = 2 k_1 \operatorname{sigmoid}(k_3 \log \eta - k_2) + \log(1 + \eta), \qquad
              k = (0.63576, 1.87320, 1.48695),

    at most 0.019 from the exact f. Its slope at 0 is 1 as well, but rises to 1.0118 at :math:`u = 0.024` before it
    falls: subquadratic, not concave near 0, and a coefficient leaves zero as the 2.05th power of the excess of its
    correlation. :math:`P(u) \approx \log u + 1.1358` at infinity.

    Parameters
    ----------
    approximation : {"exact", "molchanov"}, default="exact"
        Which KL divergence.
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

    def __init__(self, approximation="exact", scale=None):
        self.approximation = approximation
        self.scale = scale

    def _core_arguments(self):
        if self.approximation not in ("exact", "molchanov"):
            raise ValueError(
                f"approximation of {self._name} must be 'exact' or 'molchanov', got {self.approximation!r}"
            )
        suffix = "" if self.approximation == "exact" else "_molchanov"
        return self._name + suffix, self._numbers("scale")


class VariationalBayesDropout(Penalty):
    r"""Variational Bayesian dropout, the penalty whose conjugate is :math:`f(\eta) = \log(1 + \eta)`.

    .. math:: P(u) = \frac{u}{u + R} + \operatorname{asinh} \frac u2, \qquad R = \sqrt{u^2 + 4}, \qquad
              \hat\eta = \tfrac12 u (u + R), \quad u \ge 0

    The KL divergence of dropout noise under a hierarchical prior with learned scale is :math:`\frac12 \log(1 + \eta)`,
    :math:`\eta` the inverse noise variance; automatic relevance determination has the same penalty when the columns
    are orthogonal. Slope 1 at 0 (thresholding), :math:`P(u) \approx \log u + \frac12` at infinity. Concave. At
    ``alpha=1, scale=1`` the keep probability is :math:`\hat\eta / (1 + \hat\eta)`.

    Parameters
    ----------
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    Y. Liu, W. Dong, L. Zhang, D. Gong, Q. Shi, "Variational Bayesian dropout with a hierarchical prior", CVPR 2019.

    Examples
    --------
    >>> from pyreweight.penalties import VariationalBayesDropout
    >>> VariationalBayesDropout().eta([0.0, 1.5])
    array([0., 3.])
    """

    _name = "variational_bayes_dropout"

    def __init__(self, scale=None):
        self.scale = scale
