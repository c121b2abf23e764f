"""X as the compiled core reads it: in the caller's own memory if it can be, else in the one copy that is made."""

import numpy as np
import scipy.sparse as sp

from ._native import core


def well_formed(X):
    """Return sparse X as CSC or CSR of our own on the caller's arrays, copied only to sum duplicates; dense X as is.

    A malformed matrix is a ``ValueError``: SciPy would read outside its arrays.
    """
    if not sp.issparse(X):
        refuse_masks_and_dates(X, "X")
        return X
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got a sparse X with {X.ndim} dimension(s)")
    if X.format not in ("csc", "csr"):
        X = X.tocoo()
        if X.nnz and (min(map(np.min, (X.row, X.col))) < 0 or X.row.max() >= X.shape[0] or X.col.max() >= X.shape[1]):
            raise ValueError("X is a malformed sparse matrix: an index is out of range")
        X = X.tocsc()
    ours = (sp.csc_array if X.format == "csc" else sp.csr_array)(X.shape)
    ours.data = np.require(X.data, requirements=["C", "A"])
    if ours.data.dtype == object or (ours.data.dtype.kind == "f" and ours.data.dtype not in (np.float32, np.float64)):
        ours.data = ours.data.astype(np.float64)  # types that SciPy does not compute with
    ours.indptr, ours.indices = _offsets(X.indptr, X.indices)
    majors, minors = X.shape if X.format == "csr" else X.shape[::-1]
    ours.has_canonical_format = core.check_sparse(ours.indptr, ours.indices, ours.data.size, majors, minors)
    if not ours.has_canonical_format:
        ours = ours.copy()
        ours.sum_duplicates()
    return ours


def contiguous(X: np.ndarray) -> np.ndarray:
    """Return X itself when the core can read it as it lies; strided or unaligned data are copied by columns."""
    if (X.flags.c_contiguous or X.flags.f_contiguous) and X.flags.aligned:
        return X
    return np.array(X, order="F")


def _offsets(*parts) -> list[np.ndarray]:
    """Return indices of one type, int32 if all are and else int64."""
    arrays = [np.asarray(part) for part in parts]
    if any(array.dtype.kind not in "iu" for array in arrays):
        raise ValueError("X is a malformed sparse matrix: its indices are not integers")
    dtype = np.int32 if all(array.dtype == np.int32 for array in arrays) else np.int64
    return [np.require(array, dtype, ["C", "A"]) for array in arrays]


def by_columns(X) -> sp.csc_array:
    """Return X itself if it is CSC as the core takes it; the one copy of the entries otherwise."""
    X = X.tocsc()
    X.indptr, X.indices = _offsets(X.indptr, X.indices)
    return X


def refuse_masks_and_dates(values, name: str) -> None:
    """Refuse what NumPy takes for numbers without a word: the entries under a mask, dates and durations."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} is a masked array, and masks are not supported: drop or impute the masked entries")
    types = [values.dtype] if hasattr(values, "dtype") else list(getattr(values, "dtypes", ()))
    if any(getattr(kind, "kind", "") in ("m", "M") or getattr(kind, "is_temporal", bool)() for kind in types):
        raise ValueError(f"{name} must be numeric, but has dates or durations; turn them into numbers")
