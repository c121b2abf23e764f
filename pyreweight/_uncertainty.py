"""How uncertain the masks leave a prediction."""

import numpy as np
import scipy.sparse as sp


def mask_spread(X, centre, coef, keep_prob, noise_scale):
    r"""Return :math:`\sqrt{\sigma^2 + \sum_j \frac{1 - q_j}{q_j} w_j^2 (x_j - m_j)^2}` for every row of X.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n_samples, n_features)
        Data, CSC or CSR if sparse.
    centre : ndarray of shape (n_features,)
        Weighted column means m.
    coef, keep_prob : ndarray of shape (n_features,)
        Coefficients w and keep probabilities q; columns with coefficient 0 do not count.
    noise_scale : float
        sigma.

    Returns
    -------
    ndarray of shape (n_samples,)
        Standard deviations.
    """
    active = np.flatnonzero(coef)
    centre, keep_prob = centre[active], keep_prob[active]
    factors = coef[active].astype(np.float64) * np.sqrt((1 - keep_prob) / keep_prob)
    if sp.issparse(X):
        return _sparse_spread(X.tocsc()[:, active], centre, factors, noise_scale)
    terms = (X[:, active] - centre) * factors
    size = max(np.abs(terms).max(initial=0.0), noise_scale)  # every term is brought to size 1 before it is squared
    if size == 0:
        return np.zeros(len(X))
    return size * np.sqrt(np.square(terms / size).sum(axis=1) + (noise_scale / size) ** 2)


def _sparse_spread(X, centre, factors, noise_scale):
    """Do the same from the stored entries: what a row would have without any, corrected where there is one."""
    counts = np.diff(X.indptr)
    # Columns that are more full than empty lose digits in the correction, and are no larger when dense.
    full = 2 * counts > X.shape[0]
    dense = (X[:, full].toarray() - centre[full]) * factors[full]
    X, centre, factors, counts = X[:, ~full], centre[~full], factors[~full], counts[~full]
    without = centre * factors
    terms = (X.data - np.repeat(centre, counts)) * np.repeat(factors, counts)
    size = max(max(np.abs(part).max(initial=0.0) for part in (dense, without, terms)), noise_scale)
    if size == 0:
        return np.zeros(X.shape[0])
    changes = np.square(terms / size) - np.repeat(np.square(without / size), counts)
    variance = np.square(without / size).sum() + (noise_scale / size) ** 2
    variance += np.bincount(X.indices, weights=changes, minlength=X.shape[0])
    return size * np.sqrt(np.maximum(variance + np.square(dense / size).sum(axis=1), (noise_scale / size) ** 2))
