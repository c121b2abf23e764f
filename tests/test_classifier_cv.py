"""``AdaptiveDropoutClassifierCV`` against a loop of single fits, its laws, scoring, labels, folds that miss a class."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from failed_fits import assert_failures_leave_what_was_there
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutClassifier, AdaptiveDropoutClassifierCV, dropout_path


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(90, 8)) * rng.uniform(0.5, 2, size=8)
    y = (X[:, 0] - X[:, 1] + rng.logistic(size=90) > 0.5).astype(int)
    return X, y, rng.uniform(0.2, 2, size=90)


def by_hand(X, y, s, splits, alphas, **parameters):
    """Minus log-losses (n_alphas, n_folds), weights of the folds: single fits on copies of the training rows."""
    scores, weights = [], []
    for train, test in splits:
        models = [AdaptiveDropoutClassifier(a, **parameters).fit(X[train], y[train], s[train]) for a in alphas]
        logs = [m.predict_log_proba(X[test])[np.arange(len(test)), y[test]] for m in models]
        scores.append([np.average(log, weights=s[test]) for log in logs])  # sklearn.metrics.log_loss is bounded
        weights.append(s[test].sum())
    return np.transpose(scores), np.array(weights)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_is_a_loop_of_fits(penalty, container, data):
    X, y, s = data
    s[::7] = 0
    X[np.abs(X) < 0.3] = 0
    model = AdaptiveDropoutClassifierCV(8, penalty=penalty).fit(container(X), y, sample_weight=s)
    scores, weights = by_hand(X, y, s, StratifiedKFold(5).split(X, y), model.alphas_, penalty=penalty)
    assert_allclose(model.score_path_, scores, rtol=1e-7)
    assert_allclose(model.fold_weights_, weights)
    mean = np.average(scores, axis=1, weights=weights)
    best = int(np.argmax(mean))
    assert model.alpha_ == model.alphas_[best]
    error = np.sqrt(np.average((scores[best] - mean[best]) ** 2, weights=weights) / 4)
    assert model.alpha_1se_ == model.alphas_[mean >= mean[best] - error].max()

    path = dropout_path(X, y, loss="logistic", penalty=penalty, sample_weight=s, alphas=8)
    assert_allclose(model.alphas_, path.alphas_, rtol=1e-10)
    assert_allclose(model.coef_path_, path.coefs_, rtol=1e-7, atol=1e-9)
    single = AdaptiveDropoutClassifier(model.alpha_, penalty=penalty).fit(X, y, sample_weight=s)
    for name in ("coef_", "intercept_", "eta_", "keep_prob_", "objective_", "noise_scale_"):
        assert_allclose(getattr(model, name), getattr(single, name), rtol=1e-6, atol=1e-9, err_msg=name)
    assert model.coef_.shape == model.eta_.shape == model.keep_prob_.shape == (1, 8)
    assert model.intercept_.shape == (1,)
    assert_allclose(model.predict_proba(X), single.predict_proba(X), atol=1e-7)


def test_same_choice_as_logistic_regression_cv():
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)[::3, :10]
    y, alphas = y[::3], np.geomspace(0.2, 0.02, 4)
    n = len(y)
    folds = list(StratifiedKFold(3).split(X, y))
    scores = []
    for train, test in folds:
        theirs = LogisticRegressionCV(
            Cs=1 / (len(train) * alphas),
            cv=[(train, test)],
            l1_ratios=(1,),
            solver="liblinear",
            random_state=0,
            fit_intercept=False,
            scoring="neg_log_loss",
            tol=1e-8,
            max_iter=10_000,
            use_legacy_attributes=False,
        ).fit(X, y)
        scores.append(np.ravel(theirs.scores_))
    ours = AdaptiveDropoutClassifierCV(alphas, penalty="l1", standardize=False, fit_intercept=False, cv=3)
    ours.fit(X, y)
    assert_allclose(ours.score_path_, np.transpose(scores), rtol=1e-5)
    assert np.argmax(ours.score_path_.mean(axis=1)) == np.argmax(np.mean(scores, axis=0))
    assert n == ours.fold_weights_.sum()


def test_points_of_a_nonconvex_path_are_as_good_as_single_fits():
    X, y = load_breast_cancer(return_X_y=True)
    path = dropout_path(X, y, loss="logistic", alphas=12)
    single = [AdaptiveDropoutClassifier(alpha).fit(X, y).objective_ for alpha in path.alphas_]
    assert np.all(path.objectives_ <= 1.02 * np.array(single))


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_three_classes_are_a_loop_of_fits(container, data):
    X, y, s = data
    X[np.abs(X) < 0.3] = 0
    y = np.array(["a", "b", "c"])[np.where(X[:, 2] > 0.5, 2, y)]
    model = AdaptiveDropoutClassifierCV(5, penalty="l1", cv=3, eps=0.05).fit(container(X), y, sample_weight=s)
    assert model.coef_.shape == model.keep_prob_.shape == (3, 8)
    for k, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        for i, alpha in enumerate(model.alphas_):
            fold = AdaptiveDropoutClassifier(alpha, penalty="l1").fit(X[train], y[train], s[train])
            logs = fold.predict_log_proba(X[test])[np.arange(len(test)), np.searchsorted(fold.classes_, y[test])]
            assert model.score_path_[i, k] == pytest.approx(np.average(logs, weights=s[test]), rel=1e-7)
    single = AdaptiveDropoutClassifier(model.alpha_, penalty="l1").fit(X, y, sample_weight=s)
    assert_allclose(model.predict_proba(X), single.predict_proba(X), atol=1e-7)
    right = AdaptiveDropoutClassifierCV(model.alphas_, penalty="l1", cv=3, scoring="accuracy").fit(
        X, y, sample_weight=s
    )
    assert right.score_path_.shape == (5, 3)
    assert right.score_path_.max() > 0.5


# Laws


@pytest.mark.parametrize("penalty", ["l1", "variational_dropout"])
def test_weights_are_copies(penalty, data):
    X, y, _ = data
    counts = np.random.default_rng(0).integers(0, 4, size=90)
    fold = np.arange(90) % 3
    weighted = AdaptiveDropoutClassifierCV(12, penalty=penalty, cv=PredefinedSplit(fold)).fit(X, y, counts)
    copied = AdaptiveDropoutClassifierCV(12, penalty=penalty, cv=PredefinedSplit(fold.repeat(counts)))
    copied.fit(X.repeat(counts, axis=0), y.repeat(counts))
    assert_allclose(weighted.score_path_, copied.score_path_, rtol=1e-7)
    assert_allclose(weighted.coef_path_, copied.coef_path_, rtol=1e-6, atol=1e-9)
    assert weighted.alpha_ == pytest.approx(copied.alpha_)
    assert weighted.alpha_1se_ == pytest.approx(copied.alpha_1se_)


@pytest.mark.parametrize("class_weight", [{0: 0.5, 1: 3}, "balanced"], ids=repr)
def test_class_weights_are_sample_weights(class_weight, data):
    X, y, s = data
    if class_weight == "balanced":
        factors = s.sum() / (2 * np.bincount(y, weights=s))
    else:
        factors = np.array([0.5, 3])
    by_class = AdaptiveDropoutClassifierCV(8, class_weight=class_weight).fit(X, y, sample_weight=s)
    by_row = AdaptiveDropoutClassifierCV(8).fit(X, y, sample_weight=s * factors[y])
    assert_allclose(by_class.score_path_, by_row.score_path_, rtol=1e-9)
    assert_allclose(by_class.coef_path_, by_row.coef_path_, rtol=1e-9, atol=1e-12)
    assert by_class.alpha_ == pytest.approx(by_row.alpha_)


@pytest.mark.parametrize("labels", [("no", "yes"), (False, True), (2.0, 7.0)], ids=repr)
def test_any_labels(labels, data):
    X, codes, _ = data
    labels = np.array(labels)
    reference = AdaptiveDropoutClassifierCV(6, scoring="accuracy").fit(X, codes)
    model = AdaptiveDropoutClassifierCV(6, scoring="accuracy").fit(X, labels[codes])
    assert_array_equal(model.classes_, labels)
    assert_array_equal(model.score_path_, reference.score_path_)
    assert_array_equal(model.predict(X), labels[reference.predict(X)])


def test_threads_change_nothing(data):
    X, y, s = data
    serial = AdaptiveDropoutClassifierCV(10, penalty="scad", eps=0.1).fit(X, y, sample_weight=s)
    threaded = AdaptiveDropoutClassifierCV(10, penalty="scad", eps=0.1, n_jobs=3).fit(X, y, sample_weight=s)
    for name in ("score_path_", "coef_path_", "coef_", "alphas_", "keep_prob_"):
        assert_array_equal(getattr(serial, name), getattr(threaded, name), err_msg=name)


# Folds, scoring, metadata


def test_default_folds_are_stratified(data):
    """Sorted labels: without stratification a training part would miss a class, or nearly."""
    X, y, _ = data
    order = np.argsort(y, kind="stable")
    model = AdaptiveDropoutClassifierCV(4, cv=3).fit(X[order], y[order])
    assert np.all(np.isfinite(model.score_path_))
    assert_allclose(model.fold_weights_, 30)
    cut = np.sort(np.r_[np.zeros(60, dtype=int), np.ones(30, dtype=int)])
    with pytest.raises(ValueError, match=r"fold 2 of cv has no training row of the class 'b'"):
        AdaptiveDropoutClassifierCV(4, cv=KFold(3)).fit(X, np.array(["a", "b"])[cut])
    with pytest.raises(ValueError, match="fold 0 of cv has no training row of the class 1"):
        AdaptiveDropoutClassifierCV(4, cv=[(np.flatnonzero(y == 0), np.flatnonzero(y == 1))]).fit(X, y)


def test_scoring(data):
    X, y, s = data
    reference = AdaptiveDropoutClassifierCV(6, penalty="l1").fit(X, y, sample_weight=s)
    by_name = AdaptiveDropoutClassifierCV(6, penalty="l1", scoring="neg_log_loss").fit(X, y, sample_weight=s)
    assert_allclose(by_name.score_path_, reference.score_path_, rtol=1e-9)
    assert by_name.alpha_ == reference.alpha_
    right = AdaptiveDropoutClassifierCV(6, penalty="l1", scoring="accuracy", cv=3).fit(X, y)
    expected = [
        [
            accuracy_score(y[test], AdaptiveDropoutClassifier(a, penalty="l1").fit(X[train], y[train]).predict(X[test]))
            for train, test in StratifiedKFold(3).split(X, y)
        ]
        for a in right.alphas_
    ]
    assert_allclose(right.score_path_, expected)
    mean = np.mean(expected, axis=1).round(12)
    assert right.alpha_ == right.alphas_[np.argmax(mean)]


def test_metadata_routing(data):
    X, y, s = data
    groups = np.arange(90) // 10
    seen = []

    def score(y_true, y_pred, sample_weight=None):
        seen.append(sample_weight)
        return accuracy_score(y_true, y_pred, sample_weight=sample_weight)

    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(score).set_score_request(sample_weight=True)
        model = AdaptiveDropoutClassifierCV(4, cv=GroupKFold(3), scoring=scorer).set_fit_request(sample_weight=True)
        model.fit(X, y, sample_weight=s, groups=groups)
        splits = list(GroupKFold(3).split(X, y, groups))
    assert_allclose(model.fold_weights_, [s[test].sum() for _, test in splits])
    assert_array_equal(seen[0], s[splits[0][1]])


def test_one_standard_error(data):
    X, y, s = data
    best = AdaptiveDropoutClassifierCV(30).fit(X, y, sample_weight=s)
    spare = AdaptiveDropoutClassifierCV(30, one_standard_error=True).fit(X, y, sample_weight=s)
    assert spare.alpha_ == spare.alpha_1se_ == best.alpha_1se_ > best.alpha_
    assert np.count_nonzero(spare.coef_) <= np.count_nonzero(best.coef_)


# Failures


def test_failing_fit_leaves_what_was_there(data):
    X, y, _ = data
    unconverged = AdaptiveDropoutClassifierCV(4, max_iter=1, tol=0.0)
    other = np.array(["a", "b"])[1 - y]
    assert_failures_leave_what_was_there(AdaptiveDropoutClassifierCV(4), unconverged, X, y, other)


def test_separable_data_with_a_bounded_penalty(data):
    """One warning for all the points, with the cause, at the caller; and one for the answer."""
    X, _, _ = data
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    with pytest.warns(ConvergenceWarning) as caught:
        model = AdaptiveDropoutClassifierCV(5, penalty="mcp", cv=3).fit(X, y)
    assert all("bounded penalty" in str(w.message) for w in caught)
    assert "points, the first at alpha=" in str(caught[0].message)
    assert len(caught) <= 2
    assert {w.filename for w in caught} == {__file__}
    assert np.all(np.isfinite(model.coef_path_))
    assert model.score(X, y) > 0.95
