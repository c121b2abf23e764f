"""Bad input: a ``ValueError`` that names the argument, before any work is done."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from pyreweight import AdaptiveDropoutRegressor
from pyreweight._native import core
from pyreweight.penalties import MCP, SCAD, BernoulliDropout, ElasticNet, LogSum, Lp, Standout, VariationalDropout

X = np.random.default_rng(0).normal(size=(20, 4))
Y = X[:, 0] + 1


def refused(message, *, X=X, y=Y, sample_weight=None, **parameters):
    model = AdaptiveDropoutRegressor(**({"alpha": 0.1} | parameters))
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, sample_weight=sample_weight)
    assert not hasattr(model, "coef_")


def with_entry(array, value):
    out = np.array(array, dtype=float)
    out.flat[3] = value
    return out


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_of_the_data(value):
    refused(r"Input X contains (NaN|infinity)", X=with_entry(X, value))
    refused(r"Input y contains (NaN|infinity)", y=with_entry(Y, value))
    refused("sample_weight", sample_weight=with_entry(np.ones(20), value))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_at_predict(value):
    model = AdaptiveDropoutRegressor(0.1).fit(X, Y)
    with pytest.raises(ValueError, match="Input X contains"):
        model.predict(with_entry(X, value))


def test_shapes_of_the_data():
    refused("Expected 2D array", X=X[:, 0])
    refused("array with dim 3", X=X[:, :, None])
    refused("inconsistent numbers of samples", y=Y[:-1])
    refused("0 sample", X=X[:0], y=Y[:0])
    refused("0 feature", X=X[:, :0])
    refused("y must have at least one target", y=np.zeros((20, 0)))
    refused("y", y=np.zeros((20, 2, 2)))


def test_types_of_the_data():
    refused("X|could not convert", X=np.full((20, 4), "a"))
    refused("[Cc]omplex", X=X + 1j)
    refused("y|could not convert", y=np.array(["a", "b"] * 10))
    refused("[Cc]omplex|y", y=Y + 1j)


@pytest.mark.parametrize(
    "weights",
    [np.ones(19), np.ones((20, 2)), -np.ones(20), with_entry(np.ones(20), -1e-300), np.zeros(20), ["a"] * 20, 2.0],
    ids=["length", "2-D", "negative", "one negative", "all zero", "text", "number"],
)
def test_sample_weight(weights):
    refused("sample_weight", sample_weight=weights)


@pytest.mark.parametrize(
    "factors",
    [np.ones(3), np.ones((4, 1)), [1, 1, 1, -1], [1, np.nan, 1, 1], ["a"] * 4, 2.0],
    ids=["length", "2-D", "negative", "NaN", "text", "number"],
)
def test_feature_weights(factors):
    refused("feature_weights", feature_weights=factors)


@pytest.mark.parametrize(
    "alpha", [0, 0.0, -1, np.nan, np.inf, "AUTO", "0.1", None, True, [0.1], np.array(0.1), 1j], ids=repr
)
def test_alpha(alpha):
    refused("alpha", alpha=alpha)


@pytest.mark.parametrize("max_iter", [0, -1, 1.5, 10.0, np.inf, "10", None, True, 2**31], ids=repr)
def test_max_iter(max_iter):
    refused("max_iter", max_iter=max_iter)


@pytest.mark.parametrize("tol", [-1e-6, np.nan, np.inf, "0.1", None, True], ids=repr)
def test_tol(tol):
    refused("tol", tol=tol)


@pytest.mark.parametrize("solver", ["irsl", "AUTO", None, 1, b"auto"], ids=repr)
def test_solver(solver):
    refused("solver must be 'auto' or 'irls'", solver=solver)


@pytest.mark.parametrize("name", ["fit_intercept", "standardize", "warm_start"])
@pytest.mark.parametrize("value", [1, None, "True"], ids=repr)
def test_switches(name, value):
    refused(name, **{name: value})


@pytest.mark.parametrize("verbose", [-1, "1", None, 0.5], ids=repr)
def test_verbose(verbose):
    refused("verbose", verbose=verbose)


def test_unknown_penalty_lists_the_known_ones():
    with pytest.raises(ValueError, match="lasso") as caught:
        AdaptiveDropoutRegressor(0.1, penalty="lasso").fit(X, Y)
    assert all(name in str(caught.value) for name in core.penalty_names())


@pytest.mark.parametrize("penalty", [MCP, None, 3, object()], ids=["class", "None", "number", "object"])
def test_penalty_of_another_type(penalty):
    refused("penalty", penalty=penalty)


@pytest.mark.parametrize(
    ("penalty", "parameter"),
    [
        (MCP(gamma=0), "gamma"),
        (MCP(gamma=-1), "gamma"),
        (MCP(gamma=np.nan), "gamma"),
        (MCP(gamma="3"), "gamma"),
        (MCP(scale=0), "scale"),
        (MCP(scale=np.inf), "scale"),
        (SCAD(a=1), "a"),
        (SCAD(a=None), "a"),
        (Lp(p=0), "p"),
        (Lp(p=2.1), "p"),
        (LogSum(scale=-1), "scale"),
        (ElasticNet(l1_ratio=1.1), "l1_ratio"),
        (ElasticNet(l1_ratio=-0.1), "l1_ratio"),
        (BernoulliDropout(rate=1), "rate"),
        (BernoulliDropout(rate=-0.1), "rate"),
        (Standout(slope=0), "slope"),
        (Standout(bias=np.inf), "bias"),
        (VariationalDropout(scale=np.nan), "scale"),
    ],
    ids=repr,
)
def test_parameters_of_penalties(penalty, parameter):
    refused(rf"\b{parameter}\b", penalty=penalty)


def test_predict():
    with pytest.raises(NotFittedError):
        AdaptiveDropoutRegressor().predict(X)
    model = AdaptiveDropoutRegressor(0.1).fit(X, Y)
    with pytest.raises(ValueError, match="3 features, but AdaptiveDropoutRegressor is expecting 4"):
        model.predict(X[:, :3])


def test_a_failed_fit_leaves_the_last_answer():
    model = AdaptiveDropoutRegressor(0.1).fit(X, Y)
    coef, prediction = model.coef_.copy(), model.predict(X)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(X, Y, sample_weight=-np.ones(20))
    np.testing.assert_array_equal(model.coef_, coef)
    np.testing.assert_array_equal(model.predict(X), prediction)
