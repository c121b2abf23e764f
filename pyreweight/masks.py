"""What masks cost on average: the exact quadratic penalty of any mask with given mean and covariance."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import toeplitz

from ._native import core
from .penalties.arguments import check_count, check_number
from .training_arguments import as_core_takes_it, check_matrix
from .validation import check_sample_weight


def effective_penalty(X, mask_mean: ArrayLike, mask_cov: ArrayLike, *, sample_weight=None, fit_intercept=True):
    r"""Quadratic penalty that training a linear model under random masks amounts to, exactly.

    A mask s multiplies the (centred) columns of X; :math:`\mu` and C are its mean and covariance. For the squared loss
    only these two moments matter, whatever the distribution, and whether all rows share one mask or each has its own.
    With :math:`w = \mu \circ u`, the coefficients that predict on average,

    .. math::

        \mathbb E_s \frac1S \sum_i s_i \frac{(y_i - b - x_i^\top (s \circ u))^2}{2}
        = \frac1S \sum_i s_i \frac{(y_i - b - x_i^\top w)^2}{2} + \tfrac12 w^\top Q\, w, \qquad
        Q_{jk} = \frac{C_{jk}}{\mu_j \mu_k}\, G_{jk}

    with G the weighted second moments of the columns. Independent masks give a diagonal Q: a ridge, whose weight on
    column j is :math:`G_{jj}(1 - q_j)/q_j` for keep probability :math:`q_j`. Correlated masks add the terms
    :math:`w_j w_k` of correlated columns.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data.
    mask_mean : float or array-like of shape (n_features,)
        Mean of the mask of each column, not zero; 1 for masks that are scaled by their keep probability.
    mask_cov : array-like of shape (n_features,) or (n_features, n_features)
        Covariance matrix of the mask, or the variances alone if its entries are uncorrelated.
    sample_weight : array-like of shape (n_samples,), default=None
        Nonnegative weights of the rows; None is 1 everywhere.
    fit_intercept : bool, default=True
        Whether the masks act on centred columns; the intercept is never masked. False: on X as it is.

    Returns
    -------
    ndarray of shape (n_features, n_features)
        Q, symmetric and positive semidefinite. The penalty at coefficients w is ``w @ Q @ w / 2``.

    Raises
    ------
    ValueError
        If an argument is out of its range; the message names it.

    See Also
    --------
    dropout_training : Train under masks by sampling them.

    References
    ----------
    S. Wager, S. Wang, P. Liang, "Dropout training as adaptive regularization", NeurIPS 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from pyreweight import effective_penalty
    >>> X = np.array([[1.0, 2.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, -2.0]])
    >>> effective_penalty(X, 1.0, [0.25, 0.25])
    array([[0.25, 0.  ],
           [0.  , 0.5 ]])
    >>> effective_penalty(X, 1.0, [[0.25, 0.25], [0.25, 0.25]])
    array([[0.25, 0.25],
           [0.25, 0.5 ]])
    """
    X = check_matrix(X)
    if not isinstance(fit_intercept, bool | np.bool_):
        raise ValueError(f"fit_intercept must be True or False, got {fit_intercept!r}")
    weights = check_sample_weight(sample_weight, X.shape[0])
    counted = weights > 0
    if not counted.all():
        X, weights = X[counted], weights[counted]
    mean, covariance = _mask_moments(mask_mean, mask_cov, X.shape[1])
    penalty = core.effective_penalty(
        X=as_core_takes_it(X),
        sample_weight=weights,
        fit_intercept=bool(fit_intercept),
        mask_mean=mean,
        mask_cov=covariance,
    )
    if not np.all(np.isfinite(penalty)):
        raise ValueError("the penalty overflows: rescale X, mask_mean or mask_cov")
    return penalty


def strided_covariance(n_features: int, keep_prob: float) -> NDArray[np.float64]:
    r"""Covariance of the strided masks that :func:`dropout_training` draws, scaled to mean 1.

    .. math:: C_{jk} = \frac{1}{q^2} \sum_{d\,|\,j-k} \frac{k_d}{d} - 1

    where :math:`k_d` is the probability of period d. The diagonal is :math:`(1 - q)/q`, as for independent Bernoulli
    masks; off the diagonal neighbours are dropped alternately (negative) and multiples of common periods kept together.

    Parameters
    ----------
    n_features : int
        Number of columns, p.
    keep_prob : float
        Keep probability q of every column, in [0.001, 1].

    Returns
    -------
    ndarray of shape (n_features, n_features)
        The covariance matrix C, for :func:`effective_penalty`.

    Raises
    ------
    ValueError
        If an argument is out of its range; the message names it.

    Examples
    --------
    >>> from pyreweight import strided_covariance
    >>> strided_covariance(3, 0.5).round(3) + 0.0
    array([[ 1.   , -0.117,  0.384],
           [-0.117,  1.   , -0.117],
           [ 0.384, -0.117,  1.   ]])
    """
    check_count(n_features, "n_features", least=0)
    keep_prob = check_number(keep_prob, "keep_prob")
    if not 0.001 <= keep_prob <= 1:
        raise ValueError(f"keep_prob must be in [0.001, 1], got {keep_prob!r}")
    periods = core.strided_periods(keep_prob)
    distance = np.arange(n_features)
    together = np.zeros(n_features)  # probability that columns this far apart are kept together
    for d, chance in enumerate(periods, start=1):
        together[distance % d == 0] += chance / d
    return toeplitz(together / keep_prob**2 - 1)


def _mask_moments(mask_mean, mask_cov, n_features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (p,) and covariance (p, p, F order) as the core takes them."""
    mean = _finite(mask_mean, "mask_mean")
    if mean.shape not in ((), (n_features,)):
        raise ValueError(f"mask_mean must be a number or have shape ({n_features},), got {mean.shape}")
    mean = np.ascontiguousarray(np.broadcast_to(mean, n_features))
    if np.any(mean == 0):
        raise ValueError("mask_mean must not be 0: a column that is always dropped has no coefficient")
    covariance = _finite(mask_cov, "mask_cov")
    if covariance.shape == (n_features,):
        covariance = np.diag(covariance)
    if covariance.shape != (n_features, n_features):
        wanted = f"({n_features},) or ({n_features}, {n_features})"
        raise ValueError(f"mask_cov must have shape {wanted}, got {covariance.shape}")
    size = np.abs(covariance).max(initial=0.0)
    if not np.allclose(covariance, covariance.T, rtol=0, atol=1e-10 * size):
        raise ValueError("mask_cov must be symmetric")
    if n_features and np.linalg.eigvalsh(covariance)[0] < -1e-8 * size:
        raise ValueError("mask_cov must be positive semidefinite, as every covariance is")
    return mean, np.asfortranarray(covariance)


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        if np.iscomplexobj(values):
            raise TypeError("complex numbers")
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be real numbers: {error}") from error
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite")
    return array
