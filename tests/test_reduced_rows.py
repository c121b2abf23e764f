"""Paths of many rows and few columns, which are solved on a p x p summary of the data: nobody can tell."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutRegressor, AdaptiveDropoutRegressorCV, dropout_path

ALPHAS = np.geomspace(0.9, 0.01, 30)


def summarised(n, p):
    """Whether the core summarises a path of ALPHAS."""
    return n >= 5 * (p + 1) and p <= 40 * len(ALPHAS)


@pytest.fixture(scope="module")
def tall(simulate):
    X, y, weights = simulate(900, 20, correlation=0.5)
    assert summarised(*X.shape)
    X[:, 7] = 4.0
    return X, y / y.std(), weights


@pytest.mark.parametrize("penalty", ["l1", "elastic_net", "huber", "l2", "lp"])
def test_a_path_is_its_single_fits(tall, penalty, certify):
    X, y, weights = tall
    path = dropout_path(X, y, penalty=penalty, alphas=ALPHAS, sample_weight=weights)
    assert path.converged_.all()
    for i in (0, 10, 29):
        single = AdaptiveDropoutRegressor(ALPHAS[i], penalty=penalty).fit(X, y, sample_weight=weights)
        again = certify(single, X, y, weights)
        assert path.objectives_[i] == pytest.approx(again.objective, rel=1e-12)
        assert path.residual_scales_[i] == pytest.approx(np.sqrt(weights @ again.residual**2 / weights.sum()), rel=1e-9)
        assert path.noise_scales_[i] == pytest.approx(single.noise_scale_, rel=1e-9)
        if penalty != "lp":  # p = 1/2 has many stationary points
            assert_allclose(path.coefs_[:, i], single.coef_, rtol=0, atol=1e-9 * np.abs(single.coef_).max())


@pytest.mark.parametrize("penalty", ["mcp", "variational_dropout"])
def test_certificates_hold_for_the_rows(tall, penalty, certify):
    X, y, _ = tall
    path = dropout_path(X, y, penalty=penalty, alphas=ALPHAS)
    model = AdaptiveDropoutRegressor(penalty=penalty).fit(X, y)
    for i in (5, 29):
        model.alpha_, model.coef_, model.intercept_ = ALPHAS[i], path.coefs_[:, i], path.intercepts_[i]
        again = certify(model, X, y)
        assert path.objectives_[i] == pytest.approx(again.objective, rel=1e-10)
        assert again.kkt_residual <= 1e-6 * ALPHAS[i]


@pytest.mark.parametrize("noise", [1.0, 1e-9])
def test_errors_on_held_out_rows(simulate, noise):
    """The quadratic form of the errors has no digits left where the fit is almost exact: the rows decide then."""
    X, y, weights = simulate(600, 12, noise=noise)
    model = AdaptiveDropoutRegressorCV(penalty="l1", alphas=np.geomspace(1, 1e-12, 40), cv=3).fit(X, y, weights)
    for fold, test in enumerate(np.array_split(np.arange(600), 3)):
        train = np.setdiff1d(np.arange(600), test)
        path = dropout_path(X[train], y[train], penalty="l1", alphas=model.alphas_, sample_weight=weights[train])
        errors = (y[test, None] - path.predict(X[test], model.alphas_)) ** 2
        assert_allclose(model.mse_path_[:, fold], weights[test] @ errors / weights[test].sum(), rtol=1e-6, atol=1e-24)


@pytest.mark.parametrize("spread", [0.0, 1e-6])
def test_dependent_columns(simulate, certify, spread):
    X, y, _ = simulate(500, 10)
    X[:, 3] = X[:, 1] + X[:, 2] + spread * X[:, 3]
    path = dropout_path(X, y, penalty="l1", alphas=ALPHAS)
    single = AdaptiveDropoutRegressor(ALPHAS[-1], penalty="l1").fit(X, y)
    assert path.converged_.all()
    assert path.objectives_[-1] == pytest.approx(certify(single, X, y).objective, rel=1e-10)


def test_exact_fit_leaves_no_noise(simulate):
    X, _, _ = simulate(300, 5)
    model = AdaptiveDropoutRegressor().fit(X, X @ [1.0, 0, -2, 0, 0.5])
    residual = X @ [1.0, 0, -2, 0, 0.5] - model.predict(X)
    assert model.noise_scale_ == pytest.approx(np.sqrt(residual @ residual / (300 - 1 - 3)), rel=1e-6)


@pytest.mark.parametrize("first_rows", ["constant", "far off", "alike", "at zero"])
@pytest.mark.parametrize("alpha", [ALPHAS, 0.1], ids=["path", "one"])
def test_first_rows_may_mislead(simulate, first_rows, alpha):
    """Centres and scales of the one visit of X are guessed from the first rows: their order must not matter."""
    X, y, _ = simulate(30_000, 9, correlation=0.5)
    assert X.size > 250_000  # fewer entries are visited twice
    X[:, 2] += 1e6
    top = slice(1200)
    X[top, 1] = {"constant": 1.5, "far off": 1e9 + X[top, 1], "alike": 1 + 1e-9 * X[top, 1], "at zero": 0.0}[first_rows]
    order = np.random.default_rng(0).permutation(len(y))
    if np.ndim(alpha):
        path, other = (dropout_path(X[rows], y[rows], penalty="l1", alphas=alpha) for rows in (slice(None), order))
        one, two = path.coefs_, other.coefs_
    else:
        one, two = (
            AdaptiveDropoutRegressor(alpha, penalty="l1").fit(X[rows], y[rows]).coef_[:, None]
            for rows in (slice(None), order)
        )
    scale = X.std(axis=0)[:, None]
    assert_allclose(one * scale, two * scale, rtol=0, atol=1e-8 * np.abs(two * scale).max())
