r"""Adaptive dropout and the penalty are one thing: expected loss under the fitted masks is the ridge-penalised loss.

With masks s of mean 1 and variance :math:`v_j = (1 - q_j) / q_j` on the centred, scaled columns (mean square g_j) and
coefficients v there, :math:`E_s L(s \circ v) = L(v) + \frac12 \sum_j v_j g_j v_j^2 = L(v) + \frac\alpha2 \sum_j c_j
v_j^2 / \eta_j`.
"""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import get_penalty

every_penalty = pytest.mark.parametrize("name", core.penalty_names())


class Masked:
    """A fitted model on its centred, scaled columns, where the masks live; columns that are out are left out."""

    def __init__(self, model, X, y, weights, certify):
        truth = certify(model, X, y, weights)
        c = np.ones(X.shape[1]) if model.feature_weights is None else model.feature_weights
        self.pi = weights / weights.sum()
        active = model.coef_ != 0
        self.Z = ((X - truth.centre) / truth.scale)[:, active]
        self.target = y - model.intercept_ - truth.centre @ model.coef_
        self.v = (truth.scale * model.coef_)[active]
        self.keep_prob = model.keep_prob_[active]
        with np.errstate(divide="ignore"):
            self.ridge = np.where(c[active] > 0, model.alpha_ * c[active] / model.eta_[active], 0)

    def loss(self, masks):
        """Loss of each mask (draws, active columns)."""
        residual = self.target - (masks * self.v) @ self.Z.T
        return residual**2 @ self.pi / 2

    def penalised_loss(self):
        return self.loss(np.ones((1, len(self.v))))[0] + self.ridge @ self.v**2 / 2


@pytest.fixture(params=["standardised", "raw", "no intercept"])
def fitted(request, simulate, certify):
    """Function from a penalty to its fitted model on 60 x 8 data, as masks."""
    X, y, weights = simulate(60, 8, seed=1, noise=0.5)
    weights[:5] = 0
    factors = np.array([1, 1, 0.5, 2, 1, 0, 3, 1.0])

    def make(name, alpha=0.3):
        model = AdaptiveDropoutRegressor(
            alpha,
            penalty=name,
            standardize=request.param != "raw",
            fit_intercept=request.param != "no intercept",
            feature_weights=factors,
        ).fit(X, y, sample_weight=weights)
        return Masked(model, X, y, weights, certify)

    return make


@every_penalty
def test_expected_loss_by_enumeration(name, fitted):
    """All 2^k scaled Bernoulli masks with their probabilities: equality to rounding."""
    masked = fitted(name)
    q = masked.keep_prob
    assert np.all((q > 0) & (q <= 1))
    on = np.array(list(itertools.product([0, 1], repeat=len(q))))
    probability = np.prod(np.where(on == 1, q, 1 - q), axis=1)
    expected = probability @ masked.loss(on / q)
    assert expected == pytest.approx(masked.penalised_loss(), rel=1e-12)


@every_penalty
@pytest.mark.parametrize("noise", ["bernoulli", "gaussian"])
def test_expected_loss_by_sampling(name, noise, fitted):
    masked = fitted(name)
    q, rng, draws = masked.keep_prob, np.random.default_rng(0), 20_000
    if noise == "bernoulli":
        masks = (rng.random((draws, len(q))) < q) / q
    else:
        masks = rng.normal(1, np.sqrt((1 - q) / q), size=(draws, len(q)))
    losses = masked.loss(masks)
    standard_error = losses.std(ddof=1) / np.sqrt(draws)
    gap = losses.mean() - masked.penalised_loss()
    assert abs(gap) <= 4 * standard_error + 1e-12 * losses.mean()
    # The check has power: without masks the loss is many standard errors away.
    if np.any(q < 0.99):
        assert abs(losses.mean() - masked.loss(np.ones((1, len(q))))[0]) > 8 * standard_error


@every_penalty
def test_a_mask_per_row_has_the_same_mean(name, fitted):
    masked = fitted(name)
    q, rng = masked.keep_prob, np.random.default_rng(1)
    losses = []
    for _ in range(4000):
        masks = (rng.random(masked.Z.shape) < q) / q
        losses.append(masked.pi @ (masked.target - (masked.Z * masks) @ masked.v) ** 2 / 2)
    standard_error = np.std(losses, ddof=1) / np.sqrt(len(losses))
    assert abs(np.mean(losses) - masked.penalised_loss()) <= 4 * standard_error + 1e-12 * np.mean(losses)


@every_penalty
def test_coefficients_minimise_the_expected_dropout_loss(name, fitted):
    """The answer is the fixed point: with the fitted masks held, dropout leads back to the fitted coefficients."""
    masked = fitted(name)
    moment = (masked.Z * masked.pi[:, None]).T @ masked.Z
    variance = (1 - masked.keep_prob) / masked.keep_prob
    expected_moment = moment + np.diag(variance * np.diag(moment))
    cross = masked.Z.T @ (masked.pi * masked.target)
    assert_allclose(np.linalg.solve(expected_moment, cross), masked.v, rtol=0, atol=1e-10 * np.abs(masked.v).max())


@every_penalty
@pytest.mark.parametrize("standardize", [True, False])
def test_formulas_of_eta_and_keep_prob(name, standardize, simulate, certify):
    X, y, weights = simulate(80, 12, seed=2)
    model = AdaptiveDropoutRegressor(0.3, penalty=name, standardize=standardize).fit(X, y, sample_weight=weights)
    truth = certify(model, X, y, weights)
    eta = get_penalty(name).eta(truth.scale * model.coef_, 0.3)
    assert_allclose(model.eta_, eta, rtol=1e-12)
    g = truth.mean_square
    assert standardize == np.allclose(g, 1, rtol=1e-14)
    finite = eta < np.inf
    assert_allclose(model.keep_prob_[finite], (g * eta)[finite] / (g * eta + 0.3)[finite], rtol=1e-12)
    assert_allclose(model.keep_prob_[~finite], 1, rtol=0)
    if standardize:
        assert_allclose(model.keep_prob_, get_penalty(name).keep_prob(truth.scale * model.coef_, 0.3), rtol=1e-12)
