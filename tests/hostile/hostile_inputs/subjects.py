"""What is put to the test: every public estimator and function behind one way to call it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import pyreweight


@dataclass
class Fitted:
    """An answer: one column of coefficients for each alpha (and target), as (n_features, n_points)."""

    alphas: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray
    predict: Callable
    model: Any


@dataclass(frozen=True)
class Subject:
    """One estimator or function; `call` fits it and returns (alphas, coefs, intercepts, predict, model)."""

    name: str
    call: Callable = field(repr=False)
    make: Callable | None = field(repr=False)  # makes the unfitted estimator; None for functions
    classifier: bool = False
    grid: bool = False  # whether `alphas` takes the place of `alpha`

    def fit(self, X, y, sample_weight=None, **params) -> Fitted:
        """Fit on data as they are; `alpha` and `start` mean the same for all subjects."""
        if self.grid and "alpha" in params:
            params["alphas"] = [params.pop("alpha")]
        return Fitted(*self.call(X, y, sample_weight, params))

    def targets(self, y):
        """Return a numeric y as targets of this subject: labels for a classifier."""
        return np.where(y > np.median(y), 1, 0) if self.classifier else y


def cross_validated(subject):
    """Whether the subject takes `cv`."""
    return "cv" in subject.name


def _estimator(make):
    def call(X, y, sample_weight, params):
        model = make(**params)
        model.fit(X, y) if sample_weight is None else model.fit(X, y, sample_weight=sample_weight)
        coefs = np.atleast_2d(model.coef_).T
        predict = model.decision_function if hasattr(model, "decision_function") else model.predict
        return np.atleast_1d(model.alpha_), coefs, np.atleast_1d(model.intercept_), predict, model

    return call


def _path(X, y, sample_weight, params):
    path = pyreweight.dropout_path(X, y, **({"alphas": 8} | params), sample_weight=sample_weight)
    return path.alphas_, path.coefs_, path.intercepts_, lambda Z: path.predict(Z, path.alphas_[-1]), path


def _cross_validated(estimator, **options):
    return lambda **params: estimator(**({"alphas": 8, "cv": 3} | options | params))


_REGRESSOR_CV = _cross_validated(pyreweight.AdaptiveDropoutRegressorCV)
# Labels of few rows can often be separated: the coefficients at the weakest penalties are then near infinity.
_CLASSIFIER_CV = _cross_validated(pyreweight.AdaptiveDropoutClassifierCV, eps=0.05)

SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("regressor", _estimator(pyreweight.AdaptiveDropoutRegressor), pyreweight.AdaptiveDropoutRegressor),
        Subject("regressor-cv", _estimator(_REGRESSOR_CV), _REGRESSOR_CV, grid=True),
        Subject("path", _path, None, grid=True),
        Subject(
            "classifier",
            _estimator(pyreweight.AdaptiveDropoutClassifier),
            pyreweight.AdaptiveDropoutClassifier,
            classifier=True,
        ),
        Subject("classifier-cv", _estimator(_CLASSIFIER_CV), _CLASSIFIER_CV, classifier=True, grid=True),
    )
}
