"""The dropout strategy of a penalty at one strength, as an object of its own."""

from .arguments import check_positive
from .base import Penalty


class FixedStrength(Penalty):
    r"""The rule of a penalty at the strength :math:`\alpha_0`, kept whatever alpha is; made by ``penalty.as_dropout``.

    .. math:: \tilde\Omega(w) = \alpha_0\,\Omega(w; \alpha_0), \qquad
              \tilde q(w; \alpha) = \frac{1}{1 + \alpha\,\alpha_0 / \hat\eta(w; \alpha_0)}

    At ``alpha=1`` the keep probability is that of `penalty` at ``strength``, and the estimators minimise what they
    minimise with `penalty` and ``alpha=strength``. Other values of alpha multiply the penalty, while the scale stays
    where it is. Convexity, behaviour at 0 and at infinity are those of `penalty`.

    Of :class:`ARD`, which estimates its strength, this is the strategy of one orthonormal column at the noise level
    :math:`\alpha_0`; estimators refuse it. What they can fit is ``VariationalBayesDropout().as_dropout(alpha)``, with
    the same keep probabilities. Strategies that have no strength, such as :class:`TopK`, are what they are at any.

    Parameters
    ----------
    penalty : Penalty
        The penalty or strategy.
    strength : float, default=1.0
        The strength :math:`\alpha_0`, positive and finite.

    References
    ----------
    D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
    regularization", NeurIPS 2021.

    Examples
    --------
    >>> from pyreweight.penalties import LogSum
    >>> strategy = LogSum().as_dropout(alpha=0.5)
    >>> strategy
    FixedStrength(penalty=LogSum(), strength=0.5)
    >>> print(strategy.keep_prob(1.0).round(6), LogSum().keep_prob(1.0, alpha=0.5).round(6))
    0.857143 0.857143
    """

    _name = "fixed_strength"

    def __init__(self, penalty, strength=1.0):
        self.penalty = penalty
        self.strength = strength

    def _core_arguments(self):
        if not isinstance(self.penalty, Penalty):
            raise ValueError(f"penalty of {self._name} must be an instance of Penalty, got {self.penalty!r}")
        strength = check_positive(self.strength, f"strength of {self._name}")
        if not self.penalty._faces_take_alpha:
            return self.penalty._core_arguments()
        return self._name, {"penalty": self.penalty._core_arguments(), "strength": strength}

    @property
    def _takes_alpha(self):
        return self.penalty._takes_alpha

    def as_penalty(self):
        """Return the object itself, which is the penalty of this strategy.

        Returns
        -------
        FixedStrength
            This object.
        """
        return self
