"""Classes 91 to 112: sparse X and weights."""

import numpy as np
import scipy.sparse as sp

from .checks import CONVERGENCE, Refused, Trial, answers, finite, same, same_or_refused
from .table import case, data


def thin(subject):
    """Return the ordinary problem with most of X zero."""
    X, y = data(subject)
    return np.where(np.random.default_rng(0).random(X.shape) < 0.4, X, 0), y


def like(X, y, Z, **options):
    """Return a trial on sparse `Z` that must agree with dense `X`."""
    return Trial(Z, y, like=Trial(X, y), rtol=1e-9, **options)


@case(91, "every sparse format, matrix and array", same)
def formats(subject):
    X, y = thin(subject)
    for name in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        for kind in ("array", "matrix"):
            yield like(X, y, getattr(sp, f"{name}_{kind}")(X), label=f"{name} {kind}")
    yield Trial(sp.coo_array(X[0]), y, expected=Refused("dim|2D"), label="one-dimensional")


@case(92, "int64 indices", same)
def long_indices(subject):
    X, y = thin(subject)
    for make in (sp.csr_array, sp.csc_array):
        Z = make(X)
        Z.indices, Z.indptr = Z.indices.astype(np.int64), Z.indptr.astype(np.int64)
        yield like(X, y, Z)
        Z = make(X)
        Z.indptr = Z.indptr.astype(np.int64)
        yield like(X, y, Z, label="of two types")


@case(93, "unsorted indices", same)
def unsorted(subject):
    X, y = thin(subject)
    for make in (sp.csr_array, sp.csc_array):
        Z = make(X)
        for start, stop in zip(Z.indptr[:-1], Z.indptr[1:], strict=True):
            Z.indices[start:stop], Z.data[start:stop] = (
                Z.indices[start:stop][::-1].copy(),
                Z.data[start:stop][::-1].copy(),
            )
        Z.has_sorted_indices = False
        yield like(X, y, Z)
        lying = Z.copy()
        lying.has_canonical_format = True  # a flag that is wrong
        yield like(X, y, lying, label="flagged as sorted")


@case(94, "duplicate entries", same)
def duplicates(subject):
    X, y = thin(subject)
    Z = sp.coo_array(X)
    row, column = np.tile(Z.row, 2), np.tile(Z.col, 2)
    twice = sp.coo_array((np.concatenate([Z.data / 4, Z.data * 3 / 4]), (row, column)), shape=X.shape)
    yield like(X, y, twice)
    for make, major, minor in ((sp.csr_array, row, column), (sp.csc_array, column, row)):
        order = np.argsort(major, kind="stable")
        indptr = np.append(0, np.cumsum(np.bincount(major, minlength=X.shape[make is sp.csc_array])))
        yield like(X, y, make((twice.data[order], minor[order], indptr), shape=X.shape))


@case(95, "explicit zeros", same)
def explicit_zeros(subject):
    X, y = thin(subject)
    stored = sp.coo_array(np.where(X == 0, 1, X))
    Z = sp.coo_array((X[stored.row, stored.col], (stored.row, stored.col)), shape=X.shape)
    for name in ("csr", "csc", "coo"):
        yield like(X, y, Z.asformat(name))


@case(96, "empty rows and columns", same)
def empty_lines(subject):
    X, y = thin(subject)
    X[:7], X[:, 2] = 0, 0
    for make in (sp.csr_array, sp.csc_array):
        yield like(X, y, make(X))


@case(97, "nothing stored")
def nothing_stored(subject):
    X, y = thin(subject)
    for make in (sp.csr_array, sp.csc_array, sp.coo_array):
        yield Trial(make(X.shape), y)
        yield Trial(make(X.shape), y, params={"fit_intercept": False})


@case(98, "corrupt indptr and indices", Refused("malformed sparse matrix"))
def corrupt(subject):
    X, y = thin(subject)
    for make in (sp.csr_array, sp.csc_array, sp.csr_matrix):
        for name, place, value in (
            ("indptr", 3, -1),
            ("indptr", 3, 10**6),
            ("indptr", -1, 10**6),
            ("indptr", -1, 3),
            ("indptr", 0, 2),
            ("indices", 5, -1),
            ("indices", 5, 10**6),
            ("indices", 5, -(2**31)),
        ):
            Z = make(X)
            getattr(Z, name)[place] = value
            yield Trial(Z, y, label=f"{name}[{place}] = {value}")
            fitted = Trial(X, y).fit(subject)
            try:
                fitted.predict(Z)
            except ValueError as error:
                assert "malformed" in str(error), error
            else:
                raise AssertionError(f"predict took {name}[{place}] = {value}")
        for name in ("indptr", "indices", "data"):
            Z = make(X)
            setattr(Z, name, getattr(Z, name)[:-2])
            yield Trial(Z, y, label=f"short {name}", expected=Refused("malformed sparse matrix"))
    for name in ("row", "col"):
        Z = sp.coo_array(X)
        setattr(Z, name, getattr(Z, name).copy())
        getattr(Z, name)[3] = 10**6
        yield Trial(Z, y, label=f"coo {name}")


@case(99, "integers and bools", same)
def other_entries(subject):
    X, y = thin(subject)
    for dtype in (np.int8, np.int64, np.uint64, bool, np.float16, np.longdouble):
        W = np.abs(np.round(X * 8)).astype(dtype)
        for make in (sp.csr_array, sp.csc_array):
            indices = sp.csc_array(X) if make is sp.csc_array else sp.csr_array(X)
            major = np.repeat(np.arange(len(indices.indptr) - 1), np.diff(indices.indptr))
            entries = W[indices.indices, major] if make is sp.csc_array else W[major, indices.indices]
            Z = make((entries.astype(np.float64), indices.indices, indices.indptr), shape=X.shape)
            Z.data = entries
            yield Trial(Z, y, like=Trial(W.astype(np.float64), y), rtol=1e-9, label=str(dtype))
    Z = sp.csr_array(X)
    Z.data = Z.data + 0j
    yield Trial(Z, y, expected=Refused("[Cc]omplex"), label="complex")


@case(100, "NaN in stored values", Refused("X contains (NaN|infinity)"))
def stored_nan(subject):
    X, y = thin(subject)
    for name in ("csr", "csc", "coo", "lil", "dia"):
        for value in (np.nan, np.inf):
            Z = X.copy()
            Z[3, 1] = value
            yield Trial(getattr(sp, f"{name}_array")(Z), y, label=f"{value} in {name}")


@case(101, "density 1", same)
def full(subject):
    X, y = data(subject)
    for make in (sp.csr_array, sp.csc_array):
        yield like(X, y, make(X))
        far = X + 1e5
        yield Trial(make(far), y, like=Trial(far, y), rtol=1e-6, label="far from zero")


@case(102, "read-only parts", same)
def read_only(subject):
    X, y = thin(subject)
    for make in (sp.csr_array, sp.csc_array):
        Z = make(X)
        for part in (Z.data, Z.indices, Z.indptr):
            part.flags.writeable = False
        yield like(X, y, Z)
    Z = sp.csr_array(X)
    Z.indices, Z.data = Z.indices[::-1][::-1], np.repeat(Z.data, 2)[::2]
    yield like(X, y, Z, label="strided parts")


@case(103, "ones = None", same)
def ones(subject):
    X, y = data(subject)
    yield Trial(X, y, np.ones(len(y)), like=Trial(X, y), rtol=0)


def _folds(repeats):
    """Return splits by original row, so that copies stay together."""
    fold = np.repeat(np.arange(len(repeats)) % 3, repeats)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]


def copies(subject, repeats):
    X, y = data(subject)
    nonconvex = "log_sum" if subject.classifier else "mcp"  # few rows can be separated
    expanded = np.repeat(X, repeats, axis=0), np.repeat(y, repeats)
    for kind in ("dense", "sparse"):
        for params in ({}, {"penalty": "l1"}, {"penalty": nonconvex, "fit_intercept": False}):
            left, right = params, params
            if "cv" in subject.name:
                left, right = params | {"cv": _folds(np.ones(len(X), dtype=int))}, params | {"cv": _folds(repeats)}
            Z, W = (sp.csr_array(part) if kind == "sparse" else part for part in (X, expanded[0]))
            yield Trial(Z, y, repeats * 1.0, left, Trial(W, expanded[1], params=right), label=f"{kind} {params}")


@case(104, "zeros = removal", same)
def zeros(subject):
    yield from copies(subject, (np.arange(48) % 4 != 0).astype(int))


@case(105, "integers = copies", same)
def integers(subject):
    yield from copies(subject, np.arange(48) % 4)


def refused_weights(number, name, weights, words="sample_weight"):
    @case(number, name, Refused(words))
    def build(subject):
        X, y = data(subject)
        yield Trial(X, y, weights(len(y)))


refused_weights(106, "all zero", np.zeros)
refused_weights(107, "negative", lambda n: np.where(np.arange(n) == 3, -1e-300, 1))
refused_weights(108, "NaN", lambda n: np.where(np.arange(n) == 3, np.nan, 1))


@case(109, "weights * 1e300", same)
def huge_weights(subject):
    yield from _rescaled_weights(subject, 1e300)


@case(110, "weights * 1e-300", same)
def tiny_weights(subject):
    yield from _rescaled_weights(subject, 1e-300)


def _rescaled_weights(subject, factor):
    X, y = data(subject)
    s = 1.0 + np.arange(len(y)) % 3
    params = {"alpha": 0.1} if not subject.grid else {"alphas": 8, "eps": 1e-2}
    yield Trial(X, y, s * factor, params, like=Trial(X, y, s, params))


@case(111, "one weight dominates by 1e15", finite)
def dominating(subject):
    X, y = data(subject)
    s = np.ones(len(y))
    s[5] = 1e15
    yield Trial(X, y, s, params={"alpha": 0.1}, warns=CONVERGENCE)
    s[5] = 1e3
    yield Trial(X, y, s, params={"alpha": 0.1}, expected=answers)


@case(112, "weights of other kinds and shapes", Refused("sample_weight"))
def kinds_of_weights(subject):
    import pandas as pd

    X, y = data(subject)
    s = 1.0 + np.arange(len(y)) % 3
    for other in (s.tolist(), pd.Series(s, index=range(9, 57)), s.astype(np.float32), s.astype(int), s.astype(object)):
        yield Trial(X, y, other, like=Trial(X, y, s), expected=same, label=type(other).__name__)
    bad = (s[:-1], s[:, None], s + 0j, ["a"] * len(s), 3.0, "balanced", s * np.inf, s.astype("datetime64[s]"))
    for other in bad:
        yield Trial(X, y, other, label=str(np.shape(other)) + str(np.asarray(other).dtype))
    if subject.classifier:
        yield Trial(X, y, y * 1.0, expected=Refused("class"), label="0 in a class")
    yield Trial(X, y, np.full(len(y), 1e307) * 1.5, expected=same_or_refused("sample_weight"), label="sum overflows")
