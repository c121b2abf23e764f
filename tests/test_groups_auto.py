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
