"""expected_dropout_loss against the oracle, enumeration of masks and sampling."""

import itertools
import json

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.integrate import simpson
from scipy.stats import norm

from pyreweight import expected_dropout_loss


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 4))
    return X, (rng.uniform(size=12) < 0.5).astype(int), rng.normal(size=4), np.array([0.5, 0.9, 0.75, 0.4])


def test_oracle(shared):
    cases = json.loads((shared / "oracles" / "solutions.json").read_text())["expectations"]
    case = next(c for c in cases if c["loss"] == "logistic")
    arguments = np.array(case["X"]), np.array(case["y"]), case["coef"], case["alpha"]
    for method, key in (("exact", "expected_gaussian"), ("quadratic", "second_order"), ("bound", "curvature_bound")):
        assert_allclose(expected_dropout_loss(*arguments, method, intercept=case["intercept"]), case[key], rtol=1e-13)


def test_sampling(problem):
    X, y, w, q = problem
    rng = np.random.default_rng(1)
    masks = 1 + np.sqrt((1 - q) / q) * rng.normal(size=(100_000, 1, 4))
    z = (masks * X[:3]) @ w
    losses = (np.logaddexp(0, z) - y[:3] * z).mean(axis=1)
    error = losses.std() / np.sqrt(len(losses))
    weights = np.array([1.0, 1, 1] + [0] * 9)
    assert abs(expected_dropout_loss(X, y, w, q, sample_weight=weights) - losses.mean()) < 4 * error


def test_bound_holds_for_any_masks(problem):
    X, y, w, q = problem
    for factor in (0.1, 1, 10):
        bound = expected_dropout_loss(X, y, factor * w, q, "bound")
        assert expected_dropout_loss(X, y, factor * w, q) <= bound
        bernoulli = 0
        for mask in itertools.product((0, 1), repeat=4):
            z = X @ (factor * w * mask / q)
            bernoulli += np.prod(np.where(mask, q, 1 - q)) * np.mean(np.logaddexp(0, z) - y * z)
        assert bernoulli <= bound


def test_no_noise_and_small_noise(problem):
    X, y, w, _ = problem
    z = X @ w
    plain = np.mean(np.logaddexp(0, z) - y * z)
    for method in ("exact", "quadratic", "bound"):
        assert_allclose(expected_dropout_loss(X, y, w, np.ones(4), method), plain, rtol=1e-13)
    exact, quadratic = (expected_dropout_loss(X, y, w, np.full(4, 0.9999), m) for m in ("exact", "quadratic"))
    assert abs(exact - quadratic) < 1e-3 * (exact - plain)


@pytest.mark.parametrize("sd", [1e-6, 0.01, 0.5, 1, 4.9, 5.1, 30, 1e3])
@pytest.mark.parametrize("z", [-30.0, -3.0, 0.0, 0.7, 20.0])
def test_quadrature(z, sd):
    """One row x = (z, sd) whose second entry has coefficient 1 and a mask of variance 1."""

    positive_part = z * norm.cdf(z / sd) + sd * norm.pdf(z / sd)
    low, high, rest = max(-40, z - 12 * sd), min(40, z + 12 * sd), 0.0
    for a, b in ((min(low, 0), min(high, 0)), (max(low, 0), max(high, 0))):  # on either side of the kink
        t = np.linspace(a, b, 20_001)
        rest += simpson(np.log1p(np.exp(-np.abs(t))) * norm.pdf((t - z) / sd) / sd, x=t) if b > a else 0.0
    got = expected_dropout_loss([[sd, 1.0]], [0], [1.0, z - sd], [0.5, 1.0])
    assert_allclose(got, rest + positive_part, rtol=1e-9, atol=1e-13)


def test_sparse(problem):
    X, y, w, q = problem
    X = X * (np.random.default_rng(2).uniform(size=X.shape) < 0.4)
    for method in ("exact", "quadratic", "bound"):
        dense = expected_dropout_loss(X, y, w, q, method)
        assert_allclose(expected_dropout_loss(sp.csr_array(X), y, w, q, method), dense, rtol=1e-14)


def test_wrong_arguments(problem):
    X, y, w, q = problem
    with pytest.raises(ValueError, match="method"):
        expected_dropout_loss(X, y, w, q, "sampled")
    with pytest.raises(ValueError, match="keep_prob"):
        expected_dropout_loss(X, y, w, 0 * q)
    with pytest.raises(ValueError, match="coef"):
        expected_dropout_loss(X, y, w[:3], q)
    with pytest.raises(ValueError, match="two classes"):
        expected_dropout_loss(X, np.arange(12) % 3, w, q)
