"""Sparse X that nobody can read, or should not: a refusal that names it, by the estimators and by the core."""

import numpy as np
import pytest
import scipy.sparse as sp
from sparse_problems import disturbed, problems, with_parts

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core

ALPHA = 0.05


@pytest.fixture(scope="module")
def data():
    return problems()


def with_entry(array, place, value):
    out = array.copy()
    out[place] = value
    return out


def corruptions(X):
    """Matrices whose parts contradict each other."""
    for A in (X, X.tocsr()):
        last, most = A.indptr[-1], A.shape[0 if A.format == "csc" else 1]
        yield with_parts(A, indptr=with_entry(A.indptr, 0, 1))
        yield with_parts(A, indptr=with_entry(A.indptr, 3, last + 1))
        yield with_parts(A, indptr=with_entry(A.indptr, 3, -1))
        yield with_parts(A, indptr=with_entry(A.indptr, -1, last + 1))
        yield with_parts(A, indptr=A.indptr[:-1])
        yield with_parts(A, indptr=np.append(A.indptr, last))
        yield with_parts(A, indptr=A.indptr.astype(float))
        yield with_parts(A, indices=with_entry(A.indices, 5, most))
        yield with_parts(A, indices=with_entry(A.indices, 5, -1))
        yield with_parts(A, indices=with_entry(A.indices.astype(np.int64), 5, 2**40))
        yield with_parts(A, indices=A.indices[:-1])
        yield with_parts(A, indices=A.indices.astype(float))
        yield with_parts(A, indices=A.indices[:, None])
        yield with_parts(A, data=A.data[:-1])
    coo = X.tocoo()
    coo.coords = (with_entry(coo.row, 2, X.shape[0]), coo.col)
    yield coo
    coo = X.tocoo()
    coo.coords = (coo.row, with_entry(coo.col, 2, -1))
    yield coo


def test_malformed_matrices_are_refused(data):
    X, y, weights = data[0]
    fitted = AdaptiveDropoutRegressor(ALPHA).fit(X, y)
    count = 0
    for A in corruptions(X):
        with pytest.raises(ValueError, match=r"\bX\b"):
            AdaptiveDropoutRegressor(ALPHA).fit(A, y, sample_weight=weights)
        with pytest.raises(ValueError, match=r"\bX\b"):
            fitted.predict(A)
        count += 1
    assert count == 30


def test_the_core_refuses_what_it_cannot_read(data):
    X, y, _ = data[0]

    def fit(A):
        core.fit(
            X=A, Y=np.asfortranarray(y[:, None]), sample_weight=np.ones(len(y)), penalty="l1", params={}, alpha=1.0,
            solver="auto", fit_intercept=True, standardize=True, feature_weights=np.ones(X.shape[1]),
            feature_groups=np.zeros(0, dtype=np.intp), start=np.zeros((0, 0), order="F"), max_iter=10, tol=1e-6,
            eps=1e-3, report=None, loss="squared", loss_params={},
        )  # fmt: skip

    fit(X)
    for A in (disturbed(X), disturbed(X, duplicates=True)):
        with pytest.raises(ValueError, match="X must hold its row indices sorted"):
            fit(A)
    for A in (X.tocsr(), X.tocoo(), with_parts(X, data=X.data.astype(int)), "X", None):
        with pytest.raises(TypeError, match="X"):
            fit(A)


@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_values_that_are_not_finite(value, kind, data):
    X, y, weights = data[0]
    A = X.asformat(kind, copy=True)
    if value == 1e308:  # finite until duplicates are summed
        A = type(A)(
            (np.append(A.data, [value] * 2), np.append(A.indices, [3, 3]), with_entry(A.indptr, -1, A.nnz + 2)),
            shape=X.shape,
        )
    else:
        A.data[4] = value
    for solver in ("auto", "irls"):
        with pytest.raises(ValueError, match="Input X contains"):
            AdaptiveDropoutRegressor(ALPHA, solver=solver).fit(A, y)
    with pytest.raises(ValueError, match="Input X contains"):
        AdaptiveDropoutRegressor(ALPHA).fit(A, y, sample_weight=weights)


def test_other_dimensions_and_complex_numbers(data):
    X, y, _ = data[0]
    with pytest.raises(ValueError, match="2D"):
        AdaptiveDropoutRegressor(ALPHA).fit(sp.coo_array(np.ones(len(y))), y)
    with pytest.raises(ValueError, match=r"[Cc]omplex"):
        AdaptiveDropoutRegressor(ALPHA).fit(X * 1j, y)
