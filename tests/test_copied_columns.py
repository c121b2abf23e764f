"""Columns that are copies of each other: one of them comes into the working set, and the others violate nothing."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import hadamard

from pyreweight import AdaptiveDropoutRegressor


@pytest.fixture
def largest_working_set(capsys):
    def fit(X, y, alpha):
        model = AdaptiveDropoutRegressor(alpha, penalty="l1", verbose=1).fit(X, y)
        assert model.converged_
        sizes = [int(size) for size in re.findall(r"working set (\d+)", capsys.readouterr().out)]
        return model, max(sizes)

    return fit


def test_copies_stay_out(largest_working_set, simulate, certify):
    X, y, _ = simulate(120, 1200)
    copied = np.hstack([X, -3 * X, X])[:, np.random.default_rng(0).permutation(3600)]
    model, size = largest_working_set(X, y, 0.05)
    other, with_copies = largest_working_set(copied, y, 0.05)
    assert np.sum(model.coef_ != 0) > 60
    assert with_copies <= 1.2 * size
    assert other.objective_ == pytest.approx(model.objective_, rel=1e-9)
    assert certify(other, copied, y).kkt_residual <= 1e-6 * 0.05


def test_columns_that_merely_violate_alike_come_in_together(largest_working_set):
    """Orthogonal columns with the same correlation with y are no copies."""
    X = hadamard(512)[:, 1:].astype(float)
    model, size = largest_working_set(X, X.sum(axis=1), 0.25)
    assert_allclose(model.coef_, 0.75, rtol=1e-10)
    assert size == 511
