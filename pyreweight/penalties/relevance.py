"""Automatic relevance determination; the solver lives in ``cpp/src/ard.cpp``."""

from .base import Penalty


class ARD(Penalty):
    r"""Automatic relevance determination: a prior variance for every coefficient, all estimated by the evidence.

    With :math:`w_j \sim N(0, \gamma_j)` and noise :math:`N(0, \sigma^2)` in the W rows, :math:`\gamma` and
    :math:`\sigma^2` maximise the likelihood of y after the coefficients are integrated out,

    .. math:: -2 \log p(y \mid \gamma, \sigma^2) = \log\det(\sigma^2 I + X \Gamma X^\top)
              + y^\top (\sigma^2 I + X \Gamma X^\top)^{-1} y + \text{const}

    (with an intercept, of the part of X and y orthogonal to it). That is the penalty
    :math:`\frac12 \min_\eta \left(\sum_j w_j^2 / \eta_j + \log\det(\sigma^2 I + X\,\mathrm{diag}(\eta) X^\top)\right)`:
    not separable, concave in :math:`|w|`, slope finite at 0, so columns whose :math:`\gamma_j` is 0 are out exactly.
    The noise and so alpha are estimated: estimators ignore their `alpha`, `feature_weights` can only be 1 or inf and
    ``solver="irls"`` is refused. Neither the units of y nor those of the columns matter, with or without `standardize`.
    Not convex: the answer is a local maximum, reached from the empty model; for fewer rows than columns there are many.

    The faces below are those that the penalty has where columns are orthonormal and each stands alone, at the noise
    level ``alpha`` :math:`= \sigma / \sqrt W` of a coefficient: the ones of :class:`VariationalBayesDropout`. In a
    fitted estimator,

    - ``alpha_`` is :math:`\sigma / \sqrt W` and ``noise_scale_`` is :math:`\sigma`, at least 1e-4 of the deviation of y
      (with more columns than rows the evidence often prefers to interpolate, and sigma stays there);
    - ``keep_prob_`` is :math:`W \gamma_j g_j / (W \gamma_j g_j + \sigma^2)`, the keep probability of the mask whose
      expected loss has the same ridge, and ``eta_`` is ``alpha_ * keep_prob_ / (1 - keep_prob_)`` over the mean square
      of the column;
    - ``objective_`` is :math:`-\log p(y)` at the estimates, ``kkt_residual_`` is ``alpha_`` times the largest violation
      of the stationarity of :math:`-2 \log p`, over all columns: its derivative in :math:`\log \gamma_j` where that is
      positive, the relative excess of the gain over the cost of :math:`\gamma_j` where it is 0;
    - ``n_iter_`` is the number of looks at all columns.

    References
    ----------
    D. J. C. MacKay, "Bayesian interpolation", Neural Computation 4 (1992).
    M. E. Tipping, A. C. Faul, "Fast marginal likelihood maximisation for sparse Bayesian models", AISTATS 2003.
    D. Wipf, S. Nagarajan, "A new view of automatic relevance determination", NeurIPS 2007.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import AdaptiveDropoutRegressor
    >>> from pyreweight.penalties import ARD
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaptiveDropoutRegressor(penalty=ARD()).fit(X, y)
    >>> int((model.coef_ != 0).sum())
    7
    """

    _name = "ard"
    _takes_alpha = False
