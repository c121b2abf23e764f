"""Dropout with learned Gaussian noise; the formulas live in ``cpp/include/pyreweight/penalties_variational.hpp``."""

from .base import Penalty, _number

_RULES = {"exact": "variational_dropout", "molchanov": "variational_dropout_molchanov"}


class VariationalDropout(Penalty):
    r"""Variational dropout: the noise variance :math:`v = 1 / \eta` is learned against a log-uniform prior.

    .. math:: P(u) = \min_v \left(\tfrac12 u^2 v + \mathrm{KL}(v)\right), \qquad
              f(\eta) = 2\,\mathrm{KL}(1 / \eta) = 4 \int_0^{\sqrt{\eta / 2}} D(x)\,dx, \quad u \ge 0

    with Dawson's function :math:`D` and KL shifted to vanish at infinite variance. Slope 1 at 0 (thresholding),
    :math:`P(u) \approx \log u + 1.1352` for large :math:`u`. Concave. With ``scale=None`` the objective's
    :math:`\alpha\,\Omega(w; \alpha)` is :math:`\min_v (w^2 v / 2 + \alpha^2\,\mathrm{KL}(v))`. At ``alpha=1, scale=1``
    the keep probability is :math:`1 / (1 + v)` for the best :math:`v`.

    ``approximation="molchanov"`` replaces the KL divergence by the formula fitted in [2]_,

    .. math:: f(\eta) = 2 k_1\,\mathrm{sigmoid}(k_3 \log \eta - k_2) + \log(1 + \eta), \qquad
              k = (0.63576, 1.87320, 1.48695)

    which differs from it by at most 0.019. Its slope rises from 1 at 0 to 1.0118 at :math:`u = 0.024` before it falls,
    so it is neither convex nor concave; :math:`P(u) \approx \log u + 1.1358` for large :math:`u`.

    Parameters
    ----------
    approximation : {"exact", "molchanov"}, default="exact"
        The KL divergence used.
    scale : float, default=None
        Scale :math:`s` of :math:`\Omega(w) = s P(|w| / s)`; None means alpha.

    References
    ----------
    .. [1] D. P. Kingma, T. Salimans, M. Welling, "Variational dropout and the local reparameterization trick", NeurIPS
       2015.
    .. [2] D. Molchanov, A. Ashukha, D. Vetrov, "Variational dropout sparsifies deep neural networks", ICML 2017.
    .. [3] J. Hron, A. Matthews, Z. Ghahramani, "Variational Bayesian dropout: pitfalls and fixes", ICML 2018.

    Examples
    --------
    >>> from pyreweight.penalties import VariationalDropout
    >>> VariationalDropout().prox([0.9, 2.0, 10.0]).round(4)
    array([0.    , 1.2175, 9.8979])
    >>> VariationalDropout(approximation="molchanov").prox([0.9, 2.0, 10.0]).round(4)
    array([0.    , 1.2244, 9.8987])
    """

    _name = "variational_dropout"

    def __init__(self, approximation="exact", scale=None):
        self.approximation = approximation
        self.scale = scale

    def _core_arguments(self) -> tuple[str, dict[str, float]]:
        """Name of the rule that `approximation` chooses, and the scale."""
        if not isinstance(self.approximation, str) or self.approximation not in _RULES:
            raise ValueError(
                f"approximation of {self._name} must be one of {', '.join(map(repr, _RULES))}, "
                f"got {self.approximation!r}"
            )
        params = {} if self.scale is None else {"scale": _number(self.scale, f"scale of {self._name}")}
        return _RULES[self.approximation], params


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
