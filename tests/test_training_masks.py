"""The masks of the training: strided ones, the generator behind them, the same bits for any number of threads."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pyreweight import dropout_training, strided_covariance
from pyreweight._native import core
from pyreweight.penalties import L2, BernoulliDropout, ElasticNet, Standout


@pytest.fixture(scope="module")
def data(simulate):
    return simulate(60, 5, correlation=0.3)


@pytest.mark.parametrize("rate", [1.0, 0.999, 0.75, 0.5, 0.3, 0.1, 0.001])
def test_periods_give_the_rate(rate):
    k = core.strided_periods(rate)
    d = np.arange(1, len(k) + 1)
    assert np.all(k >= 0)
    assert_allclose(k.sum(), 1, rtol=1e-12)
    assert_allclose(k @ (1 / d), rate, rtol=1e-10)
    assert len(k) == (1 if rate == 1 else np.ceil(2 / rate))
    assert_allclose(np.diag(strided_covariance(4, rate)), (1 - rate) / rate, rtol=1e-9, atol=1e-12)


def test_strided_masks_have_the_covariance_given():
    X = np.random.default_rng(0).normal(size=(10, 6))
    runs = [
        dropout_training(
            X, X[:, 0], dropout=BernoulliDropout(rate=0.6), pattern="strided", n_steps=1, random_state=seed
        )
        for seed in range(500)
    ]
    masks = np.array([run.coef_ != 0 for run in runs]) / 0.4
    assert_allclose(runs[0].periods_ @ (1 / np.arange(1, 6)), 0.4)
    covariance = (masks - 1).T @ (masks - 1) / len(masks)
    assert_allclose(covariance, strided_covariance(6, 0.4), atol=0.3)


def test_strided_masks_need_a_constant_rate(data):
    X, y, _ = data
    dropout_training(X, y, dropout=L2(), pattern="strided", n_steps=2)
    for dropout in ("l1", Standout(), ElasticNet(l1_ratio=0.5)):
        with pytest.raises(ValueError, match="constant eta"):
            dropout_training(X, y, dropout=dropout, pattern="strided", n_steps=2)
    with pytest.raises(ValueError, match="same probability"):
        dropout_training(X, y, dropout=L2(), pattern="strided", n_steps=2, feature_weights=[1, 2, 1, 1, 1])


def test_the_generator_is_philox():
    # Known answers of the reference implementation (Random123).
    ones = 0xFFFFFFFF
    assert [*core.philox([0] * 4, [0] * 2)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert [*core.philox([ones] * 4, [ones] * 2)] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    counter, key = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]
    assert [*core.philox(counter, key)] == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


@pytest.mark.parametrize("pattern", ["independent", "row", "strided"])
def test_same_bits_for_any_number_of_threads(pattern):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6000))
    y = X[:, :5].sum(axis=1)
    answers = []
    for threads in (1, 3):
        with threadpoolctl.threadpool_limits(threads):
            run = dropout_training(
                X,
                y,
                dropout=BernoulliDropout(),
                pattern=pattern,
                n_steps=3,
                batch_size=200,
                n_records=2,
                random_state=3,
            )
        answers.append(run)
    for run in answers[1:]:
        assert_array_equal(run.coefs_, answers[0].coefs_)
        assert_array_equal(run.objectives_, answers[0].objectives_)


@pytest.mark.parametrize(
    ("n_features", "keep_prob", "message"),
    [
        (-1, 0.5, "n_features must be an integer >= 0"),
        (2.5, 0.5, "n_features must be an integer >= 0"),
        (True, 0.5, "n_features must be an integer >= 0"),
        (3, "a", "keep_prob must be a real number"),
        (3, np.nan, "keep_prob must not be NaN"),
        (3, 0, "keep_prob must be"),
        (3, 1.1, "keep_prob must be"),
    ],
)
def test_errors_of_strided_covariance_name_the_argument(n_features, keep_prob, message):
    with pytest.raises(ValueError, match=message):
        strided_covariance(n_features, keep_prob)
