"""Strategies that rank the coefficients; the formulas live in ``cpp/src/penalties_ranking.cpp``."""

from sklearn.base import clone

from .base import Penalty


class TopK(Penalty):
    r"""Magnitude pruning, or hard thresholding: the k largest coefficients are kept, the others are 0.

    .. math:: \Omega(w) = 0 \text{ if } \|w\|_0 \le k, \text{ else } \infty, \qquad
              \hat\eta_j = \infty \text{ for the } k \text{ largest } |w_j|, \text{ else } 0

    Not separable: the faces take an array of any shape as one vector, `value` and `conjugate` return one number,
    `derivative`, `eta` and `keep_prob` (1 or 0) and `prox` one per entry. Ties go to the first, a 0 is never among the
    largest. Alpha plays no part: estimators ignore theirs and report ``alpha_ = 0``. Not convex; slope inf at 0: every
    zero is stationary. There are no feature weights but 0 (always in the model, not counted) and inf.

    ``solver="auto"`` is least squares on a support that no exchange of one column for another improves: hard
    thresholding pursuit, then the best exchanges. `kkt_residual_` is the largest correlation of a kept column with the
    residual, in the units of :math:`d_j`; it says that the fit is least squares, not that the support is the best of
    all. `converged_` says that the last check of all exchanges, at a cost of O(k^2 p), found none.
    ``solver="irls"`` prunes once: ridge at keep probability 1/2, least squares on its k largest coefficients.

    Parameters
    ----------
    k : int, default=10
        Largest number of nonzero penalised coefficients, at least 1.

    References
    ----------
    T. Blumensath, M. E. Davies, "Iterative hard thresholding for compressed sensing", Applied and Computational
    Harmonic Analysis 27 (2009).
    S. Foucart, "Hard thresholding pursuit: an algorithm for compressive sensing", SIAM Journal on Numerical Analysis 49
    (2011).

    Examples
    --------
    >>> from pyreweight.penalties import TopK
    >>> TopK(k=2).prox([3.0, -1.0, 2.0])
    array([3., 0., 2.])
    """

    _name = "top_k"
    _takes_alpha = False
    _faces_take_alpha = False

    def __init__(self, k=10):
        self.k = k

    def as_dropout(self, alpha=1.0):
        """Return a copy: the strategy is the same at every alpha.

        Parameters
        ----------
        alpha : float, default=1.0
            Ignored.

        Returns
        -------
        TopK
            The copy.
        """
        return clone(self)


class TargetedDropout(Penalty):
    r"""Targeted dropout: all but the k largest coefficients are dropped at a fixed rate; the trimmed ridge.

    .. math:: \Omega(w) = \frac{\rho}{2 (1 - \rho)} \sum_{j > k} w_{(j)}^2, \qquad |w_{(1)}| \ge |w_{(2)}| \ge \dots

    Not separable: the faces take an array of any shape as one vector, `value` and `conjugate` return one number,
    `derivative`, `eta`, `keep_prob` and `prox` one per entry. The k largest are not penalised at all (eta inf, keep
    probability 1), the others have eta :math:`(1 - \rho) / \rho` and, at ``alpha=1``, keep probability
    :math:`1 - \rho`. No exact zeros: slope 0 at 0. Concave in the squares, not convex; the limit :math:`\rho \to 1` is
    :class:`TopK`. The conjugate is 0 where :math:`\sum_j \min(1, (1 - \rho) / (\rho\,\eta_j)) \ge p - k`, else inf.
    Estimators accept the feature weights 0, 1 and inf; the answer is a stationary point.

    Parameters
    ----------
    k : int, default=10
        Number of coefficients that are never dropped, at least 0.
    rate : float, default=0.5
        Dropout rate :math:`\rho` of the others, in [0, 1).

    References
    ----------
    A. N. Gomez, I. Zhang, S. R. Kamalakara, D. Madaan, K. Swersky, Y. Gal, G. E. Hinton, "Learning sparse networks
    using targeted dropout", arXiv:1905.13678 (2019).

    Examples
    --------
    >>> from pyreweight.penalties import TargetedDropout
    >>> TargetedDropout(k=1, rate=0.5).value([3.0, -1.0, 2.0])
    2.5
    """

    _name = "targeted_dropout"

    def __init__(self, k=10, rate=0.5):
        self.k = k
        self.rate = rate
