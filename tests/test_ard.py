"""ARD maximises the evidence: against its definition, scikit-learn, the laws of units, and its faces."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ARDRegression
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from pyreweight import AdaptiveDropoutRegressor, dropout_path
from pyreweight.penalties import ARD, VariationalBayesDropout

# At the end of the path: the package tested is the installed one, not the sources beside bench/.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench.ard import log_evidence, prior


def fit(X, y, **arguments):
    return AdaptiveDropoutRegressor(penalty=ARD(), **arguments).fit(X, y)


@pytest.fixture(scope="module")
def interactions():
    X, y = load_diabetes(return_X_y=True)
    X = PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(X)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_objective_is_the_evidence_and_coefficients_are_the_posterior_mean(simulate, fit_intercept):
    X, y, _ = simulate(40, 8)
    model = fit(X, y, fit_intercept=fit_intercept)
    inside = model.coef_ != 0
    assert 0 < inside.sum() < 8
    centred = X - X.mean(axis=0) if fit_intercept else X
    odds = model.keep_prob_ / (1 - model.keep_prob_)
    variances = odds * model.alpha_**2 / np.mean(centred**2, axis=0)
    noise = model.noise_scale_**2
    assert_allclose(model.objective_, -log_evidence(X, y, variances, noise, fit_intercept), rtol=1e-10)
    target = y - y.mean() if fit_intercept else y
    S = noise * np.eye(40) + (centred * variances) @ centred.T
    assert_allclose(model.coef_, variances * (centred.T @ np.linalg.solve(S, target)), rtol=1e-8, atol=1e-12)
    assert model.alpha_ == pytest.approx(model.noise_scale_ / np.sqrt(40))
    assert_allclose(model.eta_[inside] / (model.eta_[inside] + model.alpha_), model.keep_prob_[inside], rtol=1e-10)
    assert_array_equal(model.eta_[~inside], 0)


def test_no_variance_nor_the_noise_can_be_changed_for_the_better(simulate):
    X, y, _ = simulate(50, 7, seed=3)
    model = fit(X, y)
    variances, noise = prior(model, X)
    best = log_evidence(X, y, variances, noise)
    size = variances.max()
    for j in range(7):
        for factor in (0.0, 0.5, 0.99, 1.01, 2.0):
            changed = variances.copy()
            changed[j] = factor * variances[j] if variances[j] > 0 else factor * 1e-3 * size
            assert log_evidence(X, y, changed, noise) <= best + 1e-9
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert log_evidence(X, y, variances, factor * noise) <= best + 1e-9


def test_a_general_optimiser_finds_nothing_better_nearby(simulate):
    X, y, _ = simulate(30, 4, seed=5)
    model = fit(X, y)
    variances, noise = prior(model, X)
    inside = variances > 0

    def cost(theta):
        changed = np.zeros(4)
        changed[inside] = np.exp(theta[1:])
        return -log_evidence(X, y, changed, np.exp(theta[0]))

    start = np.log([noise, *variances[inside]])
    answer = minimize(cost, start + 0.3, tol=1e-12)
    assert model.objective_ <= answer.fun + 1e-9
    assert_allclose(answer.x, start, atol=2e-3)


def test_more_evidence_than_scikit_learn(interactions):
    X, y = interactions
    model = fit(X, y)
    assert model.converged_
    theirs = ARDRegression().fit(X, y)
    for convention in (True, None):
        ours = log_evidence(X, y, *prior(model, X), fit_intercept=convention)
        assert ours > log_evidence(X, y, *prior(theirs, X), fit_intercept=convention)
    assert np.count_nonzero(model.coef_) < np.count_nonzero(theirs.coef_)


def test_more_evidence_than_scikit_learn_on_riboflavin(shared):
    content = np.load(shared / "data" / "riboflavin.npz")
    X, y = StandardScaler().fit_transform(content["X"]), content["y"]
    model = fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = ARDRegression(max_iter=60).fit(X, y)
    for convention in (True, None):
        ours = log_evidence(X, y, *prior(model, X), fit_intercept=convention)
        assert ours > log_evidence(X, y, *prior(theirs, X), fit_intercept=convention)
    assert model.converged_


@pytest.mark.parametrize("standardize", [True, False])
def test_units_do_not_matter(interactions, standardize):
    X, y = interactions
    model = fit(X, y, standardize=standardize)
    units = np.geomspace(1e-6, 1e6, X.shape[1])
    scaled = fit(X * units, 1000 * y, standardize=standardize)
    assert_allclose(scaled.coef_ * units / 1000, model.coef_, rtol=1e-6, atol=1e-9)
    assert_allclose(scaled.keep_prob_, model.keep_prob_, rtol=1e-6, atol=1e-9)
    assert_allclose(scaled.noise_scale_, 1000 * model.noise_scale_, rtol=1e-8)
    assert_allclose(scaled.objective_, model.objective_ + (len(y) - 1) * np.log(1000), rtol=1e-9)


def test_order_of_columns_and_copies_of_rows(simulate):
    X, y, _ = simulate(40, 8)
    model = fit(X, y)
    backwards = fit(X[:, ::-1], y)
    assert_allclose(backwards.coef_[::-1], model.coef_, rtol=1e-7, atol=1e-10)
    counts = np.arange(40) % 3
    weighted = AdaptiveDropoutRegressor(penalty=ARD()).fit(X, y, sample_weight=counts)
    repeated = fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-7, atol=1e-10)
    assert_allclose(weighted.objective_, repeated.objective_, rtol=1e-9)


def test_the_evidence_never_falls(interactions):
    X, y = interactions
    values = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for max_iter in range(1, 12):
            values.append(fit(X, y, max_iter=max_iter).objective_)
    assert np.all(np.diff(values) <= 1e-9)
    assert values[-1] < values[0] - 5


def test_pure_noise_and_exact_data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5))
    model = fit(X, rng.normal(size=100))
    assert np.count_nonzero(model.coef_) <= 3
    exact = fit(X, X @ np.array([1.0, 0, 0, -2, 0]))
    assert_allclose(exact.coef_, [1, 0, 0, -2, 0], atol=1e-3)
    assert exact.noise_scale_ < 1e-2
    constant = fit(X, np.full(100, 3.0))
    assert_array_equal(constant.coef_, 0)
    assert constant.intercept_ == 3


def test_orthonormal_columns_have_the_faces_shown():
    # With orthogonal columns every variance is on its own: the coefficient is a fixed point of the strategy's mask.
    n = 64
    X = np.linalg.qr(np.random.default_rng(2).normal(size=(n, 6)))[0] * np.sqrt(n)
    y = X @ np.array([3.0, 1.0, 0.4, 0, 0, 0]) + np.random.default_rng(3).normal(size=n)
    model = fit(X, y, fit_intercept=False)
    inside = model.coef_ != 0
    assert inside.sum() >= 3
    expected = ARD().keep_prob(model.coef_[inside], model.alpha_)
    assert_allclose(model.keep_prob_[inside], expected, rtol=1e-6)
    t = np.geomspace(1e-3, 10, 9)
    assert_array_equal(ARD().eta(t, 0.3), VariationalBayesDropout().eta(t, 0.3))


def variances_of(w, X, noise):
    """The minimiser over eta of sum w^2 / eta + log det(noise I + X diag(eta) X'), one coordinate after another."""
    eta = w**2
    inside = np.flatnonzero(w)
    for _ in range(300):
        before = eta.copy()
        for j in inside:
            others = np.where(np.arange(len(w)) == j, 0, eta)
            gain = X[:, j] @ np.linalg.solve(noise * np.eye(len(X)) + (X * others) @ X.T, X[:, j])
            eta[j] = (w[j] ** 2 + np.sqrt(w[j] ** 4 + 4 * w[j] ** 2 / gain)) / 2
        if np.allclose(eta, before, rtol=1e-14, atol=0):
            break
    logdet = np.linalg.slogdet(noise * np.eye(len(X)) + (X * eta) @ X.T)[1]
    return eta, (np.sum(w[inside] ** 2 / eta[inside]) + logdet) / 2


def test_fitted_variances_are_those_of_the_reference_penalty(shared, simulate):
    """The reference cases pin down the penalty; at a fit the variances are its eta at the coefficients."""
    oracles = json.loads((shared / "oracles" / "penalties.json").read_text())["nonseparable"]
    cases = [case for case in oracles if case["name"] == "ard"]
    assert len(cases) == 2
    for case in cases:
        eta, value = variances_of(np.array(case["w"]), np.array(case["params"]["X"]), case["params"]["tau"])
        assert_allclose(eta, case["eta_hat"], rtol=1e-9)
        assert value == pytest.approx(case["omega"], rel=1e-12)
    X, y, _ = simulate(30, 9, seed=1)
    model = fit(X, y)
    variances, noise = prior(model, X)
    assert 0 < np.count_nonzero(variances) < 9
    assert_allclose(variances_of(model.coef_, X - X.mean(axis=0), noise)[0], variances, rtol=1e-6)


@pytest.mark.parametrize("use", [lambda X, y: dropout_path(X, y, penalty=ARD())])
def test_there_is_no_path(use, simulate):
    with pytest.raises(ValueError, match="takes no alpha"):
        use(*simulate(20, 3)[:2])


def test_properties():
    assert not ARD().separable
    assert not ARD().convex
    assert ARD().slope_at_zero == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"solver": "irls"}, "solver must be 'auto' with ARD"), ({"feature_weights": [0, 1, 1]}, "feature_weights must")],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit(np.eye(5, 3), np.arange(5.0), **arguments)
