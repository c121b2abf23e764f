"""Logistic fits on sparse data of many rows, whose first steps take the curvature of a part of the rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from threadpoolctl import threadpool_limits

from pyreweight import AdaptiveDropoutClassifier


@pytest.fixture(scope="module")
def data():
    """Indicators, some of them rare, and labels in order: every part of the rows has one class."""
    rng = np.random.default_rng(0)
    n, p = 20_000, 60
    X = (rng.random((n, p)) < np.r_[np.full(40, 0.15), np.geomspace(0.1, 3e-3, 20)]).astype(float)
    logits = X @ np.where(np.arange(p) % 3 == 0, rng.normal(size=p) * 1.5, 0) - 2
    y = rng.random(n) < 1 / (1 + np.exp(-logits))
    order = np.argsort(y, kind="stable")
    return sp.csc_array(X[order]), y[order]


@pytest.mark.parametrize("penalty", ["l1", "variational_dropout"])
@pytest.mark.parametrize("alpha", [3e-3, 3e-4])
def test_as_on_dense_and_on_shuffled_rows(data, penalty, alpha):
    X, y = data
    model = AdaptiveDropoutClassifier(alpha, penalty=penalty, standardize=False)
    coef = model.fit(X, y).coef_
    assert model.converged_
    assert 5 < np.count_nonzero(coef) < X.shape[1]
    assert_allclose(model.fit(X.toarray(), y).coef_, coef, rtol=0, atol=1e-9)
    order = np.random.default_rng(1).permutation(len(y))
    assert_allclose(model.fit(X[order], y[order]).coef_, coef, rtol=0, atol=1e-9)


def test_same_bits_for_any_number_of_threads(data):
    X, y = data
    model = AdaptiveDropoutClassifier(3e-4, penalty="l1")
    answers = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads):
            answers.append(model.fit(X, y).coef_.tobytes())
    assert len(set(answers)) == 1


def test_large_tol_is_taken_at_its_word(data):
    X, y = (sp.csc_array(sp.vstack([data[0]] * 4)), np.tile(data[1], 4))
    tight, loose = (AdaptiveDropoutClassifier(3e-4, penalty="l1", tol=tol).fit(X, y) for tol in (1e-6, 1e-2))
    assert tight.dual_gap_ <= 1e-12 * tight.objective_
    assert loose.converged_
    assert tight.dual_gap_ < loose.dual_gap_ <= 1e-2 * loose.objective_
    assert tight.objective_ * (1 - 1e-14) <= loose.objective_ <= tight.objective_ + loose.dual_gap_
