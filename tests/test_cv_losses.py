"""``AdaptiveDropoutRegressorCV`` with losses that are not squared, against single fits and scikit-learn's deviance."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.model_selection import KFold

from pyreweight import AdaptiveDropoutRegressor, AdaptiveDropoutRegressorCV


@pytest.mark.parametrize("loss", ["huber", "poisson"])
@pytest.mark.parametrize("container", [np.asarray, sp.csc_array], ids=["dense", "sparse"])
def test_is_a_loop_of_fits(loss, container, simulate):
    X, y, s = simulate(60, 9, seed=1, correlation=0.3)
    X[np.abs(X) < 0.3] = 0
    if loss == "poisson":
        y = np.random.default_rng(0).poisson(np.exp(0.3 * (y - y.mean()) / y.std()))
    else:
        y[::9] += 30
    splits = list(KFold(3).split(X))
    model = AdaptiveDropoutRegressorCV(6, loss=loss, penalty="l1", cv=splits).fit(container(X), y, sample_weight=s)
    assert model.score_path_.shape == (6, 3)
    assert not hasattr(model, "mse_path_")
    assert model.alpha_ == model.alphas_[np.argmax(np.average(model.score_path_, axis=1, weights=model.fold_weights_))]
    single = AdaptiveDropoutRegressor(model.alpha_, loss=loss, penalty="l1").fit(X, y, sample_weight=s)
    assert_allclose(model.coef_, single.coef_, rtol=1e-7, atol=1e-9)
    assert_allclose(model.predict(X), single.predict(X), rtol=1e-7)
    if loss == "poisson":
        deviance = AdaptiveDropoutRegressorCV(
            6, loss=loss, penalty="l1", cv=splits, scoring="neg_mean_poisson_deviance"
        )
        assert_allclose(deviance.fit(X, y, sample_weight=s).score_path_, 2 * model.score_path_, rtol=1e-9)
        return
    for k, (train, test) in enumerate(splits):
        for i, alpha in enumerate(model.alphas_):
            fold = AdaptiveDropoutRegressor(alpha, loss=loss, penalty="l1").fit(X[train], y[train], s[train])
            residual = np.abs(y[test] - fold.predict(X[test]))
            delta = 1.345 * robust_spread(y[train], s[train])
            value = np.where(residual <= delta, residual**2 / 2, delta * (residual - delta / 2))
            assert model.score_path_[i, k] == pytest.approx(-np.average(value, weights=s[test]), rel=1e-7)


def robust_spread(y, s):
    """Weighted median absolute deviation in units of that of the normal distribution."""

    def median(values):
        order = np.argsort(values)
        return values[order][np.searchsorted(np.cumsum(s[order]), s.sum() / 2)]

    return median(np.abs(y - median(y))) / 0.6744897501960817
