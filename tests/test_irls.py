"""``solver="irls"``: the iteration of the paper, iterate for iterate, and its descent."""

import json
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pyreweight import AdaptiveDropoutRegressor, penalties
from pyreweight._native import core

every_penalty = pytest.mark.parametrize("name", core.penalty_names())
STORED = ["mcp_irls", "scad_irls", "log_sum_irls_wide", "lp_half_irls_intercept_weights"]


def translate(raw, strength):
    """Our penalty and alpha for a reference's raw penalty and lambda: unit slope at zero moves into alpha."""
    if raw["name"] == "mcp":
        return penalties.MCP(gamma=raw["a"], scale=raw["lam"]), strength
    if raw["name"] == "scad":
        return penalties.SCAD(a=raw["a"], scale=raw["lam"]), strength
    if raw["name"] == "log_sum":
        return penalties.LogSum(scale=raw["eps"]), strength / raw["eps"]
    return penalties.Lp(p=raw["p"]), strength


def fit_from(start, model, X, y, weights=None):
    """Fit from given coefficients, with the warning that a few reweightings do not suffice taken as read."""
    model.set_params(solver="irls", warm_start=start is not None)
    if start is not None:
        model.coef_ = np.array(start, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, sample_weight=weights)


@pytest.fixture(params=STORED)
def stored(request, shared):
    """A reference problem and a function that makes an estimator for it."""
    problems = json.loads((shared / "oracles" / "solutions.json").read_text())["problems"]
    (oracle,) = [o for o in problems if o["name"] == request.param]
    penalty, alpha = translate(oracle["penalty"], oracle["lambda"])

    def make(**parameters):
        return AdaptiveDropoutRegressor(
            alpha, penalty=penalty, standardize=False, fit_intercept=oracle["fit_intercept"], **parameters
        )

    return oracle, make


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_stored_iterates(stored, steps):
    oracle, make = stored
    p = len(oracle["X"][0])
    start, expected = oracle["iterates"][0][:p], oracle["iterates"][steps]
    model = fit_from(start, make(max_iter=steps), oracle["X"], oracle["y"], oracle["sample_weight"])
    assert model.n_iter_ == steps
    size = np.abs(expected[:p]).max()
    assert_allclose(model.coef_, expected[:p], rtol=0, atol=1e-12 * size)
    if oracle["fit_intercept"]:
        assert model.intercept_ == pytest.approx(expected[p], rel=1e-12)
    assert model.objective_ == pytest.approx(oracle["iterate_objectives"][steps], rel=1e-12)


def test_stored_limit(stored):
    oracle, make = stored
    p = len(oracle["X"][0])
    model = fit_from(
        oracle["iterates"][0][:p], make(max_iter=3000, tol=0), oracle["X"], oracle["y"], oracle["sample_weight"]
    )
    assert_allclose(model.coef_, oracle["coef"], rtol=0, atol=1e-11)
    assert model.intercept_ == pytest.approx(oracle["intercept"], abs=1e-11)
    assert model.objective_ == pytest.approx(oracle["objective"], rel=1e-12)
    assert model.kkt_residual_ <= 1e-11


def ridge_step(X, y, pi, rho):
    """Minimiser of the centred weighted loss + sum rho_j v_j^2 / 2, by least squares; rho_j = 0 and inf included."""
    keep = 1 / (1 + rho)
    rows = np.vstack([np.sqrt(pi)[:, None] * (X - pi @ X) * np.sqrt(keep), np.diag(np.sqrt(1 - keep))])
    u = np.linalg.lstsq(rows, np.append(np.sqrt(pi) * (y - pi @ y), np.zeros(X.shape[1])), rcond=None)[0]
    return np.sqrt(keep) * u


@every_penalty
@pytest.mark.parametrize(("n", "p"), [(30, 12), (12, 40)])
@pytest.mark.parametrize("standardize", [True, False])
def test_iterates_from_the_even_start(name, n, p, standardize, simulate, jumps):
    """The loop of the paper written out in numpy, from keep probability 1/2 everywhere."""
    if p > n and jumps(penalties.get_penalty(name)):
        pytest.skip("beyond the jump columns are unpenalised, and more of them than rows have no unique fit")
    X, y, weights = simulate(n, p, seed=1)
    c = np.random.default_rng(0).uniform(0.5, 2, size=p)
    pi = weights / weights.sum()
    d = np.sqrt(pi @ (X - pi @ X) ** 2) if standardize else np.ones(p)
    alpha, penalty = 0.1, penalties.get_penalty(name)
    rho = pi @ (X / d - pi @ X / d) ** 2  # q = g / (g + rho) = 1 / 2
    for steps in range(1, 6):
        v = ridge_step(X / d, y, pi, rho)
        model = AdaptiveDropoutRegressor(
            alpha, penalty=penalty, standardize=standardize, feature_weights=c, max_iter=steps
        )
        fit_from(None, model, X, y, weights)
        assert_allclose(model.coef_ * d, v, rtol=0, atol=1e-11 * np.abs(v).max())
        rho = alpha * c / penalty.eta(v, alpha)


@every_penalty
@pytest.mark.parametrize("start", ["even", "given"])
def test_primal_and_dual_steps_agree(name, start, simulate, jumps):
    """Each row four times at a quarter of its weight changes no sum, but the p x p system is the smaller one then."""
    if jumps(penalties.get_penalty(name)):
        pytest.skip("beyond the jump columns are unpenalised, and more of them than rows have no unique fit")
    X, y, weights = simulate(15, 40, seed=2)
    tall = np.tile(X, (4, 1)), np.tile(y, 4), np.tile(weights / 4, 4)
    first = None
    if start == "given":
        first = np.random.default_rng(0).uniform(0.01, 0.2, size=40)
        first[:4] = [3, -2, 1, -4]  # no ridge at all on these four for MCP and SCAD
    for steps in (1, 3, 8):
        dual, primal = (
            fit_from(first, AdaptiveDropoutRegressor(0.1, penalty=name, max_iter=steps), *data)
            for data in ((X, y, weights), tall)
        )
        assert_allclose(dual.coef_, primal.coef_, rtol=0, atol=1e-9 * np.abs(primal.coef_).max())
        assert dual.objective_ == pytest.approx(primal.objective_, rel=1e-10)


@every_penalty
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from([(20, 5), (12, 12), (8, 25), (3, 10), (2, 1), (40, 3)]),
    correlation=st.sampled_from([0.0, 0.9, 0.999]),
    strength=st.floats(-3, 1).map(lambda e: 10.0**e),
    weighted=st.booleans(),
    fit_intercept=st.booleans(),
    standardize=st.booleans(),
)
def test_objective_never_rises(
    name, seed, shape, correlation, strength, weighted, fit_intercept, standardize, simulate
):
    X, y, weights = simulate(*shape, seed=seed, correlation=correlation)
    weights = weights if weighted else None
    model = AdaptiveDropoutRegressor(strength, penalty=name, fit_intercept=fit_intercept, standardize=standardize)
    coef, before = None, np.inf
    for steps in (1, 1, 1, 1, 5, 20):
        model.set_params(max_iter=steps)
        fit_from(coef, model, X, y, weights)
        rounding = 1e-13 * np.mean(y**2)
        assert model.objective_ <= before * (1 + 1e-12) + rounding
        coef, before = model.coef_, model.objective_


@every_penalty
def test_continuing_is_the_same_as_going_on(name, simulate):
    X, y, _ = simulate(40, 10, seed=3)
    at_once = fit_from(None, AdaptiveDropoutRegressor(0.05, penalty=name, max_iter=6), X, y)
    model = fit_from(None, AdaptiveDropoutRegressor(0.05, penalty=name, max_iter=2), X, y)
    model = fit_from(model.coef_, model.set_params(max_iter=4), X, y)
    assert_allclose(model.coef_, at_once.coef_, rtol=1e-9, atol=1e-12)


@every_penalty
def test_zeros_absorb_where_eta_is_zero_at_zero(name, simulate):
    X, y, _ = simulate(40, 10, seed=4)
    start = np.ones(10)
    start[[2, 5]] = 0
    model = fit_from(start, AdaptiveDropoutRegressor(1e-3, penalty=name, max_iter=10), X, y)
    absorbing = penalties.get_penalty(name).eta(0.0, 1e-3) == 0
    assert_array_equal(model.coef_[[2, 5]] == 0, absorbing)


@pytest.mark.parametrize("name", ["l1", "elastic_net", "log_sum", "mcp", "scad", "variational_dropout"])
def test_violation_at_absorbed_zeros_is_reported_not_waited_for(name, simulate):
    X, y, _ = simulate(40, 10, seed=5)
    model = fit_from(np.zeros(10), AdaptiveDropoutRegressor(1e-3, penalty=name), X, y)
    assert_array_equal(model.coef_, 0)
    assert model.n_iter_ == 1
    largest = np.abs((y - y.mean()) @ (X - X.mean(axis=0)) / X.std(axis=0)).max() / 40
    slope = penalties.get_penalty(name).slope_at_zero
    assert model.kkt_residual_ == pytest.approx(largest - 1e-3 * slope, rel=1e-12)


def test_columns_leave_at_a_keep_probability_of_1e_30():
    """On orthogonal columns of unit mean square the lasso iterates shrink by |correlation| / alpha = 1/10 a step."""
    x, z = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])
    X, y = np.column_stack([x, z]), 3 * x + 0.01 * z
    for steps in (5, 28, 40):
        model = fit_from(None, AdaptiveDropoutRegressor(0.1, penalty="l1", max_iter=steps, tol=0), X, y)
        if steps < 30:
            # w -> 0.01 w / (w + 0.1) from w = 0.005: 1 / w -> 100 + 10 / w
            inverse = 200.0
            for _ in range(model.n_iter_ - 1):
                inverse = 100 + 10 * inverse
            assert model.coef_[1] == pytest.approx(1 / inverse, rel=1e-9, abs=0)
        else:
            assert model.coef_[1] == 0


def test_stops_when_coefficients_move_less_than_tol(simulate):
    X, y, _ = simulate(60, 8, seed=6)
    d = X.std(axis=0)
    tol = 1e-3
    model = AdaptiveDropoutRegressor(0.1, solver="irls", tol=tol, max_iter=1000).fit(X, y)
    assert model.converged_
    iterates = [
        fit_from(None, AdaptiveDropoutRegressor(0.1, tol=tol, max_iter=k), X, y).coef_ * d
        for k in range(1, model.n_iter_ + 1)
    ]
    moved = [np.abs(b - a).max() / np.abs(b).max() for a, b in pairwise(iterates)]
    assert moved[-1] <= tol < min(moved[:-1])


@every_penalty
def test_underflowing_coordinates_are_reported_as_zero(name, simulate):
    X, y, _ = simulate(60, 8, seed=7)
    penalty = penalties.get_penalty(name)
    alpha = 10.0
    model = fit_from(None, AdaptiveDropoutRegressor(alpha, penalty=penalty, max_iter=2000, tol=0), X, y)
    kept = penalty.keep_prob(model.coef_ * X.std(axis=0), alpha)
    assert np.all((kept >= 1e-30 / 2) | (model.coef_ == 0))
    if 0 < penalty.slope_at_zero < np.inf:
        assert_array_equal(model.coef_, 0)
