"""What the folds of a cross-validation share on many rows and few columns: the same answers as without."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import KFold, PredefinedSplit, ShuffleSplit

from pyreweight import AdaptiveDropoutRegressorCV, _cross_validation, _folds

ALPHAS = np.geomspace(0.9, 0.005, 25)


@pytest.fixture
def with_and_without(monkeypatch):
    """Function that fits twice, the second time with nothing shared; says whether anything was the first time."""

    def fit(X, y, weights=None, **parameters):
        shared = []

        def remember(*arguments):
            shared.append(_folds.share_folds(*arguments))
            return shared[0]

        models = []
        for share in (remember, lambda *_: None):
            monkeypatch.setattr(_cross_validation, "share_folds", share)
            models.append(AdaptiveDropoutRegressorCV(**parameters).fit(X, y, weights))
        return *models, shared[0] is not None

    return fit


def assert_same(model, other, tol=1e-9):
    assert_allclose(model.alphas_, other.alphas_, rtol=tol)
    assert_allclose(model.mse_path_, other.mse_path_, rtol=tol)
    assert_allclose(model.coef_path_, other.coef_path_, rtol=0, atol=tol * np.abs(other.coef_path_).max())
    assert_allclose(model.path_.intercepts_, other.path_.intercepts_, rtol=tol, atol=tol)
    assert_allclose(model.path_.residual_scales_, other.path_.residual_scales_, rtol=tol)
    for name in ("coef_", "intercept_", "eta_", "keep_prob_", "alpha_", "objective_", "noise_scale_"):
        value = np.asarray(getattr(other, name))
        largest = np.max(np.abs(value), where=np.isfinite(value), initial=0)  # eta may be infinite
        assert_allclose(getattr(model, name), value, rtol=tol, atol=tol * largest, err_msg=name)
    assert model.converged_
    assert model.path_.converged_.all()


@pytest.mark.parametrize("penalty", ["l1", "elastic_net", "l2", "huber", "mcp", "log_sum", "variational_dropout"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_penalties(penalty, shuffle, with_and_without, simulate):
    X, y, weights = simulate(900, 12, correlation=0.3)
    cv = KFold(4, shuffle=shuffle, random_state=0 if shuffle else None)
    model, other, shared = with_and_without(X, y / y.std(), weights, penalty=penalty, alphas=ALPHAS, cv=cv)
    assert shared
    assert_same(model, other)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"standardize": False}], ids=str)
def test_forms_of_the_data(order, dtype, options, with_and_without, simulate):
    X, y, weights = simulate(700, 8)
    X[:, 2] = 4.0
    X[:, 3] += 1e5 * (dtype == np.float64)
    weights[::9] = 0
    X = X.astype(dtype, order=order)
    model, other, shared = with_and_without(X, y, weights, penalty="l1", cv=3, **options)
    assert shared
    assert_same(model, other, 1e-6 if dtype == np.float32 or not options.get("fit_intercept", True) else 1e-9)


def test_more_columns_than_a_tile(with_and_without, simulate):
    X, y, _ = simulate(2600, 400)
    cv = KFold(3, shuffle=True, random_state=0)
    model, other, shared = with_and_without(X, y, penalty="l1", alphas=ALPHAS, cv=cv)
    assert shared
    assert_same(model, other)


def test_rows_that_are_never_tested(with_and_without, simulate):
    X, y, _ = simulate(600, 6)
    model, other, shared = with_and_without(X, y, penalty="l1", cv=PredefinedSplit(np.arange(600) % 4 - 1))
    assert shared
    assert_same(model, other)


def test_folds_that_overlap_share_nothing(with_and_without, simulate):
    X, y, _ = simulate(600, 6)
    *_, shared = with_and_without(X, y, penalty="l1", cv=ShuffleSplit(3, random_state=0))
    assert not shared


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_a_column_that_moves_in_one_fold_only(scale, with_and_without, simulate):
    """The sums about the common centre have lost the digits of what is left of it in the other folds."""
    X, y, _ = simulate(600, 6)
    X[:200, 1] += 1e7
    X[200:, 2] = 0.5
    X[200:, 3] *= 1e-9
    model, other, shared = with_and_without(scale * X, y, penalty="l1", cv=3)
    assert shared
    assert_same(model, other)
