"""``dropout_path`` and ``RegularizationPath``: points against single fits, grids, interpolation, messages."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutRegressor, AdaptiveDropoutRegressorCV, dropout_path
from pyreweight._native import core
from pyreweight.penalties import Lp, get_penalty

every_penalty = pytest.mark.parametrize("name", core.penalty_names())
CONVEX = ["l1", "elastic_net", "l2", "huber", "bernoulli_dropout", Lp(p=1.5)]


def design(n, p, simulate, **options):
    X, y, s = simulate(n, p, correlation=0.4, **options)
    return X, y, s


@pytest.mark.parametrize("penalty", CONVEX, ids=str)
@pytest.mark.parametrize(("n", "p"), [(60, 12), (40, 90)])
@pytest.mark.parametrize(("fit_intercept", "standardize"), [(True, True), (False, False)])
def test_points_are_the_single_fits(penalty, n, p, fit_intercept, standardize, simulate):
    X, y, s = design(n, p, simulate)
    parameters = {"penalty": penalty, "fit_intercept": fit_intercept, "standardize": standardize}
    path = dropout_path(X, y, sample_weight=s, alphas=12, **parameters)
    assert path.converged_.all()
    for i in range(12):
        single = AdaptiveDropoutRegressor(path.alphas_[i], **parameters).fit(X, y, sample_weight=s)
        size = np.abs(single.coef_).max()
        assert_allclose(path.coefs_[:, i], single.coef_, rtol=0, atol=1e-8 * size + 1e-300)
        assert path.intercepts_[i] == pytest.approx(single.intercept_, rel=1e-8, abs=1e-8)
        assert path.objectives_[i] == pytest.approx(single.objective_, rel=1e-10)
        assert path.noise_scales_[i] == pytest.approx(single.noise_scale_, rel=1e-8)
        assert math.isnan(path.dual_gaps_[i]) == math.isnan(single.dual_gap_)


@every_penalty
@pytest.mark.parametrize(("n", "p"), [(60, 12), (40, 90)])
def test_certificates_hold(name, n, p, simulate, certify):
    """Every point of every path is stationary, judged by numpy alone."""
    X, y, s = design(n, p, simulate, seed=1)
    path = dropout_path(X, y, sample_weight=s, penalty=name, alphas=8)
    assert path.converged_.all()
    assert np.all(path.n_iters_ >= 1)
    model = AdaptiveDropoutRegressor(1.0, penalty=name)
    for i in range(8):
        model.alpha_, model.coef_, model.intercept_ = path.alphas_[i], path.coefs_[:, i], path.intercepts_[i]
        judged = certify(model, X, y, s)
        assert judged.objective == pytest.approx(path.objectives_[i], rel=1e-9)
        assert judged.kkt_residual <= 1e-6 * path.alphas_[i] * 1.01
        assert path.residual_scales_[i] == pytest.approx(math.sqrt(s @ judged.residual**2 / s.sum()), rel=1e-9)


@every_penalty
def test_top_of_the_grid(name, simulate):
    X, y, s = design(50, 9, simulate, seed=2)
    path = dropout_path(X, y, sample_weight=s, penalty=name, alphas=30)
    square = name in ("l2", "bernoulli_dropout")
    assert_allclose(path.alphas_, path.alphas_[0] * (1e-6 if square else 1e-3) ** (np.arange(30) / 29), rtol=1e-12)
    pi = s / s.sum()
    centred = X - pi @ X
    correlation = np.abs((pi * (y - pi @ y)) @ centred) / np.sqrt(pi @ centred**2)
    slope = get_penalty(name).slope_at_zero
    if slope == 0:
        spread = np.sqrt(pi @ (y - pi @ y) ** 2) if square else 1
        assert path.alphas_[0] == pytest.approx(1000 * correlation.max() / spread, rel=1e-12)
        assert np.all(path.coefs_ != 0)
        return
    assert_array_equal(path.coefs_[:, 0], 0)
    assert np.any(path.coefs_[:, -1] != 0)
    if slope < math.inf:
        assert path.alphas_[0] == pytest.approx(correlation.max() / slope, rel=1e-12)
    else:
        top = path.alphas_[0]
        assert get_penalty(name).prox(correlation.max(), alpha=top * (1 + 1e-9)) == 0
        assert get_penalty(name).prox(correlation.max(), alpha=top * (1 - 1e-9)) > 0


@pytest.mark.parametrize("units", [1e-4, 1.0, 1e6])
def test_grid_of_a_square_holds_the_best_ridge(units, simulate):
    X, y, _ = simulate(60, 30, correlation=0.9, noise=3.0)
    y = units * y
    model = AdaptiveDropoutRegressorCV(penalty="l2").fit(X, y)
    assert model.alphas_[-1] < model.alpha_ < model.alphas_[0]
    scaled = StandardScaler().fit_transform(X)
    ridge = RidgeCV(60 * model.alphas_, cv=5).fit(scaled, y)
    assert model.score(X, y) == pytest.approx(ridge.score(scaled, y), abs=0.05)


def test_end_of_the_grid(simulate):
    X, y, _ = design(30, 40, simulate)
    assert_allclose(dropout_path(X, y, alphas=2).alphas_[1] / dropout_path(X, y, alphas=1).alphas_[0], 1e-2)
    assert_allclose(np.divide(*dropout_path(X, y, alphas=2, sample_weight=np.full(30, 2)).alphas_), 1e3)
    assert_allclose(np.divide(*dropout_path(X, y, alphas=2, eps=0.25).alphas_), 4)


def test_unpenalised_and_excluded_features(simulate):
    """The top keeps out every penalised feature and no other; unpenalised ones are in all along."""
    X, y, s = design(60, 8, simulate, seed=3)
    c = np.array([0, 1, 2, 0.5, np.inf, 1, 0, 1])
    path = dropout_path(X, y, sample_weight=s, penalty="mcp", feature_weights=c, alphas=20)
    free = c == 0
    assert np.all(path.coefs_[free] != 0)
    assert_array_equal(path.coefs_[~free, 0], 0)
    assert_array_equal(path.coefs_[c == np.inf], 0)
    below = dropout_path(X, y, sample_weight=s, penalty="mcp", feature_weights=c, alphas=[path.alphas_[0] * 0.999])
    assert np.any(below.coefs_[~free] != 0)


@pytest.mark.parametrize("alphas", [[0.3], [0.1, 0.5, 0.2], (0.2, 0.2, 0.4, 0.2), np.array([1.0, 0.7])])
def test_every_alpha_is_computed(alphas, simulate):
    X, y, s = design(50, 9, simulate, seed=4)
    path = dropout_path(X, y, sample_weight=s, penalty="l1", alphas=alphas)
    assert_array_equal(path.alphas_, np.sort(alphas)[::-1])
    assert path.coefs_.shape == (9, len(alphas))
    for i, alpha in enumerate(path.alphas_):
        single = AdaptiveDropoutRegressor(alpha, penalty="l1").fit(X, y, sample_weight=s)
        assert_allclose(path.coefs_[:, i], single.coef_, rtol=0, atol=1e-10)


def test_constant_target(simulate):
    X, _, s = design(30, 5, simulate)
    path = dropout_path(X, np.full(30, 4.0), sample_weight=s, alphas=3)
    assert_array_equal(path.alphas_, 0)
    assert_array_equal(path.coefs_, 0)
    assert_allclose(path.intercepts_, 4)
    assert path.converged_.all()
    assert path.select("aic") == 0
    assert_allclose(path.predict(X, 0.0), 4)


def test_only_unpenalised_features(simulate):
    """Nothing to penalise: least squares everywhere, at alpha 0."""
    X, y, s = design(30, 4, simulate)
    path = dropout_path(X, y, sample_weight=s, feature_weights=np.zeros(4), alphas=3)
    A = np.column_stack([X, np.ones(30)]) * np.sqrt(s)[:, None]
    expected = np.linalg.lstsq(A, y * np.sqrt(s), rcond=None)[0]
    assert_array_equal(path.alphas_, 0)
    assert_allclose(path.coefs_, np.repeat(expected[:-1, None], 3, axis=1), rtol=1e-9)


# Laws


@pytest.mark.parametrize("penalty", ["l1", "mcp", "standout", "lp"])
def test_weights_are_copies(penalty, simulate):
    X, y, _ = design(30, 6, simulate, seed=5)
    counts = np.random.default_rng(0).integers(0, 4, size=30)
    weighted = dropout_path(X, y, penalty=penalty, alphas=10, sample_weight=counts)
    copied = dropout_path(X.repeat(counts, axis=0), y.repeat(counts), penalty=penalty, alphas=10)
    assert_allclose(weighted.alphas_, copied.alphas_, rtol=1e-12)
    assert_allclose(weighted.coefs_, copied.coefs_, rtol=1e-8, atol=1e-10)
    assert_allclose(weighted.degrees_of_freedom_, copied.degrees_of_freedom_, rtol=1e-8)
    for criterion in ("aic", "bic", "ebic"):
        assert weighted.select(criterion) == copied.select(criterion)


def test_order_of_rows_and_columns(simulate):
    X, y, s = design(40, 7, simulate, seed=6)
    rows, columns = np.random.default_rng(1).permutation(40), np.random.default_rng(2).permutation(7)
    path = dropout_path(X, y, penalty="scad", sample_weight=s, alphas=10)
    permuted = dropout_path(X[rows][:, columns], y[rows], penalty="scad", sample_weight=s[rows], alphas=10)
    assert_allclose(permuted.coefs_, path.coefs_[columns], rtol=1e-8, atol=1e-10)


def test_float32_and_layouts(simulate):
    X, y, s = design(40, 7, simulate, seed=7)
    path = dropout_path(X, y, sample_weight=s, alphas=10)
    fortran = dropout_path(np.asfortranarray(X), y, sample_weight=s, alphas=10)
    assert_allclose(fortran.coefs_, path.coefs_, rtol=1e-9, atol=1e-12)
    single = dropout_path(X.astype(np.float32), y, sample_weight=s, alphas=10)
    assert single.coefs_.dtype == np.float32
    assert_allclose(single.coefs_, path.coefs_, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix])
def test_sparse(container, simulate):
    X, y, s = design(40, 12, simulate, seed=7)
    X[np.abs(X) < 1] = 0
    dense, sparse = (dropout_path(A, y, sample_weight=s, alphas=10) for A in (X, container(X)))
    assert_allclose(sparse.coefs_, dense.coefs_, rtol=1e-8, atol=1e-10)
    assert_allclose(sparse.degrees_of_freedom_, dense.degrees_of_freedom_, rtol=1e-8)
    alphas = dense.alphas_[[0, 4]]
    assert_allclose(sparse.predict(container(X), alphas), dense.predict(X, alphas), rtol=1e-8)
    assert isinstance(sparse.predict(container(X), alphas), np.ndarray)


# Prediction


def test_prediction_is_linear_between_points(simulate):
    X, y, _ = design(40, 7, simulate, seed=8)
    path = dropout_path(X, y, penalty="l1", alphas=[4, 2, 2, 1])
    points = X @ path.coefs_ + path.intercepts_
    assert_allclose(path.predict(X, path.alphas_), points[:, [0, 1, 1, 3]], rtol=1e-12)
    assert_allclose(path.predict(X, 3.5), 0.75 * points[:, 0] + 0.25 * points[:, 1], rtol=1e-12)
    assert path.predict(X, 1.0).shape == (40,)
    assert path.predict(X, [1.0]).shape == (40, 1)
    one = dropout_path(X, y, alphas=[0.5])
    assert_allclose(one.predict(X, 0.5), X @ one.coefs_[:, 0] + one.intercepts_[0], rtol=1e-12)
    for outside in (4.001, 0.999, math.nan, [2.0, 5.0]):
        with pytest.raises(ValueError, match="alpha must be between 1 and 4"):
            path.predict(X, outside)
    with pytest.raises(ValueError, match="X has 3 features"):
        path.predict(X[:, :3], 2.0)


def test_lasso_path_is_piecewise_linear(simulate):
    """Between two close points the lasso is what interpolation gives, unless a feature enters or leaves."""
    X, y, _ = design(60, 5, simulate, seed=9)
    path = dropout_path(X, y, penalty="l1", alphas=400)
    same = np.all(np.sign(path.coefs_[:, 1:]) == np.sign(path.coefs_[:, :-1]), axis=0)
    i = int(np.flatnonzero(same)[200])
    middle = (path.alphas_[i] + path.alphas_[i + 1]) / 2
    single = AdaptiveDropoutRegressor(middle, penalty="l1").fit(X, y)
    assert_allclose(path.predict(X, middle), single.predict(X), rtol=1e-9)


# Arguments, messages


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alphas": 0}, "alphas must be a number >= 1"),
        ({"alphas": []}, "alphas must be an integer"),
        ({"alphas": "auto"}, "alphas must be an integer"),
        ({"alphas": 2.5}, "alphas must be an integer"),
        ({"alphas": [1, -1]}, "alphas must be finite and > 0"),
        ({"alphas": [1, math.nan]}, "alphas must be finite and > 0"),
        ({"alphas": [[1, 2]]}, "alphas must be an integer"),
        ({"eps": 0}, "eps must be"),
        ({"eps": 1.0}, "eps must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"tol": -1}, "tol must be"),
        ({"fit_intercept": 1}, "fit_intercept must be"),
        ({"sample_weight": [1, 2]}, "sample_weight must have shape"),
        ({"feature_weights": [1, 2]}, "feature_weights must have shape"),
        ({"penalty": "lasso"}, "unknown penalty"),
    ],
)
def test_wrong_arguments(arguments, message, simulate):
    X, y, _ = design(20, 4, simulate)
    with pytest.raises(ValueError, match=message):
        dropout_path(X, y, **arguments)


def test_one_target(simulate):
    X, y, _ = design(20, 4, simulate)
    with pytest.raises(ValueError, match="takes one target, but y has 2"):
        dropout_path(X, np.column_stack([y, y]))
    with pytest.warns(DataConversionWarning, match="column-vector"):
        column = dropout_path(X, y[:, None], alphas=3)
    assert_array_equal(column.coefs_, dropout_path(X, y, alphas=3).coefs_)


def test_not_converged(simulate):
    X, y, _ = design(60, 30, simulate)
    with pytest.warns(ConvergenceWarning, match=r"dropout_path did not converge at \d of 5 points.*max_iter") as caught:
        path = dropout_path(X, y, penalty="log_sum", alphas=5, max_iter=1, tol=1e-9)
    assert len(caught) == 1
    assert not path.converged_.all()


def test_progress(capsys, simulate):
    X, y, _ = design(20, 4, simulate)
    dropout_path(X, y, alphas=3)
    assert capsys.readouterr().out == ""
    path = dropout_path(X, y, alphas=3, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert f"alpha {path.alphas_[2]:.4g}, nonzero {np.count_nonzero(path.coefs_[:, 2])}" in lines[2]


@pytest.mark.parametrize("alpha", ["large", 1j, None, np.nan])
def test_predict_names_a_bad_alpha(alpha):
    X = np.random.default_rng(0).normal(size=(30, 4))
    with pytest.raises(ValueError, match="alpha"):
        dropout_path(X, X[:, 0], alphas=3).predict(X, alpha)
