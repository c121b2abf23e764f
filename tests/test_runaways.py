"""Single coefficients that run away under bounded penalties, and the shift that classes have in common under l1."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pyreweight import AdaptiveDropoutClassifier


@pytest.fixture(scope="module")
def indicator():
    """Two classes that overlap, and a column that is 1 in some rows of the second one only."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 6))
    y = (X[:, 0] + rng.standard_normal(300) > 0).astype(int)
    return np.c_[X, (y == 1) & (rng.random(300) < 0.2)], y


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("penalty", ["mcp", "capped_l1", "hard_concrete"])
def test_a_pure_indicator_stops_the_fit(penalty, fit_intercept, indicator):
    X, y = indicator
    coefs = []
    for max_iter in (50, 400):
        model = AdaptiveDropoutClassifier(0.01, penalty=penalty, fit_intercept=fit_intercept, max_iter=max_iter)
        with pytest.warns(ConvergenceWarning, match="bounded penalty"):
            model.fit(X, y)
        assert not model.converged_
        coefs.append(model.coef_)
    assert_array_equal(*coefs)
    assert 3 < coefs[0][0, -1] < 30


def test_classes_with_a_pure_indicator(indicator):
    X, y = indicator
    y = y + (X[:, 1] > 0.8)
    X = np.c_[X[:, :-1], (y == 2) & (X[:, 2] > 0)]
    with pytest.warns(ConvergenceWarning, match="bounded penalty"):
        model = AdaptiveDropoutClassifier(0.005, penalty="mcp").fit(X, y)
    assert not model.converged_
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize("penalty", ["l1", "log_sum", "variational_dropout"])
def test_penalties_without_bound_hold_it(penalty, indicator):
    X, y = indicator
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = AdaptiveDropoutClassifier(0.01, penalty=penalty).fit(X, y)
    assert model.converged_


@pytest.fixture(scope="module")
def four_classes():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((400, 8))
    scores = X @ rng.standard_normal((8, 4)) + rng.gumbel(size=(400, 4))
    return X, scores.argmax(axis=1)


def test_common_shift_of_an_even_number_of_classes(four_classes):
    """Between the two middle coefficients the l1 norm is level: the answer is the end of least norm."""
    X, y = four_classes
    model = AdaptiveDropoutClassifier(0.01, penalty="l1").fit(X, y)
    assert model.converged_
    ordered = np.sort(model.coef_, axis=0)
    segments = ordered[1] < ordered[2]
    assert segments.any()
    for coef, low, high in zip(model.coef_.T[segments], ordered[1][segments], ordered[2][segments], strict=True):
        assert low == 0 or high == 0
        norms = [np.linalg.norm(coef - low), np.linalg.norm(coef - high)]
        assert_allclose(np.linalg.norm(coef), min(norms), rtol=1e-12)


def test_common_shift_hangs_on_nothing_else(four_classes):
    X, y = four_classes
    counts = np.random.default_rng(4).integers(1, 4, len(y))
    weighted = AdaptiveDropoutClassifier(0.01, penalty="l1").fit(X, y, sample_weight=counts)
    copies = AdaptiveDropoutClassifier(0.01, penalty="l1").fit(X.repeat(counts, axis=0), y.repeat(counts))
    assert_allclose(weighted.coef_, copies.coef_, atol=1e-10)
    warm = AdaptiveDropoutClassifier(0.03, penalty="l1", warm_start=True).fit(X, y)
    warm.set_params(alpha=0.01).fit(X, y)
    cold = AdaptiveDropoutClassifier(0.01, penalty="l1").fit(X, y)
    assert_allclose(warm.coef_, cold.coef_, atol=1e-10)
