"""What an answer must be: finite and right, or a refusal that names the argument."""

import re
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning

from pyreweight.penalties import get_penalty


@dataclass
class Trial:
    """Data and parameters of one call; `like` is the ordinary problem that has the same answer in other units."""

    X: Any
    y: Any
    sample_weight: Any = None
    params: dict = field(default_factory=dict)
    like: "Trial | None" = None
    x_unit: Any = 1.0  # columns of X in units of those of `like`
    y_unit: float = 1.0
    rtol: float = 1e-7
    label: str = ""
    expected: Any = None  # overrides what the table says
    warns: tuple = ()  # categories of warnings that may come

    def fit(self, subject):
        """Fit the subject; warnings that are not announced are errors."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for category in self.warns:
                warnings.simplefilter("ignore", category)
            return subject.fit(self.X, self.y, self.sample_weight, **self.params)


@dataclass(frozen=True)
class Refused:
    """A ``ValueError`` or ``TypeError`` with one of the words."""

    words: str

    def __call__(self, subject, trial):
        try:
            trial.fit(subject)
        except (ValueError, TypeError) as error:
            assert re.search(self.words, str(error)), f"the refusal does not name {self.words}: {error}"
        else:
            raise AssertionError("was accepted")


def answers(subject, trial):
    """Check that everything is finite and the stationarity conditions hold, recomputed from the definitions."""
    fitted = _fit_finite(subject, trial)
    _check_certificates(subject, trial, fitted)


def finite(subject, trial):
    """Check that everything is finite: for data on which the certificate itself has no digits."""
    _fit_finite(subject, trial)


def same(subject, trial):
    """Check the answer against that of the ordinary problem, in its units."""
    fitted, expected = _fit_finite(subject, trial), trial.like.fit(subject)
    y_unit = 1.0 if subject.classifier else trial.y_unit
    x_unit = np.broadcast_to(trial.x_unit, len(fitted.coefs))[:, None]
    with np.errstate(over="ignore", under="ignore"):
        coefs = fitted.coefs / y_unit * x_unit
    size = max(np.abs(expected.coefs).max(initial=0), 1e-300)
    np.testing.assert_allclose(coefs / size, expected.coefs / size, rtol=0, atol=trial.rtol, err_msg="coefficients")
    size = max(np.abs(expected.intercepts).max(initial=0), size)
    intercepts = np.asarray(fitted.intercepts) / y_unit / size
    np.testing.assert_allclose(intercepts, expected.intercepts / size, rtol=0, atol=trial.rtol, err_msg="intercepts")


def same_or_refused(words):
    """Return a check that takes the right answer or a refusal with one of the words."""

    def check(subject, trial):
        try:
            trial.fit(subject)
        except (ValueError, TypeError) as error:
            assert re.search(words, str(error)), f"the refusal does not name {words}: {error}"
        else:
            (answers if trial.like is None else same)(subject, trial)

    return check


def _fit_finite(subject, trial):
    before = _memory(trial)
    fitted = trial.fit(subject)
    assert _memory(trial) == before, "the caller's arrays were changed"
    for name in ("alphas", "coefs", "intercepts"):
        assert np.all(np.isfinite(getattr(fitted, name))), f"{name} are not finite"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.all(np.isfinite(fitted.predict(trial.X))), "predictions are not finite"
    return fitted


def _memory(trial):
    parts = []
    for data in (trial.X, trial.y, trial.sample_weight):
        if sp.issparse(data):
            names = ("data", "indices", "indptr", "row", "col", "offsets")
            parts += [np.array(getattr(data, name)).tobytes() for name in names if hasattr(data, name)]
        elif isinstance(data, np.ndarray) and data.dtype != object:
            parts.append(np.asarray(data).tobytes())
    return parts


def _check_certificates(subject, trial, fitted):
    """Stationarity of every point, in extended precision, for l1 and for the default penalty."""
    X = np.asarray(trial.X.toarray() if sp.issparse(trial.X) else trial.X, dtype=np.longdouble)
    Y = np.asarray(trial.y, dtype=np.longdouble).reshape(len(X), -1)
    s = np.ones(len(X)) if trial.sample_weight is None else np.asarray(trial.sample_weight, dtype=np.longdouble)
    intercept, standardize = (trial.params.get(name, True) for name in ("fit_intercept", "standardize"))
    penalty = get_penalty(trial.params.get("penalty", "variational_dropout"))
    pi = s / s.sum()
    centre = pi @ X if intercept else np.zeros(X.shape[1])
    square = pi @ (X - centre) ** 2
    usable = square > 1e-20 * (pi @ X**2) + 1e-300
    d = np.sqrt(np.where(usable, square, 1)) if standardize else np.ones(X.shape[1])
    assert np.all(fitted.coefs[~usable] == 0), "a constant column has a coefficient"
    assert np.any(usable) or np.all(fitted.coefs == 0)
    size = np.sqrt((pi @ (Y - pi @ Y) ** 2).max())
    alphas = np.broadcast_to(fitted.alphas, fitted.coefs.shape[1])
    residuals = _residuals(subject, Y, X @ fitted.coefs + fitted.intercepts)
    for k, (alpha, w, residual) in enumerate(zip(alphas, fitted.coefs.T, residuals.T, strict=True)):
        y = Y[:, k if Y.shape[1] > 1 else 0]
        gradient = ((pi * residual) @ (X - centre) / d)[usable]
        t = (d * np.abs(w))[usable].astype(float)
        slope = alpha * penalty.derivative(t, max(alpha, 1e-300))
        violation = np.maximum(0, np.abs(gradient) - slope)
        active = t != 0
        violation[active] = np.abs(gradient[active] - np.sign(w[usable][active]) * slope[active])
        allowed = 1e-5 * alpha + 1e-9 * size * np.sqrt(square[usable] / d[usable] ** 2).max(initial=0)
        assert violation.max(initial=0) <= allowed, f"stationarity misses by {violation.max():.3g} at alpha {alpha:.3g}"
        if intercept:
            assert abs(pi @ residual) <= 1e-7 * max(size, np.abs(y).max()), "the intercept is not optimal"


def _residuals(subject, Y, z):
    """Return what y - z is to the squared loss, for each column of predictors z."""
    if not subject.classifier:
        return Y - z
    if z.shape[1] == 1:
        return Y - expit(z.astype(float))
    return (np.arange(z.shape[1]) == Y) - softmax(z.astype(float), axis=1)


CONVERGENCE = (ConvergenceWarning,)
