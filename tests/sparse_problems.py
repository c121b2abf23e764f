"""Sparse matrices that several test modules fit, and ways to take them apart."""

import numpy as np
import scipy.sparse as sp


def sparse_matrix(n, p, density=0.2, *, seed=0, **options):
    """Random CSC whose columns have means of their own on the stored entries."""
    rng = np.random.default_rng([seed, n, p])
    X = sp.random_array((n, p), density=density, rng=rng, format="csc", data_sampler=rng.standard_normal, **options)
    X.data += np.repeat(rng.uniform(-2, 3, size=p), np.diff(X.indptr))
    return X


def problems():
    """A wide and a tall matrix with rows and columns that hold nothing, y and weights, some of them zero."""
    rng = np.random.default_rng(3)
    out = []
    for n, p in [(80, 30), (40, 90)]:
        X = sparse_matrix(n, p).tolil()
        X[5], X[:, 7] = 0, 0
        X = X.tocsc()
        weights = rng.uniform(0.2, 2, size=n)
        weights[::9] = 0
        out.append((X, X[:, :4] @ [1.0, -2, 1, 3] + 0.3 * rng.standard_normal(n) + 1, weights))
    return out


def with_parts(X, **parts):
    out = X.copy()
    for name, part in parts.items():
        setattr(out, name, part)
    return out


def disturbed(X, duplicates=False):
    """The entries of every column (row) in another order, with `duplicates` each in two parts that add up to it."""
    rng = np.random.default_rng(5)
    majors = np.repeat(np.arange(len(X.indptr) - 1), np.diff(X.indptr))
    data, indices, indptr = X.data, X.indices, X.indptr
    if duplicates:
        majors, indices, indptr = np.tile(majors, 2), np.tile(indices, 2), 2 * indptr
        data = np.tile(data / 2, 2)
    order = np.lexsort([rng.random(len(majors)), majors])
    return type(X)((data[order], indices[order], indptr), X.shape)
