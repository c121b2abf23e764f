"""alpha="auto" with groups: it finds the group that has the signal, and keeps nothing of noise."""

import numpy as np
import pytest

from pyreweight import AdaptiveDropoutRegressor


@pytest.mark.parametrize(("n", "size", "count"), [(100, 40, 3), (200, 20, 20), (60, 10, 10), (200, 5, 40)])
@pytest.mark.parametrize("penalty", ["l1", "variational_dropout"])
def test_signal_and_noise(penalty, n, size, count):
    kept_of_noise = 0
    for seed in range(10):
        rng = np.random.default_rng([seed, n, size])
        X = rng.normal(size=(n, size * count))
        signal = X[:, :size] @ rng.normal(size=size) / np.sqrt(size)
        model = AdaptiveDropoutRegressor(penalty=penalty, feature_groups=np.arange(size * count) // size)
        assert np.all(model.fit(X, signal + 0.3 * rng.normal(size=n)).coef_[:size] != 0)
        kept_of_noise += np.any(model.fit(X, rng.normal(size=n)).coef_ != 0)
    assert kept_of_noise <= 2


@pytest.mark.parametrize("penalty", ["mcp", "variational_dropout"])
def test_a_group_of_more_than_half_the_rows(penalty):
    # Unshrunk it spends all its coefficients as degrees of freedom, at once.
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(100, 180))
        signal = X[:, :60] @ rng.normal(size=60) / np.sqrt(60)
        model = AdaptiveDropoutRegressor(penalty=penalty, feature_groups=np.arange(180) // 60)
        model.fit(X, signal + 0.3 * rng.normal(size=100))
        assert set(np.flatnonzero(model.coef_) // 60) == {0}
        assert np.mean((model.predict(X) - signal) ** 2) < 0.2
