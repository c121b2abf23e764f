"""The losses that are not squared: certified answers, recomputed with numpy, for every penalty."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import xlogy
from sklearn.linear_model import PoissonRegressor

from pyreweight import AdaptiveDropoutClassifier, AdaptiveDropoutRegressor, dropout_path
from pyreweight._native import core
from pyreweight.penalties import L1, ElasticNet, get_penalty

NAMES = core.penalty_names()
every_loss = pytest.mark.parametrize("loss", ["logistic", "huber", "poisson"])


def huber_delta(y):
    y = np.sort(y)
    median = y[(len(y) - 1) // 2]
    deviations = np.sort(np.abs(y - median))
    return 1.345 * deviations[(len(y) - 1) // 2] / 0.6744897501960817


def loss_terms(loss, y, z):
    """Value, minus the derivative, and infimum of l + theta z as a function of theta, per row."""
    if loss == "logistic":
        value, residual = np.logaddexp(0, z) - y * z, y - 1 / (1 + np.exp(-z))

        def dual(theta):
            return -xlogy(y - theta, y - theta) - xlogy(1 - y + theta, 1 - y + theta)

    elif loss == "poisson":
        value, residual = np.exp(z) - y * z + xlogy(y, y) - y, y - np.exp(z)

        def dual(theta):
            return xlogy(y, y) - y - (xlogy(y - theta, y - theta) - (y - theta))

    else:
        delta, r = huber_delta(y), y - z
        value = np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2))
        residual = np.clip(r, -delta, delta)

        def dual(theta):
            return theta * y - theta**2 / 2

    return value, residual, dual


def certificate(model, loss, X, y, weights):
    """Objective, KKT residual and duality gap from the definitions."""
    pi = weights / weights.sum()
    penalty, alpha, w = get_penalty(model.penalty), model.alpha_, np.ravel(model.coef_)
    d = np.sqrt(pi @ (X - pi @ X) ** 2) if model.standardize else np.ones(X.shape[1])
    value, residual, dual = loss_terms(loss, y, X @ w + np.ravel(model.intercept_)[0])
    gradient = (pi * residual) @ (X - pi @ X)
    t = d * np.abs(w)
    objective = pi @ value + alpha * penalty.value(t, alpha).sum()
    target = alpha * penalty.derivative(t, alpha)
    violation, active = np.maximum(0, np.abs(gradient) / d - target), w != 0
    violation[active] = np.abs(gradient / d - np.copysign(target, w))[active]
    ratio = getattr(penalty, "l1_ratio", 1.0)
    a, b = alpha * d * ratio, alpha * d**2 * (1 - ratio)
    kappa = 1.0 if ratio < 1 else min(1.0, (a / np.maximum(np.abs(gradient), 1e-300)).min())
    bound = pi @ dual(kappa * residual)
    if ratio < 1:
        bound -= np.sum(np.maximum(0, np.abs(gradient) - a) ** 2 / (2 * b))
    return SimpleNamespace(
        objective=objective,
        kkt_residual=max(violation.max(), abs(pi @ residual)),
        gap=objective - bound,
        pi=pi,
        d=d,
    )


@pytest.fixture
def prepare(simulate):
    """Function from a loss and a shape to data, the alpha_max of l1 and an estimator."""

    def make(loss, n=120, p=15, correlation=0.3, seed=0):
        X, z, weights = simulate(n, p, seed=seed, correlation=correlation, scales=False)
        rng = np.random.default_rng(seed)
        z = (z - 3) / 2
        if loss == "logistic":
            y = (rng.uniform(size=n) < 1 / (1 + np.exp(-z))).astype(float)
        elif loss == "poisson":
            y = rng.poisson(np.exp(np.clip(z / 2, -2, 2))).astype(float)
        else:
            y = z + np.where(rng.uniform(size=n) < 0.1, 30, 1) * rng.normal(size=n)
            weights = np.ones(n)
        pi = weights / weights.sum()
        residual = y - pi @ y if loss != "huber" else np.clip(y - np.median(y), -huber_delta(y), huber_delta(y))
        top = np.abs((pi * residual) @ (X - pi @ X) / np.sqrt(pi @ (X - pi @ X) ** 2)).max()
        model = AdaptiveDropoutClassifier() if loss == "logistic" else AdaptiveDropoutRegressor(loss=loss)
        return X, y, weights, top, model

    return make


@every_loss
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("standardize", [True, False])
def test_ends_certified(loss, name, standardize, prepare):
    """Data that no few features separate, so that bounded penalties have a minimum."""
    X, y, weights, top, model = prepare(loss)
    for level in (0.6, 0.2, 0.05):
        model.set_params(penalty=name, alpha=level * top, standardize=standardize, max_iter=200)
        model.fit(X, y, sample_weight=weights)
        truth = certificate(model, loss, X, y, weights)
        assert model.converged_
        assert truth.kkt_residual <= model.tol * model.alpha_
        assert_allclose(model.objective_, truth.objective, rtol=1e-11)


@every_loss
@pytest.mark.parametrize("penalty", [L1(), ElasticNet(0.5), ElasticNet(0.05)], ids=repr)
@pytest.mark.parametrize("shape", [(120, 15, 0.3), (40, 120, 0.0), (60, 80, 0.9), (40, 2000, 0.5)])
def test_duality_gap(loss, penalty, shape, prepare):
    """The gap is that of theory: zero at the minimum, and an upper bound on the way there."""
    X, y, weights, top, model = prepare(loss, *shape)
    for level in (0.5, 0.1):
        model.set_params(penalty=penalty, alpha=level * top).fit(X, y, sample_weight=weights)
        truth = certificate(model, loss, X, y, weights)
        assert 0 <= model.dual_gap_ <= model.tol * model.objective_
        assert abs(truth.gap) <= 1e-10 * (1 + truth.objective)


@every_loss
@pytest.mark.parametrize("penalty", ["l1", "l2", "elastic_net"])
def test_global_minimum(loss, penalty, prepare):
    """A general-purpose minimiser of the smooth problem in w = u - v, u, v >= 0 finds nothing lower."""
    X, y, weights, top, model = prepare(loss, n=60, p=4)
    model.set_params(penalty=penalty, alpha=0.2 * top).fit(X, y, sample_weight=weights)
    truth = certificate(model, loss, X, y, weights)
    rule, alpha, p = get_penalty(penalty), model.alpha_, X.shape[1]

    def objective(x):
        value, residual, _ = loss_terms(loss, y, X @ (x[:p] - x[p : 2 * p]) + x[-1])
        t = truth.d * (x[:p] + x[p : 2 * p])
        slope = alpha * truth.d * rule.derivative(t, alpha)
        step = -(truth.pi * residual) @ X
        gradient = np.concatenate([step + slope, slope - step, [-(truth.pi @ residual)]])
        return truth.pi @ value + alpha * rule.value(t, alpha).sum(), gradient

    bounds = [(0, None)] * (2 * p) + [(None, None)]
    options = {"maxiter": 5000, "maxfun": 50000, "ftol": 0, "gtol": 1e-12}
    found = minimize(objective, np.zeros(2 * p + 1), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    assert model.objective_ <= found.fun * (1 + 1e-12)
    assert_allclose(found.x[:p] - found.x[p : 2 * p], np.ravel(model.coef_), atol=1e-5)


def test_ridge_with_poisson_loss_is_scikit_learns(prepare):
    X, y, weights, _, model = prepare("poisson")
    model.set_params(penalty="l2", alpha=0.1, standardize=False).fit(X, y, sample_weight=weights)
    other = PoissonRegressor(alpha=0.1, solver="newton-cholesky", tol=1e-12).fit(X, y, sample_weight=weights)
    assert_allclose(model.coef_, other.coef_, rtol=1e-8)
    assert_allclose(model.intercept_, other.intercept_, rtol=1e-8)
    assert_allclose(model.predict(X), other.predict(X), rtol=1e-8)


@every_loss
def test_answer_does_not_depend_on_tol(loss, prepare):
    X, y, weights, top, model = prepare(loss, 60, 80, 0.5)
    for penalty in ("l1", "variational_dropout", "lp", "l2", "huber"):
        model.set_params(penalty=penalty, alpha=0.2 * top)
        loose = model.set_params(tol=1e-3).fit(X, y, sample_weight=weights).coef_
        tight = model.set_params(tol=1e-10).fit(X, y, sample_weight=weights).coef_
        assert_allclose(loose, tight, rtol=0, atol=1e-10 * np.abs(tight).max())


@every_loss
def test_weights_are_copies_and_removals(loss, prepare):
    X, y, _, _, model = prepare(loss)
    counts = np.random.default_rng(0).integers(0, 4, size=len(y))
    copies = model.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts)).coef_
    assert_allclose(model.fit(X, y, sample_weight=counts).coef_, copies, rtol=0, atol=1e-10)


def test_huber_moves_with_the_units_of_y(prepare):
    X, y, _, top, model = prepare("huber")
    for penalty in ("l1", "variational_dropout", "mcp"):
        model.set_params(penalty=penalty, alpha=0.3 * top)
        one = model.fit(X, y).coef_
        for unit in (1e-150, 1e4, 1e200):
            model.set_params(alpha=0.3 * top * unit)
            assert_allclose(model.fit(X, unit * y).coef_, unit * one, rtol=1e-9)


def test_huber_resists_outliers(simulate):
    X, y, _ = simulate(200, 10, scales=False, noise=0.5)
    clean = AdaptiveDropoutRegressor(loss="huber").fit(X, y)
    spoiled = y.copy()
    spoiled[:10] += 1000
    robust = AdaptiveDropoutRegressor(loss="huber").fit(X, spoiled)
    plain = AdaptiveDropoutRegressor().fit(X, spoiled)
    assert np.abs(robust.coef_ - clean.coef_).max() < 0.4
    assert np.abs(plain.coef_ - clean.coef_).max() > 0.5


@every_loss
def test_auto_alpha_finds_the_features(loss, prepare):
    X, y, _, _, model = prepare(loss, 600, 40, 0.0)
    model.fit(X, y)
    assert model.converged_
    assert 1 <= np.count_nonzero(model.coef_) <= 20
    noise = np.random.default_rng(0).normal(size=X.shape)
    assert np.count_nonzero(model.fit(noise, y).coef_) <= 1


def test_wrong_targets_are_refused(simulate):
    X, y, _ = simulate(20, 3)
    with pytest.raises(ValueError, match="y must be nonnegative"):
        AdaptiveDropoutRegressor(loss="poisson").fit(X, y - 100)
    with pytest.raises(ValueError, match="positive entry"):
        AdaptiveDropoutRegressor(loss="poisson").fit(X, 0 * y)
    with pytest.raises(ValueError, match="loss must be one of"):
        AdaptiveDropoutRegressor(loss="absolute").fit(X, y)
    with pytest.raises(ValueError, match="return_std"):
        AdaptiveDropoutRegressor(0.1, loss="huber").fit(X, y).predict(X, return_std=True)


def test_several_targets(prepare):
    X, y, _, _, _ = prepare("poisson")
    together = AdaptiveDropoutRegressor(0.05, loss="poisson").fit(X, np.stack([y, y[::-1]], axis=1))
    for k, target in enumerate((y, y[::-1])):
        alone = AdaptiveDropoutRegressor(0.05, loss="poisson").fit(X, target)
        assert_array_equal(together.coef_[k], alone.coef_)


@pytest.mark.parametrize("loss", ["logistic", "huber", "poisson"])
@pytest.mark.parametrize("penalty", ["l1", "variational_dropout", "lp", "l2"])
def test_path_is_the_single_fits(loss, penalty, prepare):
    X, y, weights, top, model = prepare(loss)
    path = dropout_path(X, y, loss=loss, penalty=penalty, alphas=12, eps=0.05, sample_weight=weights)
    assert path.converged_.all()
    assert path.loss_ == loss
    for k in (0, 5, 11):
        model.set_params(penalty=penalty, alpha=path.alphas_[k]).fit(X, y, sample_weight=weights)
        if get_penalty(penalty).convex:
            assert_allclose(path.coefs_[:, k], np.ravel(model.coef_), rtol=0, atol=1e-9)
        else:
            assert path.objectives_[k] <= model.objective_ * 1.02
    if get_penalty(penalty).slope_at_zero > 0:
        assert not path.coefs_[:, 0].any()
    if penalty == "l1":
        assert path.alphas_[0] == pytest.approx(top, rel=0.1 if loss == "huber" else 1e-12)
        nonzeros = np.count_nonzero(path.coefs_, axis=0)
        assert_array_equal(path.degrees_of_freedom_, nonzeros)
        z = X @ path.coefs_[:, 5] + path.intercepts_[5]
        mean = {"logistic": lambda t: 1 / (1 + np.exp(-t)), "poisson": np.exp, "huber": np.asarray}[loss](z)
        assert_allclose(path.predict(X, path.alphas_[5]), mean)
        value, _, _ = loss_terms(loss, y, z)
        assert_allclose(path.residual_scales_[5] ** 2 / 2, weights @ value / weights.sum(), rtol=1e-10)


def test_information_criteria(prepare):
    X, y, weights, _, _ = prepare("poisson")
    path = dropout_path(X, y, loss="poisson", penalty="l1", sample_weight=weights)
    S, size = weights.sum(), path.degrees_of_freedom_ + 1
    deviance = [
        2 * weights @ loss_terms("poisson", y, X @ w + b)[0]
        for w, b in zip(path.coefs_.T, path.intercepts_, strict=True)
    ]
    assert path.select("aic") == np.argmin(deviance + 2 * size)
    assert path.select("bic") == np.argmin(deviance + np.log(S) * size)
    with pytest.raises(ValueError, match="no likelihood"):
        dropout_path(X, y, loss="huber", alphas=3).select()
    with pytest.raises(ValueError, match="0 and 1"):
        dropout_path(X, y, loss="logistic")
