"""X and y as scikit-learn validates them."""

from contextlib import contextmanager

import numpy as np
import scipy.sparse as sp
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from ._layout import well_formed


def check_data(estimator, X, *y, reset=True, finite_later=False, **options):
    """Return what ``validate_data`` does, with X dense, CSC or CSR, float64 or float32, its structure checked.

    ``validate_data`` takes longer than a small fit. Plain arrays and sparse matrices of floats, to which it would do
    nothing, do not need it; all else, what it refuses above all, goes there. `finite_later` leaves the entries of plain
    X to ``checked_by_core``.
    """
    X = well_formed(X)
    if not _is_plain(estimator, X, y, reset):
        return validate_data(
            estimator, X, *y, reset=reset, accept_sparse=["csc", "csr"], dtype=[np.float64, np.float32], **options
        )
    if not finite_later:
        _refuse_infinite(estimator, X)
    if reset:
        estimator.n_features_in_ = X.shape[1]
        vars(estimator).pop("feature_names_in_", None)
    return (X, *y) if y else X


@contextmanager
def checked_by_core(estimator, X):
    """Call the core, which meets NaN and infinity where it reads X first; the complaint is scikit-learn's."""
    try:
        yield
    except ValueError:
        _refuse_infinite(estimator, X)
        raise


def _refuse_infinite(estimator, X) -> None:
    try:
        assert_all_finite(X, estimator_name=type(estimator).__name__, input_name="X")
    except ValueError as error:
        raise error from None


def _is_plain(estimator, X, y, reset: bool) -> bool:
    if not (type(X) is np.ndarray or sp.issparse(X)) or X.ndim != 2 or 0 in X.shape:
        return False
    if X.dtype not in (np.float64, np.float32):
        return False
    if not reset and (hasattr(estimator, "feature_names_in_") or estimator.n_features_in_ != X.shape[1]):
        return False
    return all(
        type(target) is np.ndarray
        and target.shape == X.shape[:1]
        and target.dtype in (np.float64, np.float32, np.int64, np.int32)
        and bool(np.isfinite(target).all())
        for target in y
    )
