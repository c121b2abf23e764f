"""The standard deviation of predictions under the fitted masks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutRegressor

SETTINGS = {
    "default": {},
    "raw": {"standardize": False},
    "no intercept": {"fit_intercept": False},
    "unpenalised": {"feature_weights": [0.0, 1, 1, 2, 1, 1]},
}


@pytest.fixture(params=SETTINGS)
def fitted(request, simulate):
    X, y, weights = simulate(60, 6, seed=1)
    model = AdaptiveDropoutRegressor(0.4, penalty="variational_dropout", **SETTINGS[request.param])
    model.fit(X, y, sample_weight=weights)
    centre = np.average(X, axis=0, weights=weights) if model.fit_intercept else np.zeros(6)
    return model, X, y, weights, centre


def test_formula(fitted):
    model, X, _, _, centre = fitted
    mean, std = model.predict(X, return_std=True)
    assert_allclose(mean, X @ model.coef_ + model.intercept_, rtol=1e-13)
    assert_allclose(mean, model.predict(X), rtol=0)
    variance = np.full(len(X), model.noise_scale_**2)
    for j, (q, w) in enumerate(zip(model.keep_prob_, model.coef_, strict=True)):
        if w != 0:
            variance += (1 - q) / q * w**2 * (X[:, j] - centre[j]) ** 2
    assert_allclose(std, np.sqrt(variance), rtol=1e-12)
    assert np.any(std > 1.01 * model.noise_scale_)


def test_monte_carlo(fitted):
    """Masks of mean 1 on the centred columns, plus the noise."""
    model, X, _, _, centre = fitted
    rng, draws = np.random.default_rng(0), 40_000
    active = model.coef_ != 0
    q = model.keep_prob_[active]
    masks = (rng.random((draws, len(q))) < q) / q
    effects = (X[:8] - centre)[:, active] * model.coef_[active]
    predictions = model.intercept_ + centre @ model.coef_ + masks @ effects.T
    predictions += rng.normal(scale=model.noise_scale_, size=predictions.shape)
    mean, std = model.predict(X[:8], return_std=True)
    assert_allclose(predictions.mean(axis=0), mean, atol=5 * (std / np.sqrt(draws)).max())
    assert_allclose(predictions.std(axis=0), std, rtol=0.05)


def test_feature_that_is_out_adds_nothing(simulate):
    X, y, _ = simulate(60, 6, seed=2)
    model = AdaptiveDropoutRegressor(1e6).fit(X, y)
    _, std = model.predict(X * 100, return_std=True)
    assert_allclose(std, y.std() * np.sqrt(60 / 59), rtol=1e-12)
