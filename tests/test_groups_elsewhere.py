"""Groups of features on paths, with other losses and the iteration of the paper; labels that are refused."""

import numpy as np
import pytest
from group_problems import Judge, group_problem
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from pyreweight import (
    AdaptiveDropoutClassifier,
    AdaptiveDropoutClassifierCV,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
    dropout_path,
)
from pyreweight.penalties import get_penalty


@pytest.fixture(scope="module")
def problem():
    return group_problem()


@pytest.mark.parametrize("name", ["l1", "log_sum", "variational_bayes_dropout"])
def test_the_iteration_of_the_paper_ends_at_the_same_objective(problem, name):
    X, y, weights, labels = problem
    fast = AdaptiveDropoutRegressor(0.1, penalty=name, feature_groups=labels).fit(X, y, weights)
    loop = AdaptiveDropoutRegressor(
        0.1, penalty=name, feature_groups=labels, solver="irls", max_iter=20_000, tol=1e-12
    ).fit(X, y, weights)
    assert_allclose(loop.objective_, fast.objective_, rtol=1e-8)
    for label in range(10):  # one eta and one keep probability per group
        assert len(np.unique(loop.eta_[labels == label])) == 1
        assert np.ptp(loop.keep_prob_[labels == label]) <= 1e-15
    # The first iterates: ridge at keep probability 1/2, then eta of the norm of each group for all of it.
    pi = weights / weights.sum()
    Z = (X - pi @ X) / np.sqrt(pi @ (X - pi @ X) ** 2)
    G, c, penalty = (Z.T * pi) @ Z, Z.T @ (pi * (y - pi @ y)), get_penalty(name)
    with pytest.warns(ConvergenceWarning):
        two = AdaptiveDropoutRegressor(0.1, penalty=name, feature_groups=labels, solver="irls", max_iter=2).fit(
            X, y, weights
        )
    v = np.linalg.solve(G + np.eye(30), c)
    sizes = np.bincount(labels)[labels]
    norms = np.sqrt(np.bincount(labels, v**2))[labels]
    v = np.linalg.solve(G + np.diag(0.1 * np.sqrt(sizes) / penalty.eta(norms, 0.1)), c)
    assert_allclose(two.coef_ * np.sqrt(pi @ (X - pi @ X) ** 2), v, rtol=1e-9)


def test_paths_warm_starts_and_choices_of_alpha(problem):
    X, y, weights, labels = problem
    path = dropout_path(X, y, penalty="l1", alphas=20, sample_weight=weights, feature_groups=labels)
    assert path.converged_.all()
    assert not path.coefs_[:, 0].any()
    for i in (1, 7, 19):
        model = AdaptiveDropoutRegressor(path.alphas_[i], penalty="l1", feature_groups=labels).fit(X, y, weights)
        assert_allclose(path.coefs_[:, i], model.coef_, atol=1e-9)
        assert model.coef_.any()
    # The top is the least alpha that keeps all groups out.
    top = AdaptiveDropoutRegressor(path.alphas_[0] * (1 + 1e-9), penalty="l1", feature_groups=labels).fit(X, y, weights)
    assert not top.coef_.any()

    # Degrees of freedom of group l1: tr (G + H)^-1 G over the features that are in, H the curvature of their norms.
    pi, i = weights / weights.sum(), 7
    Z = (X - pi @ X) / np.sqrt(pi @ (X - pi @ X) ** 2)
    w = path.coefs_[:, i] * np.sqrt(pi @ (X - pi @ X) ** 2)
    active = np.flatnonzero(w)
    H = np.zeros((30, 30))
    for group in (np.flatnonzero(labels == label) for label in np.unique(labels[active])):
        u = w[group] / np.linalg.norm(w[group])
        bend = path.alphas_[i] * np.sqrt(len(group)) / np.linalg.norm(w[group])
        H[np.ix_(group, group)] = bend * (np.eye(len(group)) - np.outer(u, u))
    G = (Z[:, active].T * pi) @ Z[:, active]
    trace = np.trace(np.linalg.solve(G + H[np.ix_(active, active)], G))
    assert_allclose(path.degrees_of_freedom_[i], trace, rtol=1e-9)
    assert trace < len(active) - 0.1

    warm = AdaptiveDropoutRegressor(0.3, penalty="mcp", feature_groups=labels, warm_start=True).fit(X, y, weights)
    warm.set_params(alpha=0.1).fit(X, y, weights)
    assert Judge(warm, X, y, weights, labels).kkt_residual <= 1e-10
    automatic = AdaptiveDropoutRegressor(feature_groups=labels).fit(X, y)
    assert Judge(automatic, X, y, np.ones(60), labels).kkt_residual <= 1e-9
    assert {0, 3} <= set(labels[automatic.coef_ != 0]) < set(range(10))
    chosen = AdaptiveDropoutRegressorCV(10, feature_groups=labels, cv=3).fit(X, y)
    assert Judge(chosen, X, y, np.ones(60), labels).kkt_residual <= 1e-9


@pytest.mark.parametrize("name", ["l1", "variational_dropout"])
def test_other_losses(problem, name):
    X, y, weights, labels = problem
    classes = (y > np.median(y)).astype(float)
    model = AdaptiveDropoutClassifier(0.05, penalty=name, feature_groups=labels).fit(X, classes, weights)
    judged = Judge(model, X, classes, weights, labels, family="logistic")
    assert judged.kkt_residual <= 1e-9
    assert_allclose(model.objective_, judged.objective, rtol=1e-11)
    assert 0 < len(np.unique(labels[model.coef_[0] != 0])) < 10
    if name == "l1":
        assert 0 <= model.dual_gap_ <= 1e-9
        loop = AdaptiveDropoutClassifier(
            0.05, penalty=name, feature_groups=labels, solver="irls", max_iter=5000, tol=1e-10
        ).fit(X, classes, weights)
        assert_allclose(loop.objective_, model.objective_, rtol=1e-7)
    counts = np.random.default_rng(1).poisson(np.exp((y - y.mean()) / 4))
    model = AdaptiveDropoutRegressor(0.1, penalty=name, loss="poisson", feature_groups=labels).fit(X, counts, weights)
    assert Judge(model, X, counts, weights, labels, family="poisson").kkt_residual <= 1e-9
    huber = AdaptiveDropoutRegressor(0.1, penalty=name, loss="huber", feature_groups=labels).fit(X, y, weights)
    assert huber.converged_
    assert len(np.unique(labels[huber.coef_ != 0])) == sum(np.all(huber.coef_[labels == g] != 0) for g in range(10))
    path = dropout_path(X, classes, loss="logistic", penalty=name, alphas=5, feature_groups=labels)
    assert path.converged_.all()


def test_classifier_cv(problem):
    X, y, _, labels = problem
    model = AdaptiveDropoutClassifierCV(6, feature_groups=labels, cv=3).fit(X, y > np.median(y))
    inside = labels[model.coef_[0] != 0]
    assert all(np.all(model.coef_[0][labels == label] != 0) for label in np.unique(inside))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(29, dtype=int), "must have shape"),
        (np.zeros((30, 1)), "must have shape"),
        (3, "must have shape"),
        (np.r_[np.nan, np.zeros(29)], "no label .* feature 0"),
        (["a"] * 12 + [None] + ["b"] * 17, "no label .* feature 12"),
        (np.array(["a"] * 29 + [2], dtype=object), "one type"),
        (["a"] * 29 + [2], "one type"),
        (["nan"] * 29 + [np.nan], "no label .* feature 29"),
        (np.ma.masked_array(np.zeros(30), mask=np.arange(30) == 3), "masked"),
    ],
)
def test_bad_labels_are_named(problem, labels, message):
    X, y, _, _ = problem
    for model in (AdaptiveDropoutRegressor(0.1, penalty="l1"), AdaptiveDropoutClassifier(0.1, penalty="l1")):
        with pytest.raises(ValueError, match=f"feature_groups.*{message}"):
            model.set_params(feature_groups=labels).fit(X, y > 3)


def test_unequal_weights_in_a_group_are_refused(problem):
    X, y, _, labels = problem
    factors = np.ones(30)
    factors[np.flatnonzero(labels == 0)[0]] = 2
    with pytest.raises(ValueError, match="feature_weights must be the same within each of the feature_groups"):
        AdaptiveDropoutRegressor(0.1, penalty="l1", feature_weights=factors, feature_groups=labels).fit(X, y)
