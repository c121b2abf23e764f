"""Sparse X: the answers of dense X, whatever the format, and no copy where none is needed."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core

ALPHA = 0.05


def sparse_matrix(n, p, density=0.2, *, seed=0, **options):
    """Random CSC whose columns have means of their own on the stored entries."""
    rng = np.random.default_rng([seed, n, p])
    X = sp.random_array((n, p), density=density, rng=rng, format="csc", data_sampler=rng.standard_normal, **options)
    X.data += np.repeat(rng.uniform(-2, 3, size=p), np.diff(X.indptr))
    return X


@pytest.fixture(scope="module")
def data():
    """A wide and a tall matrix with rows and columns that hold nothing, y and weights, some of them zero."""
    rng = np.random.default_rng(3)
    problems = []
    for n, p in [(80, 30), (40, 90)]:
        X = sparse_matrix(n, p).tolil()
        X[5], X[:, 7] = 0, 0
        X = X.tocsc()
        weights = rng.uniform(0.2, 2, size=n)
        weights[::9] = 0
        problems.append((X, X[:, :4] @ [1.0, -2, 1, 3] + 0.3 * rng.standard_normal(n) + 1, weights))
    return problems


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
