"""The quadratic penalty of masks against enumeration of all masks, sampling, and the oracle's expectations."""

import json
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyreweight import effective_penalty


def mean_loss(X, y, weights, coef, intercept):
    pi = weights / weights.sum()
    return pi @ (y - intercept - X @ coef) ** 2 / 2


def centred(X, weights):
    return X - weights @ X / weights.sum()


def test_every_mask_enumerated(simulate):
    # A joint distribution over the 2^4 masks with no independence anywhere.
    X, y, weights = simulate(30, 4)
    rng = np.random.default_rng(0)
    masks = np.array(list(product([0.0, 1.0], repeat=4)))
    chance = rng.dirichlet(np.ones(len(masks)))
    mean = chance @ masks
    covariance = (masks - mean).T @ np.diag(chance) @ (masks - mean)
    u, b = rng.normal(size=4), 0.7
    for fit_intercept in (True, False):
        Z = centred(X, weights) if fit_intercept else X
        expected = sum(p * mean_loss(Z, y, weights, s * u, b) for p, s in zip(chance, masks, strict=True))
        Q = effective_penalty(X, mean, covariance, sample_weight=weights, fit_intercept=fit_intercept)
        w = mean * u
        assert_allclose(mean_loss(Z, y, weights, w, b) + w @ Q @ w / 2, expected, rtol=1e-12)
        assert_allclose(Q, Q.T, rtol=1e-12)
        assert np.linalg.eigvalsh(Q)[0] > -1e-12


def test_correlated_gaussian_masks_sampled(simulate):
    X, y, weights = simulate(25, 3, seed=1)
    rng = np.random.default_rng(1)
    root = rng.normal(size=(3, 3))
    w = np.array([1.0, -2.0, 0.5])
    Z = centred(X, weights)
    masks = 1 + rng.normal(size=(40_000, 3)) @ root.T
    pi = weights / weights.sum()
    losses = ((y[:, None] - Z @ (masks * w).T) ** 2).T @ pi / 2
    Q = effective_penalty(X, 1.0, root @ root.T, sample_weight=weights)
    expected = mean_loss(Z, y, weights, w, 0.0) + w @ Q @ w / 2
    error = losses.std() / np.sqrt(len(losses))
    assert error < 0.02 * expected
    assert abs(losses.mean() - expected) < 3 * error


def test_independent_masks_are_a_ridge(simulate):
    X, _, weights = simulate(40, 5)
    q = np.linspace(0.2, 1, 5)
    Q = effective_penalty(X, q, q * (1 - q), sample_weight=weights)
    pi = weights / weights.sum()
    assert_allclose(Q, np.diag((1 - q) / q * (pi @ centred(X, weights) ** 2)), rtol=1e-12, atol=1e-14)


def test_oracle_expectation(shared):
    for case in json.loads((shared / "oracles" / "solutions.json").read_text())["expectations"]:
        if case["loss"] != "squared":
            continue
        X, y, w, q = (np.array(case[key]) for key in ("X", "y", "coef", "alpha"))
        Q = effective_penalty(X, 1.0, (1 - q) / q, fit_intercept=False)
        loss = mean_loss(X, y, np.ones(len(y)), w, case["intercept"])
        assert_allclose(loss + w @ Q @ w / 2, case["expected_bernoulli"], rtol=1e-12)


def test_rows_of_weight_zero_and_integer_weights(simulate):
    X, _, _ = simulate(12, 3)
    counts = np.array([0, 1, 2] * 4)
    C = np.full((3, 3), 0.5)
    assert_allclose(
        effective_penalty(X, 0.5, C, sample_weight=counts),
        effective_penalty(np.repeat(X, counts, axis=0), 0.5, C),
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask_mean": 0.0}, "mask_mean must not be 0"),
        ({"mask_mean": np.nan}, "mask_mean must be finite"),
        ({"mask_mean": "one"}, "mask_mean must be real numbers"),
        ({"mask_cov": [1.0]}, r"mask_cov must have shape \(2,\) or \(2, 2\), got \(1,\)"),
        ({"mask_cov": [[1.0, 2.0], [0.0, 1.0]]}, "mask_cov must be symmetric"),
        ({"mask_cov": [[1.0, 2.0], [2.0, 1.0]]}, "mask_cov must be positive semidefinite"),
        ({"sample_weight": [1.0, -1.0, 1.0]}, "sample_weight"),
        ({"fit_intercept": 1}, "fit_intercept must be True or False"),
        ({"X": [[np.nan, 1.0]]}, "X contains NaN"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    given = {"X": np.eye(3, 2), "mask_mean": 1.0, "mask_cov": [1.0, 1.0]} | arguments
    with pytest.raises(ValueError, match=message):
        effective_penalty(**given)


@pytest.mark.parametrize("mean", [np.ones(3), np.ones((4, 1)), np.ones(4) + 1j])
def test_bad_means_are_named(mean):
    with pytest.raises(ValueError, match="mask_mean"):
        effective_penalty(np.ones((6, 4)), mean, np.eye(4))
