"""Strategies that rank the coefficients (magnitude pruning, targeted dropout), and the crossing of the duality."""

import json
from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import ARD, MCP, FixedStrength, Standout, TargetedDropout, TopK, get_penalty

RANKING = [name for name in core.penalty_names(separable=False) if "k" in get_penalty(name).get_params()]
vectors = st.lists(st.floats(-100, 100), min_size=1, max_size=6).map(np.array)


def least_squares(X, y, columns):
    """Half the mean square of what an intercept and these columns leave."""
    A = np.column_stack([np.ones(len(y)), X[:, list(columns)]])
    return np.mean((y - A @ np.linalg.lstsq(A, y, rcond=None)[0]) ** 2) / 2


def dense_problem(seed, n=40, p=10):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ (np.eye(p) + 0.5 * rng.standard_normal((p, p)))
    return X, X[:, :4] @ rng.standard_normal(4) + rng.standard_normal(n)


def test_trimmed_ridge_of_the_reference(shared):
    cases = json.loads((shared / "oracles" / "penalties.json").read_text())["nonseparable"]
    for case in (c for c in cases if c["name"] == "trimmed_ridge"):
        penalty = TargetedDropout(k=case["params"]["k"], rate=0.5)
        assert penalty.value(case["w"]) == pytest.approx(case["omega"], rel=1e-12)
        assert_array_equal(penalty.eta(case["w"]), [float(e) for e in case["eta_hat"]])


@pytest.mark.parametrize("name", RANKING)
@given(w=vectors, v=vectors, k=st.integers(1, 4))
def test_eta_trick_of_vectors(name, w, v, k):
    """Omega(w) = min over eta of (sum w^2 / eta + f(eta)) / 2, and eta(v) bounds Omega from above everywhere."""
    penalty = get_penalty(name).set_params(k=k)
    size = min(len(w), len(v))
    w, v = w[:size], penalty.prox(v[:size], 1.0)

    def bound(eta):
        with np.errstate(divide="ignore", invalid="ignore"):
            ridge = np.where(w == 0, 0, np.maximum(w**2, 1e-300) / eta)
        return (ridge.sum() + penalty.conjugate(eta)) / 2

    value = penalty.value(w)
    assert bound(penalty.eta(w)) == pytest.approx(value, rel=1e-12) if value < np.inf else True
    assert bound(penalty.eta(v)) >= value * (1 - 1e-12)
    assert penalty.value(np.zeros(size)) == 0
    assert penalty.value(-w) == value
    assert np.all((penalty.keep_prob(w) >= 0) & (penalty.keep_prob(w) <= 1))
    assert isinstance(value, float)
    assert not penalty.separable
    assert not penalty.convex
    assert penalty.subquadratic


@pytest.mark.parametrize("name", RANKING)
@given(z=vectors, k=st.integers(1, 4), step=st.floats(0.1, 10), seed=st.integers(0, 100))
def test_prox_of_vectors_is_a_global_minimiser(name, z, k, step, seed):
    penalty = get_penalty(name).set_params(k=k)
    x = penalty.prox(z, alpha=0.7, step=step)
    best = np.sum((x - z) ** 2) / 2 + step * 0.7 * penalty.value(x)
    others = [z * (np.random.default_rng(seed + i).random(len(z)) < 0.5) for i in range(5)]
    rate = 1 + step * 0.7
    for kept in combinations(range(len(z)), min(k, len(z))):
        others += [np.where(np.isin(np.arange(len(z)), kept), z, z / rate)]
        others += [np.where(np.isin(np.arange(len(z)), kept), z, 0)]
    for other in others:
        assert best <= np.sum((other - z) ** 2) / 2 + step * 0.7 * penalty.value(other) + 1e-9


def test_ties_and_zeros():
    assert_array_equal(TopK(k=2).prox([1.0, -1.0, 1.0]), [1, -1, 0])
    assert_array_equal(TopK(k=3).eta([0.0, 2.0, 0.0]), [0, np.inf, 0])
    assert TopK(k=2).value([1.0, 0.0, 3.0]) == 0
    assert TopK(k=2).value([1.0, 0.5, 3.0]) == np.inf
    assert TopK(k=2).conjugate([np.inf, 0.0, 1.0]) == 0
    assert TopK(k=2).conjugate([np.inf, 1e-300, 1.0]) == np.inf
    assert TargetedDropout(k=0, rate=0.0).value([1.0, 2.0]) == 0


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (TopK(k=0), "k of top_k must be an integer >= 1, got 0"),
        (TopK(k=2.5), "k of top_k must be an integer >= 1, got 2.5"),
        (TopK(k="3"), "k of top_k must be a real number"),
        (TopK(k=np.inf), "k of top_k must be an integer >= 1, got inf"),
        (TargetedDropout(k=-1), "k of targeted_dropout must be an integer >= 0"),
        (TargetedDropout(rate=1.0), "rate of targeted_dropout must be >= 0 and < 1"),
    ],
)
def test_bad_parameters_are_named(penalty, message):
    with pytest.raises(ValueError, match=message):
        penalty.value([1.0])
    with pytest.raises(ValueError, match=message):
        AdaptiveDropoutRegressor(penalty=penalty, alpha=1.0).fit(*dense_problem(0))


@pytest.mark.parametrize("seed", range(12))
def test_top_k_is_optimal_under_swaps(seed):
    X, y = dense_problem(seed)
    k = 2 + seed % 4
    model = AdaptiveDropoutRegressor(penalty=TopK(k)).fit(X, y)
    support = list(np.flatnonzero(model.coef_))
    assert len(support) == k
    assert model.converged_
    assert model.objective_ == pytest.approx(least_squares(X, y, support), rel=1e-12)
    outside = [j for j in range(X.shape[1]) if j not in support]
    swaps = [[*(i for i in support if i != out), into] for out in support for into in outside]
    assert min(least_squares(X, y, swap) for swap in swaps) >= model.objective_ * (1 - 1e-10)


def test_top_k_is_as_a_rule_the_best_of_all_supports():
    found = 0
    for seed in range(12):
        X, y = dense_problem(seed, p=12)
        best = min(least_squares(X, y, columns) for columns in combinations(range(12), 3))
        objective = AdaptiveDropoutRegressor(penalty=TopK(3)).fit(X, y).objective_
        assert objective >= best * (1 - 1e-10)
        found += objective <= best * (1 + 1e-10)
    assert found >= 11


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_top_k_finds_planted_supports(noise):
    rng = np.random.default_rng(1)
    n, p, k = 150, 1000, 12
    X = rng.standard_normal((n, p))
    coef = np.zeros(p)
    coef[rng.choice(p, k, replace=False)] = rng.choice([-1, 1], k) * rng.uniform(0.5, 2, k)
    y = X @ coef + noise * rng.standard_normal(n) + 2
    model = AdaptiveDropoutRegressor(penalty=TopK(k)).fit(X, y)
    assert_array_equal(model.coef_ != 0, coef != 0)
    assert_array_equal(model.keep_prob_, (coef != 0) * 1.0)
    assert_array_equal(model.eta_, np.where(coef != 0, np.inf, 0))
    assert model.kkt_residual_ <= 1e-12 * np.std(y)
    assert model.alpha_ == 0
    if noise == 0:
        assert_allclose(model.coef_, coef, atol=1e-10)
    sparse = AdaptiveDropoutRegressor(penalty=TopK(k)).fit(sp.csr_array(X), y)
    assert_allclose(sparse.coef_, model.coef_, rtol=1e-9, atol=1e-12)


def test_top_k_ignores_alpha_and_the_units_of_the_columns():
    X, y = dense_problem(3)
    models = [AdaptiveDropoutRegressor(alpha, penalty="top_k").set_params(penalty=TopK(4)) for alpha in ("auto", 7.0)]
    coefs = [model.fit(X, y).coef_ for model in models]
    assert_array_equal(*coefs)
    units = 10.0 ** np.arange(-5, 5)
    scaled = AdaptiveDropoutRegressor(penalty=TopK(4)).fit(X * units, y)
    assert_allclose(scaled.coef_ * units, coefs[0], rtol=1e-9, atol=1e-12)
    raw = AdaptiveDropoutRegressor(penalty=TopK(4), standardize=False).fit(X, y)
    assert raw.objective_ == pytest.approx(models[0].objective_, rel=1e-9)


def test_top_k_with_weights_of_rows_and_columns():
    X, y = dense_problem(4)
    model = AdaptiveDropoutRegressor(penalty=TopK(2), feature_weights=[0, np.inf, *[1] * 8]).fit(X, y)
    assert model.coef_[0] != 0
    assert model.coef_[1] == 0
    assert np.count_nonzero(model.coef_) == 3
    assert_array_equal(model.keep_prob_, model.coef_ != 0)
    counts = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = AdaptiveDropoutRegressor(penalty=TopK(3)).fit(X, y, sample_weight=counts)
    repeated = AdaptiveDropoutRegressor(penalty=TopK(3)).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9, atol=1e-12)
    for penalty in (TopK(2), TargetedDropout(k=2)):
        with pytest.raises(ValueError, match=r"feature_weights must be 0, 1 or inf with T.*, which ranks"):
            AdaptiveDropoutRegressor(1.0, penalty=penalty, feature_weights=[0.5, *[1] * 9]).fit(X, y)


def test_top_k_of_dependent_and_of_too_many_columns():
    X, y = dense_problem(5)
    doubled = np.column_stack([X, X])
    model = AdaptiveDropoutRegressor(penalty=TopK(8)).fit(doubled, y)
    single = AdaptiveDropoutRegressor(penalty=TopK(8)).fit(X, y)
    assert np.all((model.coef_[:10] == 0) | (model.coef_[10:] == 0))
    assert model.objective_ == pytest.approx(single.objective_, rel=1e-9)
    everything = AdaptiveDropoutRegressor(penalty=TopK(50)).fit(X, y)
    assert everything.objective_ == pytest.approx(least_squares(X, y, range(10)), rel=1e-9)
    assert not AdaptiveDropoutRegressor(penalty=TopK(2)).fit(X, np.ones(len(y))).coef_.any()


def test_top_k_by_the_loop_of_the_paper_prunes_the_ridge_once():
    X, y = dense_problem(6)
    model = AdaptiveDropoutRegressor(penalty=TopK(3), solver="irls").fit(X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    ridge = np.linalg.solve(Z.T @ Z / len(y) + np.eye(10), Z.T @ (y - y.mean()) / len(y))
    support = np.sort(np.argsort(-np.abs(ridge))[:3])
    assert_array_equal(np.flatnonzero(model.coef_), support)
    assert model.objective_ == pytest.approx(least_squares(X, y, support), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 1.0])
@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_targeted_dropout_ends_in_the_ridge_of_its_own_ranking(alpha, solver, certify):
    X, y = dense_problem(7)
    penalty = TargetedDropout(k=3, rate=0.4)
    model = AdaptiveDropoutRegressor(alpha, penalty=penalty, solver=solver, tol=1e-12).fit(X, y)
    assert model.converged_
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    w = model.coef_ * X.std(axis=0)
    ridge = np.where(penalty.eta(w) == np.inf, 0, alpha * 0.4 / 0.6)
    assert_allclose(w, np.linalg.solve(Z.T @ Z / len(y) + np.diag(ridge), Z.T @ (y - y.mean()) / len(y)), rtol=1e-9)
    loss = np.mean((y - model.predict(X)) ** 2) / 2
    assert model.objective_ == pytest.approx(loss + alpha * penalty.value(w), rel=1e-12)
    assert_allclose(model.keep_prob_, penalty.keep_prob(w, alpha), rtol=1e-12)
    assert np.sum(model.keep_prob_ == 1) == 3


every_name = pytest.mark.parametrize("name", [*core.penalty_names(), *core.penalty_names(separable=False)])


@every_name
@pytest.mark.parametrize("alpha", [0.03, 1.0, 40.0])
def test_crossing_over_and_back(name, alpha):
    penalty = get_penalty(name)
    w = np.concatenate([[0.0], np.geomspace(1e-8, 1e4, 37)])
    strategy = penalty.as_dropout(alpha)
    assert_allclose(strategy.keep_prob(w), penalty.keep_prob(w, alpha), rtol=1e-12)
    back = strategy.as_penalty()
    factor = 1.0 if name == "top_k" else alpha  # the only one without any strength
    assert_allclose(back.value(w), factor * penalty.value(w, alpha), rtol=1e-12)
    assert_allclose(back.derivative(w), factor * penalty.derivative(w, alpha), rtol=1e-12)
    assert_allclose(back.eta(w), penalty.eta(w, alpha) / factor, rtol=1e-12)
    assert_allclose(back.conjugate(w / factor), factor * penalty.conjugate(w, alpha), rtol=1e-12)
    assert_allclose(back.prox(w, 1.0, 0.7), penalty.prox(w, alpha, 0.7), rtol=1e-12)
    assert back.slope_at_zero == pytest.approx(factor * penalty.slope_at_zero, rel=1e-12)
    assert (back.convex, back.separable) == (penalty.convex, penalty.separable)
    # Other strengths multiply the penalty and leave the scale where it is.
    keep = strategy.keep_prob(w)
    kept = keep > 0
    assert_allclose(strategy.keep_prob(w, 3.0)[kept], 1 / (1 + 3 * (1 / keep[kept] - 1)), rtol=1e-9)


@given(w=st.floats(-5, 2).map(lambda e: 10.0**e))
def test_the_penalty_of_a_strategy_is_its_integral(w):
    strategy = Standout(slope=1.5, bias=0.3)
    penalty = strategy.as_penalty()
    keep = strategy.keep_prob(w)
    assert penalty.derivative(w) == pytest.approx(w * (1 - keep) / keep, rel=1e-12 / (1 - keep) if keep < 1 else 1)
    assert penalty.as_dropout(1.0).keep_prob(w) == pytest.approx(keep, rel=1e-15)


def test_a_strategy_at_fixed_strength_fits_what_the_penalty_fits(simulate):
    X, y, _ = simulate(60, 20)
    wanted = AdaptiveDropoutRegressor(0.3, penalty=MCP()).fit(X, y)
    got = AdaptiveDropoutRegressor(1.0, penalty=MCP().as_dropout(0.3)).fit(X, y)
    assert_allclose(got.coef_, wanted.coef_, rtol=1e-10)
    assert_allclose(got.keep_prob_, wanted.keep_prob_, rtol=1e-10)
    assert got.objective_ == pytest.approx(wanted.objective_, rel=1e-13)
    with pytest.raises(ValueError, match="penalty estimates its strength, as ARD does"):
        AdaptiveDropoutRegressor(penalty=ARD().as_dropout(0.3)).fit(X, y)
    for penalty, message in [
        (FixedStrength("mcp"), "penalty of fixed_strength"),
        (FixedStrength(MCP(), 0), "strength"),
    ]:
        with pytest.raises(ValueError, match=message):
            penalty.value(1.0)
    with pytest.raises(ValueError, match="alpha must be positive"):
        MCP().as_dropout(-1.0)
