"""Several targets: what they share changes no answer, nor does the number of threads."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_limits

from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import CustomPenalty

ATTRIBUTES = ["coef_", "intercept_", "alpha_", "eta_", "keep_prob_", "objective_", "kkt_residual_", "n_iter_"]


@pytest.fixture(scope="module")
def targets(simulate):
    X, y, weights = simulate(3000, 30, correlation=0.5)
    X[:, 4] = 1.5
    Y = np.column_stack([y + X[:, j] * j for j in range(5)] + [np.full(len(y), 2.0)])
    return X, Y, weights


@pytest.mark.parametrize(
    ("alpha", "penalty"), [(0.2, "l1"), ("auto", "l1"), (0.2, "mcp"), ("auto", "mcp"), (0.2, "l2")]
)
def test_targets_that_share_a_summary_of_the_rows(alpha, penalty, targets):
    X, Y, weights = targets
    together = AdaptiveDropoutRegressor(alpha, penalty=penalty).fit(X, Y, sample_weight=weights)
    assert together.converged_.all()
    for k in range(Y.shape[1]):
        alone = AdaptiveDropoutRegressor(alpha, penalty=penalty).fit(X, Y[:, k], sample_weight=weights)
        assert_allclose(together.coef_[k], alone.coef_, rtol=0, atol=1e-9 * max(1, np.abs(alone.coef_).max()))
        assert_array_equal(together.coef_[k] == 0, alone.coef_ == 0)
        assert together.objective_[k] == pytest.approx(alone.objective_, rel=1e-11)
        assert together.intercept_[k] == pytest.approx(alone.intercept_, rel=1e-9)


@pytest.mark.parametrize("penalty", ["scad", CustomPenalty(lambda t: 1 / (1 + t))], ids=["scad", "function"])
@pytest.mark.parametrize("kind", ["tall", "sparse", "wide"])
def test_threads_change_no_bit(penalty, kind, targets):
    X, Y, weights = targets
    if kind == "wide":
        X, Y, weights = np.asfortranarray(X[:600].reshape(40, -1)), Y[:40], weights[:40]
        X = np.hstack([X, X[:, ::-1] ** 2])
    X = sp.csc_array(np.where(np.abs(X) > 1.5, X, 0)) if kind == "sparse" else X
    models = []
    for threads in (1, 2, 4):
        with threadpool_limits(limits=threads):
            models.append(AdaptiveDropoutRegressor(0.3, penalty=penalty).fit(X, Y, sample_weight=weights))
    for other in models[1:]:
        for name in ATTRIBUTES:
            assert_array_equal(getattr(other, name), getattr(models[0], name))
