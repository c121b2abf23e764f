"""``AdaptiveDropoutRegressorCV`` against a loop of single fits, its laws, metadata and threads."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from joblib import parallel_backend
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LassoCV
from sklearn.metrics import make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutRegressor, AdaptiveDropoutRegressorCV, dropout_path
from pyreweight.penalties import ElasticNet


@pytest.fixture
def data(simulate):
    return simulate(60, 9, seed=1, correlation=0.3)


def by_hand(X, y, s, splits, alphas, **parameters):
    """Errors (n_alphas, n_folds), weights of the folds: single fits on copies of the training rows."""
    errors, weights = [], []
    for train, test in splits:
        models = [AdaptiveDropoutRegressor(a, **parameters).fit(X[train], y[train], s[train]) for a in alphas]
        errors.append([np.average((y[test] - m.predict(X[test])) ** 2, weights=s[test]) for m in models])
        weights.append(s[test].sum())
    return np.transpose(errors), np.array(weights)


@pytest.mark.parametrize("penalty", ["l1", ElasticNet(l1_ratio=0.6), "l2"], ids=str)
@pytest.mark.parametrize(("n", "p"), [(60, 9), (40, 70)])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_is_a_loop_of_fits(penalty, n, p, container, simulate):
    X, y, s = simulate(n, p, seed=1, correlation=0.3)
    s[::7] = 0
    X[np.abs(X) < 0.3] = 0
    cv = KFold(4, shuffle=True, random_state=0)
    model = AdaptiveDropoutRegressorCV(8, penalty=penalty, cv=cv).fit(container(X), y, sample_weight=s)
    errors, weights = by_hand(X, y, s, cv.split(X), model.alphas_, penalty=penalty)
    assert_allclose(model.mse_path_, errors, rtol=1e-8)
    assert_allclose(model.fold_weights_, weights)
    mean = np.average(errors, axis=1, weights=weights)
    best = int(np.argmin(mean))
    assert model.alpha_ == model.alphas_[best]
    error = np.sqrt(np.average((errors[best] - mean[best]) ** 2, weights=weights) / 3)
    assert model.alpha_1se_ == model.alphas_[mean <= mean[best] + error].max()

    path = dropout_path(X, y, penalty=penalty, sample_weight=s, alphas=8)
    assert_allclose(model.alphas_, path.alphas_, rtol=1e-10)
    assert_allclose(model.coef_path_, path.coefs_, rtol=1e-7, atol=1e-9)
    assert_array_equal(model.coef_path_, model.path_.coefs_)
    single = AdaptiveDropoutRegressor(model.alpha_, penalty=penalty).fit(X, y, sample_weight=s)
    for name in ("coef_", "intercept_", "eta_", "keep_prob_", "objective_", "noise_scale_"):
        assert_allclose(getattr(model, name), getattr(single, name), rtol=1e-6, atol=1e-9, err_msg=name)
    assert model.converged_
    assert model.n_iter_ >= 1


@pytest.mark.parametrize("penalty", ["variational_dropout", "mcp", "lp", "standout"])
def test_answer_is_the_point_of_the_path(penalty, data, certify):
    X, y, s = data
    model = AdaptiveDropoutRegressorCV(15, penalty=penalty, cv=3).fit(X, y, sample_weight=s)
    best = int(np.flatnonzero(model.alphas_ == model.alpha_)[0])
    assert_allclose(model.coef_, model.coef_path_[:, best], rtol=1e-7, atol=1e-10)
    assert_allclose(model.intercept_, model.path_.intercepts_[best], rtol=1e-8)
    judged = certify(model, X, y, s)
    assert judged.kkt_residual <= 1.01e-6 * model.alpha_
    assert_allclose(model.keep_prob_, judged.keep_prob, rtol=1e-6, atol=1e-9)
    mean, std = model.predict(X, return_std=True)
    assert np.all(std >= model.noise_scale_ * (1 - 1e-12))
    assert_allclose(mean, X @ model.coef_ + model.intercept_)


def test_same_choice_as_lasso_cv():
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    theirs = LassoCV(tol=1e-10, max_iter=100_000, eps=1e-3).fit(X, y)
    ours = AdaptiveDropoutRegressorCV(penalty="l1", standardize=False).fit(X, y)
    assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
    assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)


def test_one_standard_error(data):
    X, y, s = data
    best = AdaptiveDropoutRegressorCV(50).fit(X, y, sample_weight=s)
    spare = AdaptiveDropoutRegressorCV(50, one_standard_error=True).fit(X, y, sample_weight=s)
    assert spare.alpha_ == spare.alpha_1se_ == best.alpha_1se_ > best.alpha_
    assert np.count_nonzero(spare.coef_) <= np.count_nonzero(best.coef_)


# Laws


@pytest.mark.parametrize("penalty", ["l1", "mcp"])
def test_weights_are_copies(penalty, data):
    X, y, _ = data
    counts = np.random.default_rng(0).integers(0, 4, size=60)
    fold = np.arange(60) % 3
    weighted = AdaptiveDropoutRegressorCV(20, penalty=penalty, cv=PredefinedSplit(fold)).fit(X, y, counts)
    copied = AdaptiveDropoutRegressorCV(20, penalty=penalty, cv=PredefinedSplit(fold.repeat(counts)))
    copied.fit(X.repeat(counts, axis=0), y.repeat(counts))
    assert_allclose(weighted.mse_path_, copied.mse_path_, rtol=1e-7)
    assert_allclose(weighted.coef_path_, copied.coef_path_, rtol=1e-7, atol=1e-10)
    assert weighted.alpha_ == pytest.approx(copied.alpha_)
    assert weighted.alpha_1se_ == pytest.approx(copied.alpha_1se_)


def test_order_of_rows_and_of_folds(data):
    X, y, s = data
    rows, fold = np.random.default_rng(1).permutation(60), np.arange(60) % 4
    model = AdaptiveDropoutRegressorCV(10, cv=PredefinedSplit(fold)).fit(X, y, sample_weight=s)
    splits = list(PredefinedSplit(fold[rows]).split())[::-1]
    permuted = AdaptiveDropoutRegressorCV(10, cv=splits).fit(X[rows], y[rows], sample_weight=s[rows])
    assert_allclose(permuted.mse_path_[:, ::-1], model.mse_path_, rtol=1e-8)
    assert permuted.alpha_ == pytest.approx(model.alpha_)


def test_splits_that_repeat_or_overlap(data):
    """A row named twice counts twice; rows may be in both sets; masks are splits, too."""
    X, y, s = data
    twice = np.repeat(np.arange(40), 2)[:70]
    mask = np.arange(60) >= 30
    model = AdaptiveDropoutRegressorCV([0.1, 0.5], penalty="l1", cv=[(twice, np.arange(20, 60)), (mask, ~mask)])
    model.fit(X, y, sample_weight=s)
    splits = [(twice, np.arange(20, 60)), (np.flatnonzero(mask), np.flatnonzero(~mask))]
    errors, weights = by_hand(X, y, s, splits, model.alphas_, penalty="l1")
    assert_allclose(model.mse_path_, errors, rtol=1e-8)
    assert_allclose(model.fold_weights_, weights)


@pytest.mark.parametrize("n_jobs", [2, 3, -1])
def test_threads_change_nothing(n_jobs, simulate):
    X, y, s = simulate(80, 200, seed=2, correlation=0.5)
    serial = AdaptiveDropoutRegressorCV(15, penalty="scad").fit(X, y, sample_weight=s)
    threaded = AdaptiveDropoutRegressorCV(15, penalty="scad", n_jobs=n_jobs).fit(X, y, sample_weight=s)
    for name in ("mse_path_", "coef_path_", "coef_", "alphas_", "keep_prob_"):
        assert_array_equal(getattr(serial, name), getattr(threaded, name), err_msg=name)


def test_other_backends_still_use_threads(data):
    X, y, _ = data
    with parallel_backend("loky", n_jobs=2):
        model = AdaptiveDropoutRegressorCV(5).fit(X, y)
    assert_array_equal(model.mse_path_, AdaptiveDropoutRegressorCV(5).fit(X, y).mse_path_)


def test_scoring(data):
    X, y, s = data
    model = AdaptiveDropoutRegressorCV(10, scoring="neg_mean_absolute_error", cv=3, penalty="l1")
    model.fit(X, y, sample_weight=s)
    splits = list(KFold(3).split(X))
    expected = [
        [
            -mean_absolute_error(
                y[test],
                AdaptiveDropoutRegressor(a, penalty="l1").fit(X[train], y[train], s[train]).predict(X[test]),
                sample_weight=s[test],
            )
            for train, test in splits
        ]
        for a in model.alphas_
    ]
    assert_allclose(model.score_path_, expected, rtol=1e-7)
    assert model.mse_path_.shape == (10, 3)
    assert model.alpha_ == model.alphas_[np.argmax(np.average(expected, axis=1, weights=model.fold_weights_))]
    squared = AdaptiveDropoutRegressorCV(10, scoring="neg_mean_squared_error", cv=3, penalty="l1").fit(X, y, s)
    assert_allclose(-squared.score_path_, squared.mse_path_, rtol=1e-8)
    assert not hasattr(AdaptiveDropoutRegressorCV(10).fit(X, y), "score_path_")


def test_metadata_routing(data):
    X, y, s = data
    groups = np.arange(60) // 10
    with sklearn.config_context(enable_metadata_routing=True):
        model = AdaptiveDropoutRegressorCV(6, cv=GroupKFold(3)).set_fit_request(sample_weight=True)
        model.fit(X, y, sample_weight=s, groups=groups)
        assert_allclose(model.fold_weights_, [s[test].sum() for _, test in GroupKFold(3).split(X, y, groups)])
        seen = []

        def score(y_true, y_pred, sample_weight=None):
            seen.append(sample_weight)
            return r2_score(y_true, y_pred, sample_weight=sample_weight)

        scorer = make_scorer(score).set_score_request(sample_weight=True)
        clone(model).set_params(scoring=scorer).fit(X, y, sample_weight=s, groups=groups)
        _, test = next(GroupKFold(3).split(X, y, groups))
        assert_array_equal(seen[0], s[test])
        seen.clear()
        scorer = make_scorer(score).set_score_request(sample_weight=False)
        clone(model).set_params(scoring=scorer).fit(X, y, sample_weight=s, groups=groups)
        assert seen[0] is None
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        AdaptiveDropoutRegressorCV(cv=GroupKFold(3)).fit(X, y, groups=groups)


def test_in_a_pipeline_and_as_a_selector(data):
    X, y, _ = data
    pipeline = make_pipeline(StandardScaler(), SelectFromModel(AdaptiveDropoutRegressorCV(20)), LassoCV(alphas=5))
    assert pipeline.fit(X, y).score(X, y) > 0.5
    model = pickle.loads(pickle.dumps(AdaptiveDropoutRegressorCV(5).fit(X, y)))
    assert model.predict(X).shape == (60,)


# Degenerate data, arguments, messages


def test_nothing_to_explain(data):
    X, _, s = data
    for solver in ("auto", "irls"):
        model = AdaptiveDropoutRegressorCV(4, solver=solver).fit(X, np.full(60, 2.0), sample_weight=s)
        assert model.alpha_ == model.alpha_1se_ == 0
        assert_array_equal(model.coef_, 0)
        assert_allclose(model.predict(X), 2)
        assert_allclose(model.mse_path_, 0, atol=1e-28)


def test_constant_in_one_fold(data):
    """A column that varies only in the test rows, and a target that is constant in the training rows."""
    X, y, _ = data
    X, y = X.copy(), y.copy()
    X[:, 0] = 1
    X[50:, 0] = np.arange(10)
    y[:30] = 5
    model = AdaptiveDropoutRegressorCV(
        5, penalty="l1", cv=[(np.arange(50), np.arange(50, 60)), (range(30), range(30, 60))]
    )
    model.fit(X, y)
    errors, _ = by_hand(X, y, np.ones(60), model.cv, model.alphas_, penalty="l1")
    assert_allclose(model.mse_path_, errors, rtol=1e-8)


def test_folds_without_weight(data):
    X, y, s = data
    s = s.copy()
    s[:20] = 0
    model = AdaptiveDropoutRegressorCV(5, cv=3).fit(X, y, sample_weight=s)
    assert model.fold_weights_[0] == 0
    assert np.isnan(model.mse_path_[:, 0]).all()
    rest = AdaptiveDropoutRegressorCV(5, cv=list(KFold(3).split(X))[1:]).fit(X, y, sample_weight=s)
    assert model.alpha_ == rest.alpha_
    assert model.alpha_1se_ == rest.alpha_1se_
    with pytest.raises(ValueError, match="no training row"):
        AdaptiveDropoutRegressorCV(cv=[(range(20), range(20, 60))]).fit(X, y, sample_weight=s)
    with pytest.raises(ValueError, match="no test row"):
        AdaptiveDropoutRegressorCV(cv=[(range(20, 60), range(20))]).fit(X, y, sample_weight=s)


@pytest.mark.parametrize("unit", [2.0**700, 2.0**-700])
def test_choice_does_not_depend_on_the_units_of_the_target(data, unit):
    X, y, _ = data
    expected, far = (AdaptiveDropoutRegressorCV(10, penalty="l1").fit(X, z) for z in (y, y * unit))
    assert np.count_nonzero(expected.coef_) > 0
    assert_allclose(far.coef_ / unit, expected.coef_, rtol=1e-10)
    assert_allclose([far.alpha_ / unit, far.alpha_1se_ / unit], [expected.alpha_, expected.alpha_1se_], rtol=1e-12)
