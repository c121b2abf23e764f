"""Sparse problems whose supports are too large for a Gram matrix of the working set."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Lasso

from pyreweight import AdaptiveDropoutClassifier, AdaptiveDropoutRegressor, dropout_path
from pyreweight.penalties import Lp, get_penalty

N, P, ALPHA = 4000, 9000, 0.012


@pytest.fixture(scope="module")
def data():
    """About six entries a column, scaled to mean square 1, and a response that half of them explain."""
    rng = np.random.default_rng(11)
    X = sp.random_array((N, P), density=6 / N, rng=rng, format="csc", data_sampler=rng.standard_normal)
    size = np.sqrt(np.asarray(X.power(2).mean(axis=0)).ravel())
    X = sp.csc_array(X @ sp.diags_array(1 / np.where(size > 0, size, 1)))
    y = X @ (rng.standard_normal(P) * (rng.random(P) < 0.5)) + rng.standard_normal(N)
    return X, y / np.sqrt(np.mean(y**2))


def fit(X, y, **options):
    settings = {"fit_intercept": False, "standardize": False, **options}
    return AdaptiveDropoutRegressor(ALPHA, **settings).fit(X, y)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_lasso_as_scikit_learn(data, fit_intercept):
    X, y = data
    model = fit(X, y, penalty="l1", fit_intercept=fit_intercept)
    peer = Lasso(ALPHA, fit_intercept=fit_intercept, tol=1e-13, max_iter=100_000).fit(X, y)
    assert np.count_nonzero(model.coef_) > 1000
    assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-6)
    assert_allclose(model.intercept_, peer.intercept_, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["l1", "mcp", "variational_dropout"])
def test_stationary(data, name):
    X, y = data
    model = fit(X, y, penalty=name)
    penalty = get_penalty(name)
    c = X.T @ (y - X @ model.coef_) / N
    d = np.sqrt(np.asarray(X.power(2).mean(axis=0)).ravel())
    t = d * np.abs(model.coef_)
    slope = ALPHA * d * penalty.derivative(t, ALPHA)
    active = model.coef_ != 0
    assert np.count_nonzero(active) > 500
    residual = np.where(active, np.abs(c - np.sign(model.coef_) * slope), np.abs(c) - slope)
    assert residual.max() <= 1e-9
    assert model.converged_


def test_same_bits_for_any_number_of_threads(data):
    from threadpoolctl import threadpool_limits

    X, y = data
    with threadpool_limits(1):
        one = fit(X, y, penalty="mcp")
    with threadpool_limits(4):
        assert_array_equal(fit(X, y, penalty="mcp").coef_, one.coef_)


def test_logistic_loss_ends_at_tol(data):
    X, y = data
    options = {"penalty": "l1", "fit_intercept": False, "standardize": False}
    loose, tight = (AdaptiveDropoutClassifier(0.01, tol=tol, **options).fit(X, y > 0) for tol in (1e-3, 1e-10))
    assert np.count_nonzero(tight.coef_) > 1000
    for model in (loose, tight):
        assert model.converged_
        assert model.dual_gap_ <= model.tol * model.objective_
    assert tight.objective_ < loose.objective_ <= tight.objective_ + loose.dual_gap_


@pytest.mark.parametrize("by_class", [False, True])
def test_logistic_loss_of_many_rows_ends_at_tol(by_class):
    """With an intercept, in whatever order the rows are."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(20_000, 60))
    y = X[:, :20] @ rng.normal(size=20) + 3 * rng.logistic(size=len(X)) > 1
    if by_class:
        X, y = np.vstack([X[y], X[~y]]), np.repeat([True, False], [y.sum(), (~y).sum()])
    options = {"penalty": "l1", "standardize": False}
    models = [AdaptiveDropoutClassifier(0.005, tol=tol, **options).fit(X, y) for tol in (1e-2, 1e-3, 1e-10)]
    least = models[-1].objective_
    for model in models:
        assert model.converged_
        assert model.dual_gap_ <= model.tol * model.objective_
        assert least * (1 - 1e-14) <= model.objective_ <= least + model.dual_gap_ + 1e-14


def test_weights_are_copies_of_sparse_rows():
    """Whether columns are swept or their Gram matrix hangs on their number, and the local minimum hangs on that."""
    rng = np.random.default_rng(0)
    X = sp.random_array((1500, 6000), density=0.01, format="csc", rng=rng)
    y = X[:, rng.choice(6000, 100, replace=False)] @ rng.normal(size=100) + rng.normal(size=1500)
    alpha = dropout_path(X, y, penalty="l1", alphas=2).alphas_[0] / 10
    model = AdaptiveDropoutRegressor(alpha, penalty="mcp")
    weighted = model.fit(X, y, np.full(1500, 2.0)).coef_
    copied = model.fit(sp.vstack([X, X]), np.tile(y, 2)).coef_
    assert np.sum(weighted != 0) > 350
    assert_allclose(copied, weighted, rtol=0, atol=1e-9 * np.abs(weighted).max())


def words(n, p):
    """Documents of twenty words, common and rare ones, and the opinion they add up to."""
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(1, p + 1)
    rows = np.repeat(np.arange(n), 20)
    drawn = rng.choice(p, len(rows), p=frequency / frequency.sum())
    X = sp.coo_array((np.ones(len(rows)), (rows, drawn)), shape=(n, p)).tocsc()
    X.data[:] = 1
    X = X[:, np.diff(X.indptr) > 1]
    X = sp.csc_array(X @ sp.diags_array(np.sqrt(n / np.diff(X.indptr))))
    y = np.sign(X @ rng.standard_normal(X.shape[1]) + 0.5 * rng.standard_normal(n))
    return X, y - y.mean()


def test_low_minimum_of_many_words():
    """As low as in close stages; a support filled too early with substitutes ends at 0.01627."""
    X, y = words(5000, 15000)
    alpha = np.abs(X.T @ y).max() / len(y) / 30
    model = AdaptiveDropoutRegressor(alpha, penalty="mcp", fit_intercept=False, standardize=False).fit(X, y)
    assert model.converged_
    assert model.objective_ <= 0.0160


@pytest.mark.parametrize(
    ("penalty", "ratio", "weight"),
    [("mcp", 30, 1e-5), ("scad", 30, 1e-5), ("mcp", 30, 1e-12), (Lp(0.5), 600, 1.0), ("mcp", 1e4, 1.0)],
)
def test_many_words_of_uneven_weight_converge(penalty, ratio, weight):
    """The residual of a word of small weight, in its own units, says nothing of how exact the others have to be."""
    X, y = words(1500, 4000)
    alpha = np.abs(X.T @ y).max() / len(y) / ratio
    weights = np.ones(X.shape[1])
    weights[3] = weight
    options = {"fit_intercept": False, "standardize": False, "feature_weights": weights}
    model = AdaptiveDropoutRegressor(alpha, penalty=penalty, **options).fit(X, y)
    assert np.sum(model.coef_ != 0) > 500
    assert model.converged_
    assert model.n_iter_ < model.max_iter
