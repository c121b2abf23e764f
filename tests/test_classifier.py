"""AdaptiveDropoutClassifier: agreement with scikit-learn and the oracles, labels, weights, separation."""

import json
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pyreweight import AdaptiveDropoutClassifier
from pyreweight.penalties import LogSum

BOUNDED = ["mcp", "scad", "capped_l1", "geman", "geman_mcclure", "exponential", "standout", "hard_concrete"]


@pytest.fixture
def draw():
    """Function that draws X, labels 0 and 1 with a given share of 1, and weights."""

    def make(seed, n=80, p=20, share=0.5, sparse=False):
        rng = np.random.default_rng([seed, n, p])
        X = rng.normal(size=(n, p)) * (rng.uniform(size=(n, p)) < (0.3 if sparse else 1))
        z = X[:, : min(p, 4)] @ rng.normal(size=min(p, 4)) + rng.logistic(size=n)
        y = (z > np.quantile(z, 1 - share)).astype(int)
        return (sp.csr_array(X) if sparse else X), y, rng.uniform(0.2, 2, size=n)

    return make


def objective(X, y, weights, alpha, coef, intercept):
    pi = weights / weights.sum()
    z = X @ np.ravel(coef) + np.ravel(intercept)[0]
    return pi @ (np.logaddexp(0, z) - y * z) + alpha * np.abs(coef).sum()


@pytest.mark.parametrize("seed", range(30))
def test_l1_is_scikit_learns(seed, draw):
    """Tall, wide, imbalanced, dense, sparse, weighted or not, with intercept (saga) and without (liblinear)."""
    n, p = [(80, 20), (50, 70), (1000, 8)][seed % 3]
    share = 0.01 if n == 1000 else 0.4
    X, y, weights = draw(seed, n, p, share, sparse=seed % 2 == 1)
    weights = weights if seed % 5 else np.ones(n)
    intercept = seed % 4 > 1
    pi = weights / weights.sum()
    top = np.abs((pi * (y - (pi @ y if intercept else 0.5))) @ X).max()
    alpha = [0.5, 0.2][seed // 3 % 2] * top
    model = AdaptiveDropoutClassifier(alpha, penalty="l1", standardize=False, fit_intercept=intercept)
    model.fit(X, y, sample_weight=weights)
    solver = {"solver": "saga"} if intercept else {"solver": "liblinear", "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = LogisticRegression(
            l1_ratio=1, C=1 / (weights.sum() * alpha), fit_intercept=intercept, tol=1e-13, max_iter=30_000, **solver
        ).fit(X, y, sample_weight=weights)
    ours = objective(X, y, weights, alpha, model.coef_, model.intercept_)
    theirs = objective(X, y, weights, alpha, peer.coef_, peer.intercept_)
    assert model.converged_
    assert model.dual_gap_ <= 1e-10 * ours
    assert model.objective_ == pytest.approx(ours, rel=1e-12)
    assert ours <= theirs * (1 + 1e-10)
    assert theirs <= ours * (1 + 1e-8)  # how far the peer got
    assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-4 if theirs > ours * (1 + 1e-13) else 1e-6)


def test_oracles(shared):
    problems = json.loads((shared / "oracles" / "solutions.json").read_text())["problems"]
    found = 0
    for problem in problems:
        if problem["loss"] != "logistic":
            continue
        found += 1
        X, y = np.array(problem["X"]), np.array(problem["y"])
        if problem["penalty"]["name"] == "lp":
            penalty, alpha = "l1", problem["lambda"]
        else:
            eps = problem["penalty"]["eps"]
            penalty, alpha = LogSum(scale=eps), problem["lambda"] / eps
        model = AdaptiveDropoutClassifier(alpha, penalty=penalty, standardize=False, tol=1e-12)
        model.fit(X, y, sample_weight=problem["sample_weight"])
        assert_allclose(model.coef_[0], problem["coef"], rtol=0, atol=1e-12)
        assert_allclose(model.intercept_, problem["intercept"], rtol=1e-12)
        assert_allclose(model.objective_, problem["objective"], rtol=1e-13)
    assert found == 2


def test_paper_loop_iterate_for_iterate(shared):
    problems = json.loads((shared / "oracles" / "solutions.json").read_text())["problems"]
    problem = next(p for p in problems if p["name"] == "log_sum_logistic_irls")
    X, y, eps = np.array(problem["X"]), np.array(problem["y"]), problem["penalty"]["eps"]
    model = AdaptiveDropoutClassifier(
        problem["lambda"] / eps,
        penalty=LogSum(scale=eps),
        standardize=False,
        solver="irls",
        max_iter=1,
        warm_start=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
        model.coef_ = np.array([problem["iterates"][0][:-1]])
        for iterate, value in zip(problem["iterates"][1:], problem["iterate_objectives"][1:], strict=True):
            model.fit(X, y)
            assert_allclose(model.coef_[0], iterate[:-1], rtol=1e-12)
            assert_allclose(model.intercept_, iterate[-1], rtol=1e-12)
            assert_allclose(model.objective_, value, rtol=1e-13)
    model.set_params(max_iter=1000, tol=1e-10).fit(X, y)
    assert_allclose(model.coef_[0], problem["coef"], rtol=0, atol=1e-8)


def test_both_solvers_agree(draw):
    X, y, weights = draw(0, 200, 12)
    for penalty in ("l1", "l2", "elastic_net"):
        auto = AdaptiveDropoutClassifier(0.05, penalty=penalty).fit(X, y, sample_weight=weights)
        irls = AdaptiveDropoutClassifier(0.05, penalty=penalty, solver="irls", tol=1e-12, max_iter=5000)
        irls.fit(X, y, sample_weight=weights)
        assert_allclose(irls.coef_, auto.coef_, rtol=0, atol=1e-7)
        assert auto.objective_ <= irls.objective_ * (1 + 1e-12)


@pytest.mark.parametrize("penalty", ["variational_dropout", "l1", "mcp", "lp", "l2"])
def test_dense_and_sparse_agree(penalty, draw):
    X, y, weights = draw(0, 150, 30, sparse=True)
    model = AdaptiveDropoutClassifier(0.03, penalty=penalty)
    sparse = model.fit(X, y, sample_weight=weights).coef_
    probabilities = model.predict_proba(X)
    dense = model.fit(X.toarray(), y, sample_weight=weights).coef_
    assert_allclose(sparse, dense, rtol=0, atol=1e-10)
    assert_allclose(model.predict_proba(X.toarray()), probabilities, atol=1e-10)


@pytest.mark.parametrize(
    "labels",
    [("no", "yes"), (False, True), (-1, 1), (2, 7), (0.0, 1.0), (np.int8(3), np.int8(4))],
    ids=repr,
)
def test_any_labels(labels, draw):
    X, codes, _ = draw(1)
    labels = np.array(labels)
    model = AdaptiveDropoutClassifier(0.05).fit(X, labels[codes])
    reference = AdaptiveDropoutClassifier(0.05).fit(X, codes)
    assert_array_equal(model.classes_, labels)
    assert_array_equal(model.coef_, reference.coef_)
    assert_array_equal(model.predict(X), labels[reference.predict(X)])


def test_predictions_are_consistent(draw):
    X, y, _ = draw(2)
    model = AdaptiveDropoutClassifier(0.05).fit(X, y)
    z, q = model.decision_function(X), model.predict_proba(X)
    assert_allclose(q[:, 1], 1 / (1 + np.exp(-z)))
    assert_allclose(q.sum(axis=1), 1)
    assert_allclose(model.predict_log_proba(X), np.log(q))
    assert_array_equal(model.predict(X), (z > 0).astype(int))
    far = model.predict_log_proba(1e5 * X)
    assert np.all(np.isfinite(far))
    assert model.coef_.shape == model.eta_.shape == model.keep_prob_.shape == (1, X.shape[1])
    assert model.intercept_.shape == (1,)


def test_sparsify(draw):
    X, y, _ = draw(3)
    model = AdaptiveDropoutClassifier(0.05).fit(X, y)
    coef, z = model.coef_, model.decision_function(X)
    assert sp.issparse(model.sparsify().coef_)
    assert_allclose(model.decision_function(X), z)
    assert_allclose(pickle.loads(pickle.dumps(model)).decision_function(X), z)
    model.set_params(warm_start=True).fit(X, y)
    assert_allclose(model.coef_, coef, atol=1e-10)
    assert_allclose(model.sparsify().densify().coef_, coef, atol=1e-10)


def test_swapping_the_classes_changes_the_sign(draw):
    X, y, _ = draw(4)
    for penalty in ("l1", "variational_dropout", "scad"):
        model = AdaptiveDropoutClassifier(0.05, penalty=penalty)
        one = model.fit(X, y).coef_
        assert_allclose(model.fit(X, 1 - y).coef_, -one, rtol=0, atol=1e-10)


def test_class_weight(draw):
    X, y, weights = draw(5, share=0.2)
    model = AdaptiveDropoutClassifier(0.05)
    by_hand = model.fit(X, y, sample_weight=weights * np.where(y == 1, 3, 0.5)).coef_
    by_class = model.set_params(class_weight={0: 0.5, 1: 3}).fit(X, y, sample_weight=weights).coef_
    assert_allclose(by_class, by_hand, rtol=0, atol=1e-10)
    balanced = model.set_params(class_weight="balanced").fit(X, y, sample_weight=weights)
    factors = weights.sum() / (2 * np.bincount(y, weights=weights))
    by_hand = model.set_params(class_weight=None).fit(X, y, sample_weight=weights * factors[y]).coef_
    assert_allclose(balanced.coef_, by_hand, rtol=0, atol=1e-10)
    for wrong, message in (({5: 1.0}, "names the class"), ({1: -1.0}, "positive"), ("even", "class_weight must be")):
        with pytest.raises(ValueError, match=message):
            model.set_params(class_weight=wrong).fit(X, y)


def test_wrong_classes_are_refused(draw):
    X, y, _ = draw(6)
    model = AdaptiveDropoutClassifier()
    with pytest.raises(ValueError, match="one class"):
        model.fit(X, np.zeros(len(y)))
    with pytest.raises(ValueError, match="one class"):
        model.fit(X, y, sample_weight=y)
    with pytest.raises(ValueError, match="Unknown label type"):
        model.fit(X, X[:, 0])
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.where(y == 1, np.nan, 0.0))


@pytest.mark.parametrize("penalty", BOUNDED)
@pytest.mark.parametrize("solver_options", [{}, {"fit_intercept": False}], ids=repr)
def test_separable_data_with_a_bounded_penalty(penalty, solver_options, draw):
    """No minimiser: a finite answer that separates, in bounded time, and a warning that says why."""
    X, _, _ = draw(7, 60, 10)
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    model = AdaptiveDropoutClassifier(0.02, penalty=penalty, **solver_options)
    with pytest.warns(ConvergenceWarning, match="bounded penalty"):
        model.fit(X, y)
    assert not model.converged_
    assert np.all(np.isfinite(model.coef_))
    assert model.score(X, y) == 1
    assert model.n_iter_ < 60


@pytest.mark.parametrize("penalty", ["l1", "elastic_net", "log_sum", "variational_dropout", "l2"])
def test_separable_data_with_an_unbounded_penalty(penalty, draw):
    X, _, _ = draw(8, 60, 10)
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    for alpha in (0.1, 1e-3, 1e-5):
        model = AdaptiveDropoutClassifier(alpha, penalty=penalty, max_iter=500).fit(X, y)
        assert model.converged_
        assert model.score(X, y) >= 0.9


@pytest.mark.parametrize("penalty", ["mcp", "scad", "capped_l1", "exponential", "standout", "hard_concrete"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_some_rows_separated_by_a_combination(penalty, fit_intercept):
    """Two columns together tell the class of half of the rows and nothing of the others: no minimiser either."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 8))
    side = rng.choice([0, 1, -1], size=200, p=[0.5, 0.25, 0.25])
    X[:, 1] = side * rng.uniform(0.3, 2, size=200) - X[:, 0]
    y = np.where(side == 0, rng.integers(2, size=200), side > 0).astype(int)
    model = AdaptiveDropoutClassifier(0.02, penalty=penalty, fit_intercept=fit_intercept)
    with pytest.warns(ConvergenceWarning, match="bounded penalty.*larger alpha"):
        model.fit(X, y)
    assert not model.converged_
    assert np.all(np.isfinite(model.coef_))
    assert model.score(X[side != 0], y[side != 0]) == 1
    assert model.n_iter_ < 40


@pytest.mark.parametrize("alpha", [0.005, 0.002])
def test_words_of_few_documents(alpha):
    """Thousands of columns that are nearly alone in their rows: a few dozen curvatures decide which of them stay."""
    rng = np.random.default_rng(0)
    n, p = 3000, 6000
    common = sp.csc_array(rng.poisson(0.05, size=(n, 60)).astype(float))
    rare = sp.coo_array((np.ones(3 * p), (rng.integers(n, size=3 * p), np.repeat(np.arange(p), 3))), shape=(n, p))
    X = sp.hstack([common, rare]).tocsc()
    w = np.zeros(60 + p)
    w[:20], w[60 : 60 + p // 5] = 2 * rng.normal(size=20), 3 * rng.normal(size=p // 5)
    y = (X @ w + rng.logistic(size=n) > 0).astype(int)
    model = AdaptiveDropoutClassifier(alpha).fit(X, y)
    assert model.converged_
    assert model.n_iter_ <= 30
    assert model.kkt_residual_ <= 1e-9 * alpha


def test_imbalance_costs_nothing(draw):
    """One row in a thousand: about as many Newton steps as with even classes."""
    steps = []
    for share in (0.5, 0.01, 0.001):
        X, y, _ = draw(9, 5000, 10, share=share)
        pi = np.mean(y)
        top = np.abs((y - pi) @ X).max() / len(y)
        steps.append(AdaptiveDropoutClassifier(0.3 * top, penalty="l1").fit(X, y).n_iter_)
    assert max(steps) <= 12


def test_alpha_auto(draw):
    X, y, _ = draw(10, 400, 30)
    model = AdaptiveDropoutClassifier().fit(X, y)
    sigma = np.sqrt(np.mean(y) * (1 - np.mean(y)))
    assert model.noise_scale_ == pytest.approx(sigma)
    assert model.alpha_ == pytest.approx(sigma * np.sqrt(np.log(30) / (2 * len(y))))
    noise = np.random.default_rng(0).permutation(y)
    null = AdaptiveDropoutClassifier().fit(X, noise)
    assert not null.coef_.any()
    assert_allclose(null.predict_proba(X)[:, 1], np.mean(y))
