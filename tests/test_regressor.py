"""How ``AdaptiveDropoutRegressor`` behaves: shapes, dtypes, memory layouts, warm start, uncertainty, warnings."""

import io
import pickle
from contextlib import redirect_stdout

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import MCP

PER_COEFFICIENT = ("coef_", "eta_", "keep_prob_")
PER_TARGET = (
    "intercept_",
    "alpha_",
    "n_iter_",
    "objective_",
    "dual_gap_",
    "kkt_residual_",
    "converged_",
    "noise_scale_",
)


@pytest.fixture
def data(simulate):
    X, y, weights = simulate(50, 9, seed=1)
    return X, y, weights


# Shapes and types


@pytest.mark.parametrize("alpha", ["auto", 0.1])
@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_attributes_of_one_target(alpha, solver, data):
    X, y, _ = data
    model = AdaptiveDropoutRegressor(alpha, penalty="l1", solver=solver, max_iter=3000).fit(X, y)
    for name in PER_COEFFICIENT:
        assert getattr(model, name).shape == (9,)
    for name in PER_TARGET:
        assert np.ndim(getattr(model, name)) == 0
    assert model.n_iter_ >= 1
    assert model.n_features_in_ == 9
    assert model.predict(X).shape == (50,)
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("targets", [1, 3])
def test_attributes_of_several_targets(targets, data):
    """Each target is a problem of its own."""
    X, y, weights = data
    Y = np.column_stack([y, X[:, 0] - y, np.full(50, 4.0)])[:, :targets]
    model = AdaptiveDropoutRegressor(penalty="mcp").fit(X, Y, sample_weight=weights)
    for name in PER_COEFFICIENT:
        assert getattr(model, name).shape == (targets, 9)
    for name in PER_TARGET:
        assert getattr(model, name).shape == (targets,)
    assert model.predict(X).shape == (50, targets)
    assert model.predict(X, return_std=True)[1].shape == (50, targets)
    for k in range(targets):
        alone = clone(model).fit(X, Y[:, k], sample_weight=weights)
        for name in PER_COEFFICIENT + PER_TARGET:
            assert_array_equal(getattr(model, name)[k], getattr(alone, name))
        mean, std = alone.predict(X, return_std=True)
        assert_allclose(model.predict(X, return_std=True)[0][:, k], mean, rtol=1e-13, atol=1e-13)
        assert_allclose(model.predict(X, return_std=True)[1][:, k], std, rtol=1e-12)


@pytest.mark.parametrize("alpha", ["auto", 0.1])
def test_float32(alpha, data):
    X, y, weights = data
    single = AdaptiveDropoutRegressor(alpha).fit(X.astype(np.float32), y, sample_weight=weights)
    double = AdaptiveDropoutRegressor(alpha).fit(X, y, sample_weight=weights)
    assert single.coef_.dtype == np.float32
    assert double.coef_.dtype == np.float64
    assert_allclose(single.coef_, double.coef_, rtol=0, atol=1e-4 * np.abs(double.coef_).max())
    assert_allclose(single.predict(X.astype(np.float32)), double.predict(X), rtol=1e-4, atol=1e-4)
    exact = AdaptiveDropoutRegressor(alpha).fit(X.astype(np.float32).astype(float), y, sample_weight=weights)
    assert_allclose(single.coef_, exact.coef_.astype(np.float32), rtol=1e-6)


def layouts(X, y, folder):
    """The same numbers in other clothes: name, X, y."""
    frozen = X.copy(), y.copy()
    for array in frozen:
        array.flags.writeable = False
    stored = np.memmap(folder / "X", dtype=float, mode="w+", shape=X.shape)
    stored[:] = X
    stored.flush()
    wide, tall = np.repeat(X, 2, axis=1), np.repeat(np.repeat(X, 3, axis=0), 2, axis=1)
    unaligned = np.frombuffer(b"x" + X.tobytes(), dtype=np.uint8)[1:].view(float).reshape(X.shape)
    yield "F", np.asfortranarray(X), y
    yield "strided columns", wide[:, ::2], y
    yield "strided", tall[::3, ::2], np.repeat(y, 3)[::3]
    yield "reversed", np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1], np.ascontiguousarray(y[::-1])[::-1]
    yield "read-only", *frozen
    yield "memmap", np.memmap(folder / "X", dtype=float, mode="r", shape=X.shape), y
    yield "big-endian", X.astype(">f8"), y.astype(">f8")
    yield "unaligned", unaligned, y
    yield "list", X.tolist(), y.tolist()
    yield "object", X.astype(object), y.astype(object)
    yield "Fortran object", np.asfortranarray(X.astype(object)), y
    yield "long double", X.astype(np.longdouble), y.astype(np.longdouble)


def test_layouts(data, tmp_path):
    X, y, weights = data
    reference = AdaptiveDropoutRegressor(0.1).fit(X, y, sample_weight=weights)
    for name, A, b in layouts(X, y, tmp_path):
        before = pickle.dumps((np.array(A), np.array(b)))
        model = AdaptiveDropoutRegressor(0.1).fit(A, b, sample_weight=weights)
        assert_allclose(model.coef_, reference.coef_, rtol=1e-12, atol=1e-14, err_msg=name)
        assert_allclose(model.predict(A), reference.predict(X), rtol=1e-12, err_msg=name)
        assert pickle.dumps((np.array(A), np.array(b))) == before, name


def test_integers_and_booleans():
    rng = np.random.default_rng(0)
    X = rng.integers(-100, 100, size=(60, 5))
    y = X[:, 0] + rng.normal(size=60)
    reference = AdaptiveDropoutRegressor().fit(X.astype(float), y)
    for dtype in (np.int8, np.int64, np.float16):
        assert_allclose(AdaptiveDropoutRegressor().fit(X.astype(dtype), y).coef_, reference.coef_, rtol=1e-6)
    flags = X > 0
    assert_allclose(
        AdaptiveDropoutRegressor().fit(flags, y).coef_, AdaptiveDropoutRegressor().fit(flags * 1.0, y).coef_, rtol=1e-12
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library, data):
    frames = pytest.importorskip(library)
    X, y, weights = data
    names = [f"column {j}" for j in range(9)]
    frame = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    model = AdaptiveDropoutRegressor(0.1).fit(frame, frames.Series(y), sample_weight=frames.Series(weights))
    assert_array_equal(model.feature_names_in_, names)
    assert_allclose(model.coef_, AdaptiveDropoutRegressor(0.1).fit(X, y, sample_weight=weights).coef_, rtol=1e-12)
    assert_allclose(model.predict(frame), X @ model.coef_ + model.intercept_, rtol=1e-12)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[names[::-1]])


# Life of an object


@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_pickle_and_clone(solver, data):
    X, y, _ = data
    model = AdaptiveDropoutRegressor(0.1, penalty=MCP(gamma=2), solver=solver, max_iter=5000).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X, return_std=True), model.predict(X, return_std=True))
    fresh = clone(model)
    with pytest.raises(NotFittedError):
        fresh.predict(X)
    assert_array_equal(fresh.fit(X, y).coef_, model.coef_)


def test_set_params_between_fits(data):
    X, y, _ = data
    model = AdaptiveDropoutRegressor(0.5, penalty=MCP()).fit(X, y)
    model.set_params(alpha=0.1, penalty__gamma=1.7, standardize=False).fit(X, y)
    expected = AdaptiveDropoutRegressor(0.1, penalty=MCP(gamma=1.7), standardize=False).fit(X, y)
    assert_array_equal(model.coef_, expected.coef_)


def test_fit_leaves_parameters_alone(data):
    X, y, _ = data
    penalty, factors = MCP(), np.ones(9)
    model = AdaptiveDropoutRegressor(penalty=penalty, feature_weights=factors)
    assert model.fit(X, y) is model
    assert model.get_params()["alpha"] == "auto"
    assert model.penalty is penalty
    assert model.feature_weights is factors
    assert penalty.get_params() == MCP().get_params()


@pytest.mark.parametrize("penalty", ["l1", "l2", "mcp", "lp", "variational_dropout", "standout"])
def test_warm_start_at_the_answer_stays(penalty, data):
    X, y, _ = data
    model = AdaptiveDropoutRegressor(0.1, penalty=penalty, warm_start=True).fit(X, y)
    coef = model.coef_.copy()
    model.fit(X, y)
    assert_allclose(model.coef_, coef, rtol=0, atol=1e-11 * np.abs(coef).max())
    assert model.n_iter_ <= 3


def test_warm_start_changes_the_start(data):
    """A nonconvex objective with two minima: the one nearest to the start is found."""
    x = np.array([1.0, -1, 1, -1])
    X, y = np.column_stack([x, x * [1, 1, 1.05, 1.05]]), x * 3
    model = AdaptiveDropoutRegressor(0.1, penalty="mcp", standardize=False, warm_start=True, fit_intercept=False)
    for start in ([3.0, 0.0], [0.0, 2.9]):
        model.coef_ = np.array(start)
        model.fit(X, y)
        assert_array_equal(model.coef_ != 0, np.array(start) != 0)


def test_warm_start_with_another_number_of_features_or_targets(data):
    X, y, _ = data
    model = AdaptiveDropoutRegressor(0.1, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X[:, :5], y)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X, np.column_stack([y, y]))


# Messages


def test_verbose_prints(data):
    X, y, _ = data
    for solver in ("auto", "irls"):
        out = io.StringIO()
        with redirect_stdout(out):
            AdaptiveDropoutRegressor(0.1, solver=solver, verbose=1, max_iter=2000).fit(X, y)
        assert "reweighting 1" in out.getvalue()
        out = io.StringIO()
        with redirect_stdout(out):
            AdaptiveDropoutRegressor(0.1, solver=solver, max_iter=2000).fit(X, y)
        assert out.getvalue() == ""
    out = io.StringIO()
    with redirect_stdout(out):
        model = AdaptiveDropoutRegressor(verbose=1).fit(X, y)
    assert f"alpha {model.alpha_:.3g}"[:9] in out.getvalue()


@pytest.mark.parametrize("solver", ["auto", "irls"])
def test_convergence_warning(solver):
    X, y = load_diabetes(return_X_y=True)
    model = AdaptiveDropoutRegressor(0.5, penalty="mcp", solver=solver, max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, y)
    assert len(caught) == 1
    message = str(caught[0].message)
    assert caught[0].filename == __file__
    assert "max_iter" in message
    assert "tol" in message
    if solver == "auto":
        assert f"{model.kkt_residual_:.3g}" in message
        assert f"{1e-12 * 0.5:.3g}" in message
    assert not model.converged_
    assert np.all(np.isfinite(model.coef_))


def test_one_warning_for_several_targets():
    X, y = load_diabetes(return_X_y=True)
    with pytest.warns(ConvergenceWarning) as caught:
        model = AdaptiveDropoutRegressor(0.5, penalty="mcp", max_iter=1, tol=1e-12).fit(X, np.column_stack([y, -y]))
    assert len(caught) == 1
    assert_array_equal(model.converged_, [False, False])
