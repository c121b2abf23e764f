"""Sparse X: the answers of dense X, whatever the format, and no copy where none is needed."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sparse_problems import disturbed, problems, sparse_matrix, with_parts

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core

ALPHA = 0.05


@pytest.fixture(scope="module")
def data():
    return problems()


def assert_same(model, reference, X, dense, rtol=1e-10):
    atol = rtol * np.abs(reference.coef_).max()
    assert_allclose(model.coef_, reference.coef_, rtol=0, atol=atol)
    assert_array_equal(model.coef_ == 0, reference.coef_ == 0)
    for name in ("intercept_", "alpha_", "objective_", "noise_scale_", "keep_prob_"):
        assert_allclose(getattr(model, name), getattr(reference, name), rtol=rtol, atol=rtol, err_msg=name)
    prediction, expected = model.predict(X, return_std=True), reference.predict(dense, return_std=True)
    assert_allclose(prediction[0], expected[0], rtol=rtol, atol=rtol * np.abs(expected[0]).max())
    assert_allclose(prediction[1], expected[1], rtol=rtol)


@pytest.mark.parametrize("name", sorted(core.penalty_names()))
def test_every_penalty_as_on_dense_data(name, data):
    for X, y, weights in data:
        for settings in ({}, {"standardize": False}, {"fit_intercept": False}):
            model = AdaptiveDropoutRegressor(ALPHA, penalty=name, **settings)
            reference = model.fit(X.toarray(), y, sample_weight=weights)
            reference = pickle.loads(pickle.dumps(reference))
            for layout in (X, X.tocsr()):
                assert_same(model.fit(layout, y, sample_weight=weights), reference, layout, X.toarray(), rtol=1e-8)


@pytest.mark.parametrize("solver", ["auto", "irls"])
@pytest.mark.parametrize("penalty", ["l1", "log_sum", "l2"])
def test_solvers_as_on_dense_data(solver, penalty, data):
    for X, y, weights in data:
        model = AdaptiveDropoutRegressor(ALPHA, penalty=penalty, solver=solver, max_iter=2000)
        reference = pickle.loads(pickle.dumps(model.fit(X.toarray(), y, sample_weight=weights)))
        assert_same(model.fit(X, y, sample_weight=weights), reference, X, X.toarray(), rtol=1e-8)


# Formats


def formats(X, folder):
    """The same matrix in every format of SciPy and in unusual clothes: name, matrix."""
    for kind in ("csc", "csr", "coo", "lil", "dok", "bsr", "dia"):
        yield f"{kind} array", getattr(sp, f"{kind}_array")(X)
        yield f"{kind} matrix", getattr(sp, f"{kind}_matrix")(X)
    for A in (X, X.tocsr()):
        yield (
            f"{A.format}, 64-bit indices",
            with_parts(A, indices=A.indices.astype(np.int64), indptr=A.indptr.astype(np.int64)),
        )
        yield f"{A.format}, mixed indices", with_parts(A, indptr=A.indptr.astype(np.int64))
        yield f"{A.format}, small indices", with_parts(A, indices=A.indices.astype(np.uint8))
        yield f"{A.format}, unsorted", disturbed(A)
        yield f"{A.format}, duplicates", disturbed(A, duplicates=True)
        yield f"{A.format}, big-endian", with_parts(A, data=A.data.astype(">f8"))
        yield (
            f"{A.format}, strided",
            with_parts(A, data=np.repeat(A.data, 2)[::2], indices=np.repeat(A.indices, 2)[::2]),
        )
        frozen = with_parts(A, **{name: getattr(A, name).copy() for name in ("data", "indices", "indptr")})
        for part in (frozen.data, frozen.indices, frozen.indptr):
            part.flags.writeable = False
        yield f"{A.format}, read-only", frozen
        yield f"{A.format}, room to spare", with_parts(A, data=np.append(A.data, 7.0), indices=np.append(A.indices, 3))
        yield f"{A.format}, memory-mapped", with_parts(A, data=mapped(A.data, folder / f"{A.format}.dat"))


def mapped(values, path):
    stored = np.memmap(path, dtype=values.dtype, mode="w+", shape=values.shape)
    stored[:] = values
    stored.flush()
    return np.memmap(path, dtype=values.dtype, mode="r", shape=values.shape)


def parts_of(X):
    names = [name for name in ("data", "indices", "indptr", "row", "col", "offsets", "rows") if hasattr(X, name)]
    return pickle.dumps([(name, getattr(X, name)) for name in names])


def test_formats(data, tmp_path):
    X, y, weights = data[0]
    model = AdaptiveDropoutRegressor(ALPHA)
    reference = pickle.loads(pickle.dumps(model.fit(X, y, sample_weight=weights)))
    for name, A in formats(X, tmp_path):
        before = parts_of(A)
        model.fit(A, y, sample_weight=weights)
        assert_allclose(model.coef_, reference.coef_, rtol=1e-12, atol=1e-14, err_msg=name)
        assert_allclose(model.predict(A), reference.predict(X), rtol=1e-13, err_msg=name)
        assert_allclose(model.predict(A, return_std=True)[1], reference.predict(X, return_std=True)[1], rtol=1e-13)
        assert parts_of(A) == before, name


def test_explicit_zeros(data):
    for X, y, weights in data:
        coo = X.tocoo()
        rows, columns = (np.append(part, np.arange(30)) for part in (coo.row, coo.col))
        padded = sp.csc_array((np.append(coo.data, np.zeros(30)), (rows, columns)), X.shape)
        assert padded.nnz > X.nnz
        a, b = (AdaptiveDropoutRegressor(ALPHA).fit(A, y, sample_weight=weights) for A in (X, padded))
        assert_allclose(a.coef_, b.coef_, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool, np.float32, np.longdouble])
def test_types_of_the_values(dtype):
    X = sparse_matrix(70, 12, 0.3)
    X.data = np.rint(3 * X.data)
    X = abs(X).astype(dtype)
    y = X[:, :3].astype(float) @ [1.0, 2, 3] + np.random.default_rng(0).normal(size=70)
    model = AdaptiveDropoutRegressor(ALPHA).fit(X, y)
    assert model.coef_.dtype == (np.float32 if dtype == np.float32 else np.float64)
    expected = AdaptiveDropoutRegressor(ALPHA).fit(X.toarray().astype(float), y).coef_
    assert_allclose(model.coef_, expected, rtol=1e-6)


def test_single_precision(data):
    for X, y, weights in data:
        single = AdaptiveDropoutRegressor(ALPHA).fit(X.astype(np.float32), y, sample_weight=weights)
        double = AdaptiveDropoutRegressor(ALPHA).fit(X, y, sample_weight=weights)
        assert single.coef_.dtype == np.float32
        assert_allclose(single.coef_, double.coef_, rtol=0, atol=1e-4 * np.abs(double.coef_).max())
        rounded = X.astype(np.float32).astype(float)
        exact = AdaptiveDropoutRegressor(ALPHA).fit(rounded, y, sample_weight=weights)
        assert_array_equal(single.coef_, exact.coef_.astype(np.float32))


def test_data_frame_of_sparse_columns(data):
    pandas = pytest.importorskip("pandas")
    X, y, weights = data[0]
    frame = pandas.DataFrame.sparse.from_spmatrix(X, columns=[f"column {j}" for j in range(X.shape[1])])
    model = AdaptiveDropoutRegressor(ALPHA).fit(frame, y, sample_weight=weights)
    reference = AdaptiveDropoutRegressor(ALPHA).fit(X, y, sample_weight=weights)
    assert_allclose(model.coef_, reference.coef_, rtol=1e-12)
    assert_allclose(model.predict(frame), reference.predict(X), rtol=1e-12)
    assert list(model.feature_names_in_) == list(frame.columns)


def test_nothing_stored():
    y = np.arange(6.0)
    model = AdaptiveDropoutRegressor(ALPHA).fit(sp.csr_array((6, 4)), y)
    assert_array_equal(model.coef_, np.zeros(4))
    assert model.intercept_ == y.mean()


def test_far_means_and_full_columns():
    """Columns whose mean is many deviations, beside others that hold next to nothing."""
    rng = np.random.default_rng(1)
    dense = sparse_matrix(200, 30, 0.05).toarray()
    dense[:, 3], dense[:, 8], dense[:, 9] = 1e6 + rng.normal(size=200), rng.normal(size=200), 5.0
    y = dense[:, 3] - 1e6 + dense[:, 8] + dense[:, 0] + 0.1 * rng.normal(size=200)
    for solver in ("auto", "irls"):
        model = AdaptiveDropoutRegressor(0.1, penalty="l1", solver=solver, max_iter=5000)
        reference = pickle.loads(pickle.dumps(model.fit(dense, y)))
        model.fit(sp.csc_array(dense), y)
        assert_allclose(model.coef_, reference.coef_, rtol=1e-8, atol=1e-10)
        assert_allclose(model.predict(sp.csr_array(dense), return_std=True), reference.predict(dense, return_std=True))


def test_csc_is_used_where_it_lies(data, monkeypatch):
    """The core gets the very arrays of the caller, whatever the width of the indices."""
    X, y, _ = data[0]
    seen = []
    fit = core.fit
    monkeypatch.setattr(
        "pyreweight._base.core", type("Spy", (), {"fit": lambda **kw: seen.append(kw["X"]) or fit(**kw)})
    )
    wide = with_parts(X, indices=X.indices.astype(np.int64), indptr=X.indptr.astype(np.int64))
    for A in (X, wide, X.astype(np.float32)):
        AdaptiveDropoutRegressor(ALPHA).fit(A, y)
        for part in ("data", "indices", "indptr"):
            assert np.shares_memory(getattr(seen[-1], part), getattr(A, part))
