"""What masks cost on average: the exact quadratic penalty of any mask with given mean and covariance."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array

from ._native import core
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
    X : array-like of shape (n_samples, n_features)
        Data, dense.
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
    X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
    if not isinstance(fit_intercept, bool | np.bool_):
        raise ValueError(f"fit_intercept must be True or False, got {fit_intercept!r}")
    weights = check_sample_weight(sample_weight, X.shape[0])
    counted = weights > 0
    if not counted.all():
        X, weights = X[counted], weights[counted]
    if not (X.flags.c_contiguous or X.flags.f_contiguous) or not X.flags.aligned:
        X = np.array(X, order="F")
    mean, covariance = _mask_moments(mask_mean, mask_cov, X.shape[1])
    penalty = core.effective_penalty(
        X=X, sample_weight=weights, fit_intercept=bool(fit_intercept), mask_mean=mean, mask_cov=covariance
    )
    if not np.all(np.isfinite(penalty)):
        raise ValueError("the penalty overflows: rescale X, mask_mean or mask_cov")
    return penalty


def _mask_moments(mask_mean, mask_cov, n_features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (p,) and covariance (p, p, F order) as the core takes them."""
    mean = np.ascontiguousarray(np.broadcast_to(_finite(mask_mean, "mask_mean"), n_features))
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
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be real numbers: {error}") from error
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite")
    return array
