"""What masks cost on average: the expected loss under dropout."""

import numpy as np
import scipy.sparse as sp
from scipy.special import expit
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ._layout import well_formed
from ._native import core
from .validation import check_sample_weight


def expected_dropout_loss(X, y, coef, keep_prob, method="exact", *, intercept=0.0, sample_weight=None):
    r"""Logistic loss of a linear classifier, averaged over dropout masks of its features.

    The masks multiply the entries of X; they are independent, with mean 1 and variance :math:`v_j = (1 - q_j) / q_j`, q
    the keep probabilities. A Gaussian mask makes the predictor of row i Gaussian, with mean
    :math:`z_i = b + x_i^\top w` and variance :math:`\sum_j v_j x_{ij}^2 w_j^2`, so that its expected loss is one
    integral per row.

    Parameters
    ----------
    X : {array-like, sparse array or matrix} of shape (n_samples, n_features)
        Data, as the masks see it: centre and scale it if they live on centred, scaled columns.
    y : array-like of shape (n_samples,)
        Labels of two classes.
    coef : array-like of shape (n_features,) or (1, n_features)
        Coefficients w of the predictor of the second class in sorted order.
    keep_prob : array-like of shape (n_features,) or (1, n_features)
        Keep probabilities, in (0, 1] wherever the coefficient is not 0.
    method : {"exact", "quadratic", "bound"}, default="exact"
        ``"exact"``: the expectation under Gaussian masks. ``"quadratic"``: the loss plus half the sum of its curvature
        times the variance of the predictor, an approximation for small variances and any masks. ``"bound"``: the same
        with 1/4 for the curvature, which is never less than the expectation, whatever the masks.
    intercept : float or array-like of shape (1,), default=0.0
        The intercept b, which no mask touches.
    sample_weight : array-like of shape (n_samples,), default=None
        Nonnegative weights of the rows; None is 1 everywhere.

    Returns
    -------
    float
        The weighted mean over the rows.

    Raises
    ------
    ValueError
        If an argument is out of its range; the message names it.

    References
    ----------
    .. [1] S. Wager, S. Wang, P. Liang, "Dropout training as adaptive regularization", NeurIPS 2013.

    Examples
    --------
    >>> from pyreweight import expected_dropout_loss
    >>> X, y = [[1.0, 2.0], [-1.0, 0.5], [0.3, -1.0]], [1, 0, 1]
    >>> for method in ("exact", "quadratic", "bound"):
    ...     print(round(expected_dropout_loss(X, y, [1.0, -0.5], [0.5, 0.8], method), 4))
    0.5188
    0.5255
    0.5395
    """
    if method not in ("exact", "quadratic", "bound"):
        raise ValueError(f"method must be 'exact', 'quadratic' or 'bound', got {method!r}")
    X = check_array(well_formed(X), accept_sparse=["csr", "csc"], dtype=np.float64)
    y = column_or_1d(y)
    check_consistent_length(X, y)
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) > 2:
        raise ValueError(f"y must have two classes, got {len(classes)}")
    target = codes.astype(np.float64) if len(classes) == 2 else np.full(len(y), float(classes[0] == 1))
    coef = _row(coef, "coef", X.shape[1])
    keep_prob = _row(keep_prob, "keep_prob", X.shape[1])
    active = np.flatnonzero(coef)
    if np.any(keep_prob[active] <= 0) or np.any(keep_prob[active] > 1):
        raise ValueError("keep_prob must be in (0, 1] wherever coef is not 0")
    weights = check_sample_weight(sample_weight, len(y))
    weights = weights / weights.sum()
    X, w, q = X[:, active], coef[active], keep_prob[active]
    squares = X.multiply(X) if sp.issparse(X) else X * X
    z = X @ w + np.ravel(np.asarray(intercept, dtype=np.float64))[0]
    variance = squares @ ((1 - q) / q * w**2)
    if method == "exact":
        return core.expected_logistic_loss(target, z, np.sqrt(variance), weights)
    probability = expit(z)
    curvature = probability * (1 - probability) if method == "quadratic" else 0.25
    return float(weights @ (np.logaddexp(0, z) - target * z + 0.5 * curvature * variance))


def _row(values, name, size):
    """Return values of shape (size,) or (1, size) as a vector."""
    vector = np.asarray(values.toarray() if sp.issparse(values) else values, dtype=np.float64)
    if vector.shape not in ((size,), (1, size)) or not np.all(np.isfinite(vector)):
        raise ValueError(f"{name} must be finite and have shape ({size},) or (1, {size}), got {vector.shape}")
    return vector.ravel()
