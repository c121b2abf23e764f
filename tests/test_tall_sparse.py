"""Paths and folds of many sparse rows and few columns, some of which depend on others: the answers of single fits."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import KFold
from sparse_problems import with_parts
from threadpoolctl import threadpool_limits

from pyreweight import (
    AdaptiveDropoutClassifierCV,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
    _cross_validation,
    _folds,
    dropout_path,
)

ALPHAS = np.geomspace(0.5, 2e-3, 20)
OPTIONS = [{}, {"fit_intercept": False}, {"standardize": False}, {"fit_intercept": False, "standardize": False}]


def categories(n=3000, levels=(2, 3, 6, 5), seed=0):
    """One column for every level of some categories, whose sums are all 1; y and weights, some of them zero."""
    rng = np.random.default_rng([seed, n])
    chosen = [rng.choice(size, size=n, p=np.arange(1, size + 1) / sum(range(size + 1))) for size in levels]
    starts = np.cumsum([0, *levels[:-1]])
    columns = np.concatenate([start + level for start, level in zip(starts, chosen, strict=True)])
    X = sp.csc_array((np.ones(len(columns)), (np.tile(np.arange(n), len(levels)), columns)), (n, sum(levels)))
    y = X @ np.where(rng.random(X.shape[1]) < 0.4, rng.normal(size=X.shape[1]), 0) + rng.normal(size=n) + 2
    weights = rng.uniform(0.2, 2, size=n)
    weights[::11] = 0
    return X, y, weights


def beside(X, *columns):
    return sp.csc_array(sp.hstack([X, *(np.reshape(column, (-1, 1)) for column in columns)]))


def hostile():
    """Name, X: dependent columns of every kind, and what hardly differs from them."""
    X, *_ = categories()
    rng = np.random.default_rng(1)
    n, own = X.shape[0], X[:, [0]].toarray().ravel()
    yield "categories", X
    yield "copies", beside(X, own, own, -3 * own)
    yield "no entries", beside(X, np.zeros(n), np.ones(n))
    yield "bad scales", X @ sp.diags_array(np.geomspace(1e-9, 1e9, X.shape[1]))
    yield "far from zero", beside(X, 1e4 + rng.normal(size=n))
    for spread in (1e-3, 1e-6, 1e-8, 1e-10, 1e-12):
        yield f"copies up to {spread}", beside(X, own + spread * rng.normal(size=n) * (rng.random(n) < 0.5))
    level = np.zeros(n)
    level[[5, 9]] = 1
    yield "a level in one fold", beside(X, level)


@pytest.fixture
def certify_point(certify):
    """Function: what the rows say of a point of a path."""

    def check(path, i, X, y, weights, **parameters):
        model = AdaptiveDropoutRegressor(path.alphas_[i], **parameters)
        dense = X.toarray()
        counts = (dense != 0).any(axis=0) if not model.fit_intercept else np.ptp(dense, axis=0) > 0
        coef = path.coefs_[:, i]
        assert_array_equal(coef[~counts], 0)
        model.alpha_, model.coef_, model.intercept_ = path.alphas_[i], coef[counts], path.intercepts_[i]
        return certify(model, dense[:, counts], y, weights)

    return check


@pytest.fixture
def loop(certify_point):
    """Function: what a user's own fits on every training set and on all rows say of a model."""

    def compare(model, X, y, weights, cv, tol=1e-8):
        parameters = {name: getattr(model, name) for name in ("penalty", "fit_intercept", "standardize")}
        X, single = sp.csr_array(X), AdaptiveDropoutRegressor(**parameters)
        for i in (4, 12, len(model.alphas_) - 1):
            single.set_params(alpha=model.alphas_[i])
            for fold, (train, test) in enumerate(cv.split(y)):
                single.fit(X[train], y[train], sample_weight=weights[train])
                error = weights[test] @ (y[test] - single.predict(X[test])) ** 2 / weights[test].sum()
                assert model.mse_path_[i, fold] == pytest.approx(error, rel=tol)
            single.fit(X, y, sample_weight=weights)
            fitted = X @ model.coef_path_[:, i] + model.path_.intercepts_[i]
            assert_allclose(fitted, single.predict(X), rtol=0, atol=tol * np.abs(y).max())
            again = certify_point(model.path_, i, X, y, weights, **parameters)
            assert model.path_.objectives_[i] == pytest.approx(again.objective, rel=1e-10)
            assert model.path_.objectives_[i] == pytest.approx(single.objective_, rel=1e-10)

    return compare


@pytest.fixture
def shared(monkeypatch):
    """What folds have shared so far, None for nothing."""
    seen = []

    def remember(*arguments):
        seen.append(_folds.share_folds(*arguments))
        return seen[-1]

    monkeypatch.setattr(_cross_validation, "share_folds", remember)
    return seen


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("penalty", ["l1", "elastic_net"])
def test_folds_are_single_fits(penalty, options, loop, shared):
    X, y, weights = categories()
    cv = KFold(4, shuffle=True, random_state=0)
    model = AdaptiveDropoutRegressorCV(alphas=ALPHAS, penalty=penalty, cv=cv, **options)
    model.fit(X, y, sample_weight=weights)
    assert shared[-1] is not None
    assert model.path_.converged_.all()
    loop(model, X, y, weights, cv)


@pytest.mark.parametrize("name", [name for name, _ in hostile()])
@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
def test_hostile_columns(name, options, loop, shared):
    X = dict(hostile())[name]
    _, y, weights = categories()
    cv = KFold(3)
    model = AdaptiveDropoutRegressorCV(alphas=ALPHAS, penalty="l1", cv=cv, **options)
    model.fit(X, y, sample_weight=weights)
    assert shared[-1] is not None
    assert model.path_.converged_.all()
    loop(model, X, y, weights, cv)


@pytest.mark.parametrize("spread", [1e-4, 1e-6])
def test_what_a_copy_lacks_is_not_lost(spread):
    """What a column has beside another may explain y, however little it is, where its coefficient may be large."""
    X, _, weights = categories()
    rng = np.random.default_rng(2)
    own = rng.normal(size=X.shape[0])
    both = beside(X, X[:, [0]].toarray().ravel() + spread * own)
    y = own + 0.1 * rng.normal(size=X.shape[0])
    free = np.ones(both.shape[1])
    free[[0, -1]] = 0
    path = dropout_path(both, y, penalty="l1", alphas=ALPHAS, sample_weight=weights, feature_weights=free)
    assert path.converged_.all()
    assert_allclose(path.objectives_, 0.005, rtol=0.1)


@pytest.mark.parametrize("penalty", ["l1", "huber", "l2", "mcp", "log_sum", "variational_dropout"])
def test_sparse_is_dense(penalty, certify_point):
    X, y, weights = categories()
    y = y / y.std()
    sparse, dense = (
        dropout_path(A, y, penalty=penalty, alphas=ALPHAS, sample_weight=weights) for A in (X, X.toarray())
    )
    assert sparse.converged_.all()
    assert_allclose(sparse.objectives_, dense.objectives_, rtol=1e-9)
    assert_allclose(sparse.residual_scales_, dense.residual_scales_, rtol=1e-7)
    for i in (5, 12, 19):
        again = certify_point(sparse, i, X, y, weights, penalty=penalty)
        assert sparse.objectives_[i] == pytest.approx(again.objective, rel=1e-10)
        assert again.kkt_residual <= 1e-6 * ALPHAS[i]


def test_certificates_are_those_of_the_rows(certify_point):
    for _, X in hostile():
        _, y, weights = categories()
        path = dropout_path(X, y, penalty="l1", alphas=ALPHAS, sample_weight=weights)
        for i in (3, 19):
            again = certify_point(path, i, X, y, weights, penalty="l1")
            assert path.objectives_[i] == pytest.approx(again.objective, rel=1e-10)
            assert again.dual_gap <= 1e-6 * again.objective
            assert path.dual_gaps_[i] == pytest.approx(again.dual_gap, abs=1e-9 * again.objective)


def test_formats(shared):
    X, y, weights = categories()
    model = AdaptiveDropoutRegressorCV(alphas=ALPHAS, penalty="l1", cv=3)
    reference = clone(model).fit(X, y, sample_weight=weights)
    wide = {name: getattr(X, name).astype(np.int64) for name in ("indices", "indptr")}
    spare = {name: np.append(getattr(X, name), 1) for name in ("data", "indices")}
    for A in (X.tocsr(), X.tocoo(), with_parts(X, **wide), with_parts(X, **spare), X.astype(np.float32)):
        other = clone(model).fit(A, y, sample_weight=weights)
        assert shared[-1] is not None
        assert_allclose(other.mse_path_, reference.mse_path_, rtol=1e-10)
        assert_allclose(other.coef_path_, reference.coef_path_, rtol=0, atol=1e-6 if A.dtype == np.float32 else 1e-10)


def test_a_weight_of_two_is_a_row_twice():
    X, y, _ = categories()
    twice = np.random.default_rng(3).integers(0, 3, size=len(y))
    rows = np.repeat(np.arange(len(y)), twice)
    for penalty in ("l1", "mcp", "variational_dropout"):
        weighted = dropout_path(X, y, penalty=penalty, alphas=ALPHAS, sample_weight=twice)
        repeated = dropout_path(X.tocsr()[rows], y[rows], penalty=penalty, alphas=ALPHAS)
        assert_allclose(weighted.objectives_, repeated.objectives_, rtol=1e-10)
        assert_allclose(weighted.predict(X, ALPHAS), repeated.predict(X, ALPHAS), rtol=0, atol=1e-8)


def test_automatic_alpha_and_several_targets():
    X, y, weights = categories()
    Y = np.column_stack([y, np.roll(y, 1), X @ np.arange(X.shape[1])])
    together = AdaptiveDropoutRegressor().fit(X, Y, sample_weight=weights)
    for k in range(3):
        alone = AdaptiveDropoutRegressor().fit(X.toarray(), Y[:, k], sample_weight=weights)
        assert together.alpha_[k] == pytest.approx(alone.alpha_, rel=1e-9)
        assert together.objective_[k] == pytest.approx(alone.objective_, rel=1e-9)
        assert_allclose(together.predict(X)[:, k], alone.predict(X), rtol=0, atol=1e-7 * np.abs(Y[:, k]).max())


def test_classifiers_share_nothing(shared):
    X, y, _ = categories()
    model = AdaptiveDropoutClassifierCV(alphas=[0.05, 0.01], penalty="l1", cv=3)
    sparse, dense = (clone(model).fit(A, y > np.median(y)) for A in (X, X.toarray()))
    assert all(products is None for products in shared)
    assert_allclose(sparse.score_path_, dense.score_path_, rtol=1e-8)


@pytest.mark.parametrize("penalty", ["l1", "variational_dropout"])
def test_the_same_bits_for_any_number_of_threads(penalty, shared):
    X, y, weights = categories(60_000, (2, 3, 6, 5, 30, 9, 4, 4, 7, 8))
    model = AdaptiveDropoutRegressorCV(alphas=ALPHAS, penalty=penalty, cv=3)
    answers = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            answers.append(clone(model).fit(X, y, sample_weight=weights))
        assert shared[-1] is not None
    for name in ("coef_path_", "mse_path_", "alphas_"):
        assert_array_equal(*(getattr(answer, name) for answer in answers))
