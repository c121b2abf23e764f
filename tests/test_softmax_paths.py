"""Paths of the softmax loss, and sets of classes that can be separated."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from pyreweight import AdaptiveDropoutClassifier, dropout_path
from pyreweight.penalties import get_penalty

BOUNDED = ["mcp", "scad", "capped_l1", "exponential", "hard_concrete"]


@pytest.fixture
def draw():
    """Function that draws X and labels 0, ..., 3; with a gap, feature 0 separates the first two from the others."""

    def make(seed, n=160, p=8, gap=0.0):
        rng = np.random.default_rng([seed, n, p])
        X = rng.normal(size=(n, p))
        y = np.argmax(np.c_[X[:, 1], -X[:, 1], X[:, 2], -X[:, 2]] + rng.gumbel(size=(n, 4)), axis=1)
        X[:, 0] += gap * np.where(y < 2, -1, 1)
        return X, y

    return make


@pytest.mark.parametrize(
    ("penalty", "groups"),
    [
        ("l1", None),
        ("elastic_net", None),
        ("l2", None),
        ("mcp", None),
        ("variational_dropout", None),
        ("l1", [0, 0, 1, 1, 2, 2, 3, 3]),
        ("l1", "across_classes"),
        ("mcp", "across_classes"),
    ],
    ids=str,
)
def test_points_are_the_classifiers_models(penalty, groups, draw):
    X, y = draw(1)
    weights = np.random.default_rng(2).uniform(0.3, 2, size=len(y))
    model = AdaptiveDropoutClassifier(penalty=penalty, feature_groups=groups)
    convex = get_penalty(penalty).convex
    # The points of a nonconvex path depend on those before them.
    for alphas in [[0.1, 0.03, 0.01]] if convex else [[0.1], [0.03], [0.01]]:
        path = dropout_path(
            X, y, loss="softmax", penalty=penalty, alphas=alphas, sample_weight=weights, feature_groups=groups
        )
        assert path.converged_.all()
        assert path.coefs_.shape == (4 * X.shape[1], len(alphas))
        for i, alpha in enumerate(alphas):
            model.set_params(alpha=alpha).fit(X, y, weights)
            assert_allclose(path.objectives_[i], model.objective_, rtol=1e-9)
            assert_allclose(path.predict(X, alpha), model.predict_proba(X), atol=1e-5)


def test_grid_starts_at_the_null_model(draw):
    X, y = draw(3)
    path = dropout_path(X, y, loss="softmax", penalty="l1", alphas=5)
    assert_array_equal(path.coefs_[:, 0], 0)
    assert np.count_nonzero(path.coefs_[:, 1]) > 0
    shares = np.bincount(y) / len(y)
    assert_allclose(path.predict(X[:2], path.alphas_[0]), [shares, shares], rtol=1e-8)


@pytest.mark.parametrize("labels", [[0, 2], [1, 2], [0.5, 1.5], ["a", "b"], [0]], ids=repr)
def test_refuses_what_are_no_class_numbers(labels):
    X = np.random.default_rng(4).normal(size=(6, 3))
    with pytest.raises(ValueError, match="class numbers"):
        dropout_path(X, np.resize(labels, 6), loss="softmax")


@pytest.mark.parametrize("penalty", BOUNDED)
def test_sets_of_classes_that_are_separable(penalty, draw):
    """The classes within a set are not, so that the loss is bounded away from 0 and still falls for ever."""
    model = AdaptiveDropoutClassifier(0.02, penalty=penalty)
    X, y = draw(5, gap=4)
    with pytest.warns(ConvergenceWarning, match="bounded penalty"):
        model.fit(X, y)
    assert not model.converged_
    assert np.all(np.isfinite(model.coef_))
    assert model.n_iter_ < 60
    assert_array_equal(model.predict(X) < 2, y < 2)
    assert model.score(X, y) < 1
    assert model.fit(*draw(5)).converged_


@pytest.mark.parametrize("penalty", ["l1", "variational_dropout"])
def test_sets_of_classes_with_an_unbounded_penalty(penalty, draw):
    X, y = draw(6, gap=4)
    assert AdaptiveDropoutClassifier(0.02, penalty=penalty).fit(X, y).converged_
    assert AdaptiveDropoutClassifier(0.02, penalty=penalty).fit(*load_iris(return_X_y=True)).converged_


def test_ebic_chooses_no_more_than_bic(draw):
    """Its penalty is that of the BIC and more."""
    for seed in range(3):
        X, _ = draw(seed, n=100, p=10)
        y = np.random.default_rng(seed).integers(0, 3, size=100)
        path = dropout_path(X, y, loss="softmax", penalty="l1", alphas=30)
        sizes = np.count_nonzero(path.coefs_, axis=0)
        assert sizes[path.select("ebic")] <= sizes[path.select("bic")]


@pytest.mark.parametrize("penalty", ["mcp", "scad", "exponential"])
def test_without_intercept_a_gap_beside_zero_separates_nothing(penalty):
    """Classes 0 and 1 lie below class 2, but all rows on one side of zero."""
    x = np.array([1, 2, 3, 1.2, 2.1, 2.9, 5, 6, 7.0])[:, np.newaxis]
    y = [0, 1, 0, 1, 0, 1, 2, 2, 2]
    model = AdaptiveDropoutClassifier(0.01, penalty=penalty, fit_intercept=False, standardize=False).fit(x, y)
    assert model.converged_
