"""The stochastic training reaches what the duality says, draws the masks it says, and repeats itself bit for bit."""

import os
import signal
import threading
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import minimize

from pyreweight import AdaptiveDropoutRegressor, dropout_training, effective_penalty, strided_covariance
from pyreweight.penalties import BernoulliDropout, Huber, Standout, get_penalty

MASKS = [("independent", "bernoulli"), ("independent", "gaussian"), ("row", "bernoulli"), ("row", "gaussian")]


@pytest.fixture(scope="module")
def data(simulate):
    return simulate(60, 5, correlation=0.3)


def gradient(X, y, w, penalty, alpha):
    """Gradient of F in the coordinates d_j w_j, b profiled out, from the definition."""
    d = X.std(axis=0)
    Z, v = (X - X.mean(axis=0)) / d, d * w
    return Z.T @ (Z @ v - (y - y.mean())) / len(y) + alpha * np.sign(v) * penalty.derivative(v, alpha)


def many_runs(count, X, y, **arguments):
    return np.array(
        [dropout_training(X, y, random_state=seed, n_records=1, **arguments).coef_ for seed in range(count)]
    )


def assert_within_three_standard_errors(runs, target, relative):
    """The first five runs, and their mean, against standard errors taken from all runs; those are small themselves."""
    error = runs.std(axis=0, ddof=1)
    assert np.all(error < relative * np.abs(target).max())
    # 3 standard errors of a normal number are exceeded once in 370 draws; no more than one of these may.
    outside = np.abs(runs[:5] - target) > 3 * error
    assert outside.sum() <= outside.size // 25
    assert np.all(np.abs(runs[:5].mean(axis=0) - target) < 3 * error / np.sqrt(5))


# Keep probabilities that stay above the bound everywhere, so that it never binds. Where the objective is not quadratic
# the iterates' noise shifts their average by a multiple of the step, which therefore decays faster here.
@pytest.mark.parametrize(("pattern", "distribution"), MASKS)
@pytest.mark.parametrize("penalty", [BernoulliDropout(rate=0.4), Huber()], ids=repr)
def test_convex_training_reaches_the_solution_of_the_penalty(data, penalty, pattern, distribution):
    X, y, weights = data
    model = AdaptiveDropoutRegressor(0.5, penalty=penalty).fit(X, y, sample_weight=weights)
    runs = many_runs(
        12,
        X,
        y,
        dropout=penalty,
        alpha=0.5,
        sample_weight=weights,
        pattern=pattern,
        distribution=distribution,
        decay=0.75,
        n_steps=4000 if pattern == "row" else 10_000,
    )
    assert_within_three_standard_errors(runs, model.coef_, 0.05)


def test_clipped_l1_is_huber(data):
    X, y, _ = data
    alpha, low = 1.2, 0.2
    model = AdaptiveDropoutRegressor(alpha, penalty=Huber(scale=alpha * low / (1 - low))).fit(X, y)
    runs = many_runs(12, X, y, dropout="l1", alpha=alpha, min_keep_prob=low, decay=0.9)
    assert_within_three_standard_errors(runs, model.coef_, 0.05)
    lasso = AdaptiveDropoutRegressor(alpha, penalty="l1").fit(X, y)
    out = lasso.coef_ == 0
    assert out.any()
    small = np.abs(X.std(axis=0) * runs.mean(axis=0))[out]
    assert np.all(small <= 1.05 * alpha * low / (1 - low))


def test_unpenalised_columns_and_no_intercept(data):
    X, y, _ = data
    arguments = {"feature_weights": [1, 0, 2, 1, np.inf], "fit_intercept": False, "standardize": False}
    model = AdaptiveDropoutRegressor(2.0, penalty=Huber(scale=3.0), **arguments).fit(X, y)
    runs = many_runs(12, X, y, dropout=Huber(scale=3.0), alpha=2.0, **arguments)
    assert_array_equal(runs[:, 4], 0)
    assert_within_three_standard_errors(runs[:, :4], model.coef_[:4], 0.05)


def test_nonconvex_training_reaches_a_stationary_point(data):
    X, y, _ = data
    penalty, alpha = Standout(), 1.0
    runs = many_runs(12, X, y, dropout=penalty, alpha=alpha, n_steps=20_000, start=np.ones(5))
    model = AdaptiveDropoutRegressor(alpha, penalty=penalty, warm_start=True)
    model.coef_ = runs.mean(axis=0)
    stationary = model.fit(X, y).coef_
    assert np.abs(gradient(X, y, stationary, penalty, alpha)).max() < 1e-6
    assert_within_three_standard_errors(runs, stationary, 0.05)


@pytest.mark.parametrize(("pattern", "distribution"), MASKS)
def test_expected_step_is_minus_step_times_the_gradient(data, pattern, distribution):
    X, y, _ = data
    penalty, alpha, step = get_penalty("log_sum"), 0.5, 1e-3
    w = np.array([0.5, -1.0, 0.3, 2.0, -0.7])
    runs = [
        dropout_training(
            X,
            y,
            dropout=penalty,
            alpha=alpha,
            pattern=pattern,
            distribution=distribution,
            start=w,
            n_steps=1,
            batch_size=20,
            step=step,
            min_keep_prob=1e-6,
            random_state=seed,
        ).coef_
        for seed in range(400)
    ]
    steps = (np.array(runs) - w) * X.std(axis=0)
    expected = -step * gradient(X, y, w, penalty, alpha)
    error = steps.std(axis=0) / np.sqrt(len(steps))
    assert np.all(error < 0.5 * np.abs(expected).max())
    assert np.all(np.abs(steps.mean(axis=0) - expected) < 3.5 * error)


@pytest.mark.parametrize("name", ["l1", "variational_dropout", "mcp", "hard_concrete"])
def test_masks_use_the_keep_probability_of_the_penalty(data, name):
    X, y, _ = data
    penalty, alpha = get_penalty(name), 0.6
    run = dropout_training(X, y, dropout=penalty, alpha=alpha, n_steps=500, n_records=50, random_state=0)
    expected = np.maximum(0.1, penalty.keep_prob(run.coefs_ * X.std(axis=0), alpha))
    assert_allclose(run.keep_probs_, expected, rtol=1e-12)
    assert_allclose(run.keep_prob_, np.maximum(0.1, penalty.keep_prob(run.coef_ * X.std(axis=0), alpha)), rtol=1e-12)


@pytest.mark.parametrize("rate", [0.95, 0.99])
def test_a_rate_that_was_asked_for_is_not_changed(data, rate):
    X, y, _ = data
    dropout = BernoulliDropout(rate=rate)
    for pattern in ("independent", "strided"):
        run = dropout_training(X, y, dropout=dropout, pattern=pattern, n_steps=2, random_state=0)
        assert_allclose(run.keep_prob_, 1 - rate, rtol=1e-12)
    bounded = dropout_training(X, y, dropout=dropout, n_steps=2, min_keep_prob=0.2, random_state=0)
    assert_allclose(bounded.keep_prob_, 0.2)
    # Strategies that never keep a coefficient of 0 have a bound all the same; it is documented.
    assert dropout_training(X, y, dropout="l1", n_steps=2, random_state=0).keep_probs_[0, 0] == 0.1


def test_a_column_is_dropped_as_often_as_the_keep_probability_says(data):
    X, y, _ = data
    w = np.array([0.5, -1.0, 0.1, 2.0, -0.02]) / X.std(axis=0)
    runs = [
        dropout_training(X, y, dropout="l1", alpha=0.5, start=w, n_steps=1, batch_size=60, step=1e-3, random_state=seed)
        for seed in range(400)
    ]
    moved = np.mean([np.abs(run.coef_ / w - 1) > 1e-12 for run in runs], axis=0)  # beyond rounding
    q = runs[0].keep_probs_[0]
    assert_allclose(q, np.maximum(0.1, get_penalty("l1").keep_prob(w * X.std(axis=0), 0.5)), rtol=1e-12)
    assert np.all(np.abs(moved - q) < 3.5 * np.sqrt(q * (1 - q) / len(runs)))


def test_logistic_training_aims_at_the_expected_loss(simulate):
    X, y, _ = simulate(80, 3)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    labels = np.where(y > np.median(y) + np.random.default_rng(0).normal(size=80), "yes", "no")
    target, q = labels == "yes", 0.6
    masks = np.array(list(product([0, 1 / q], repeat=3)))
    chance = q ** (masks > 0).sum(axis=1) * (1 - q) ** (masks == 0).sum(axis=1)

    def expected_loss(parameters):
        z = X @ (masks * parameters[:3]).T + parameters[3]
        return np.mean((np.logaddexp(0, z) - target[:, None] * z) @ chance)

    best = minimize(expected_loss, np.zeros(4), tol=1e-10).x
    arguments = {"dropout": BernoulliDropout(rate=0.4), "loss": "logistic", "n_records": 1}
    runs = [dropout_training(X, labels, random_state=seed, **arguments) for seed in range(12)]
    answers = np.array([[*run.coef_, run.intercept_] for run in runs])
    assert_within_three_standard_errors(answers, best, 0.08)


def test_strided_training_solves_its_own_quadratic(data):
    X, y, _ = data
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    Q = effective_penalty(Z, 1.0, strided_covariance(5, 0.5))
    exact = np.linalg.solve(Z.T @ Z / len(y) + Q, Z.T @ (y - y.mean()) / len(y)) / X.std(axis=0)
    runs = many_runs(12, X, y, dropout=BernoulliDropout(rate=0.5), pattern="strided")
    assert_within_three_standard_errors(runs, exact, 0.05)
    independent = AdaptiveDropoutRegressor(1.0, penalty=BernoulliDropout(rate=0.5)).fit(X, y).coef_
    assert np.abs(runs.mean(axis=0) - independent).max() > 10 * runs.std(axis=0).max() / np.sqrt(12)


def test_seeds_and_storage(data):
    X, y, _ = data
    first = dropout_training(X, y, n_steps=50, random_state=7)
    for other in (np.asfortranarray(X), X[:, ::-1][:, ::-1], X.tolist()):
        assert_array_equal(dropout_training(other, y, n_steps=50, random_state=7).coefs_, first.coefs_)
    assert np.any(dropout_training(X, y, n_steps=50, random_state=8).coefs_ != first.coefs_)
    generator = np.random.RandomState(7)
    assert_array_equal(dropout_training(X, y, n_steps=50, random_state=generator).coefs_, first.coefs_)
    kept = X.copy(), y.copy()
    assert_array_equal(X, kept[0])
    assert_array_equal(y, kept[1])


def test_trajectory(data, capsys):
    X, y, _ = data
    run = dropout_training(X, y, dropout=Huber(), alpha=0.3, n_steps=103, n_records=10, random_state=0, verbose=1)
    assert capsys.readouterr().out.count("objective") == 11
    assert run.steps_[0] == 0
    assert run.steps_[-1] == 103
    assert np.all(np.diff(run.steps_) > 0)
    assert run.coefs_.shape == run.keep_probs_.shape == (11, 5)
    assert run.objectives_[-1] < run.objectives_[0] == pytest.approx(y.var() / 2)
    w, b = run.coefs_[-1], run.intercepts_[-1]
    loss = np.mean((y - X @ w - b) ** 2) / 2
    assert run.objectives_[-1] == pytest.approx(loss + 0.3 * Huber().value(w * X.std(axis=0), 0.3).sum())
    assert run.periods_ is None


def test_rows_of_weight_zero_are_no_rows(data):
    X, y, _ = data
    kept = np.arange(60) % 3 > 0
    few = dropout_training(X[kept], y[kept], n_steps=40, batch_size=60, random_state=0)
    weighted = dropout_training(X, y, n_steps=40, batch_size=60, random_state=0, sample_weight=kept)
    assert_allclose(weighted.coefs_, few.coefs_, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("batch_size", [20, 60])
def test_sparse_x_trains_as_dense(batch_size):
    X = sparse.random_array((60, 8), density=0.3, format="csr", rng=np.random.default_rng(0))
    y = X @ np.arange(8.0)
    arguments = {"alpha": 0.1, "n_steps": 100, "batch_size": batch_size, "random_state": 0}
    dense = dropout_training(X.toarray(), y, **arguments)
    for form in (X, X.tocsc(), X.tocoo()):
        assert_allclose(dropout_training(form, y, **arguments).coefs_, dense.coefs_, rtol=1e-9, atol=1e-12)
    assert_allclose(effective_penalty(X, 1.0, np.ones(8)), effective_penalty(X.toarray(), 1.0, np.ones(8)), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0}, "alpha must be a finite number > 0"),
        ({"loss": "hinge"}, "loss must be one of 'squared', 'logistic', got 'hinge'"),
        ({"pattern": "block"}, "pattern must be one of"),
        ({"distribution": "poisson"}, "distribution must be one of"),
        ({"distribution": "gaussian", "pattern": "strided"}, "distribution must be 'bernoulli' for strided masks"),
        ({"n_steps": 0}, "n_steps must be an integer >= 1"),
        ({"batch_size": 2.5}, "batch_size must be an integer >= 1"),
        ({"n_records": True}, "n_records must be an integer >= 1"),
        ({"step": -1}, "step must be 'auto' or a finite number > 0"),
        ({"decay": 2}, r"decay must be a number in \[0, 1\]"),
        ({"min_keep_prob": 0}, r"min_keep_prob must be None or a number in \[1e-6, 1\]"),
        ({"dropout": BernoulliDropout(rate=1 - 1e-9)}, "too rarely to train"),
        ({"start": [0.0]}, "start must be 5 finite numbers"),
        ({"start": [np.inf] * 5}, "start must be 5 finite numbers"),
        ({"start": ["a"] * 5}, "start must be an array of real numbers"),
        ({"dropout": "none"}, "unknown penalty"),
        ({"loss": "logistic"}, "y must have two classes for the logistic loss, got 60"),
        ({"sample_weight": np.zeros(60)}, "sample_weight must have a positive entry"),
        ({"feature_weights": [1]}, "feature_weights must have shape"),
        ({"standardize": 1}, "standardize must be True or False"),
        ({"step": 1e6, "n_steps": 500}, "the iterates diverged"),
    ],
)
def test_errors_name_the_argument(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        dropout_training(*data[:2], **arguments)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_interruptible(data):
    X, y, _ = data
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            dropout_training(X, y, n_steps=2**31 - 1, random_state=0)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, old)
