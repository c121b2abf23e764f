"""The lasso of other packages on the same data: each class of input judged from outside, by a duality gap."""

import warnings
from functools import partial

import numpy as np
import scipy.sparse as sp

from .checks import Refused
from .subjects import Subject
from .table import CASES

# From best to worst; a class counts as its worst trial.
VERDICTS = ("right", "refused", "warned", "accepted", "error", "wrong")
OURS = {"alpha", "penalty", "fit_intercept"}  # parameters that a lasso of another package has too
SYSTEM = range(113, 128)  # signals, forks, threads: their builders drive our estimators
LASSO = Subject("regressor", None, None)  # what the builders of trials ask: a regressor without further abilities


def _scikit_learn(X, y, sample_weight, alpha, fit_intercept):
    from sklearn.linear_model import Lasso

    return Lasso(alpha=alpha, fit_intercept=fit_intercept).fit(X, y, sample_weight)


def _without_weights(package, X, y, sample_weight, alpha, fit_intercept):
    from importlib import import_module

    if sample_weight is not None:
        raise NotImplementedError
    return import_module(package).Lasso(alpha=alpha, fit_intercept=fit_intercept).fit(X, y)


def _glum(X, y, sample_weight, alpha, fit_intercept):
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(alpha=alpha, l1_ratio=1, family="normal", fit_intercept=fit_intercept)
    return model.fit(X, y, sample_weight=sample_weight)


class _Adelie:
    def __init__(self, X, y, sample_weight, alpha, fit_intercept):
        import adelie

        method = adelie.matrix.sparse if sp.issparse(X) else adelie.matrix.dense
        X = sp.csc_matrix(X) if sp.issparse(X) else np.asfortranarray(X)
        loss = adelie.glm.gaussian(np.asarray(y), weights=sample_weight)
        state = adelie.grpnet(
            method(X, method="naive"), loss, lmda_path=[alpha], intercept=fit_intercept, progress_bar=False
        )
        self.coef_ = state.betas.toarray()[-1]
        self.intercept_ = state.intercepts[-1]


PEERS = {
    "scikit-learn": _scikit_learn,
    "celer": partial(_without_weights, "celer"),
    "skglm": partial(_without_weights, "skglm"),
    "adelie": _Adelie,
    "glum": _glum,
}


def probe(name, number):
    """Return the verdict on one peer and class; "-" where the class asks for nothing that a lasso has."""
    case = CASES[number]
    if number in SYSTEM or not case.asks(LASSO):
        return "-"
    verdicts = []
    try:
        for trial in case.build(LASSO):
            ours_alone = not set(trial.params) <= OURS or trial.params.get("penalty", "l1") != "l1"
            if not ours_alone and trial.params.get("alpha", 1) != 0:  # least squares elsewhere, refused by ours
                verdicts.append(_judge(PEERS[name], trial, trial.expected or case.expected))
    except Exception as error:
        # Builders that check something of ours themselves end here; what they asked before that counts.
        if not isinstance(error, TypeError | AssertionError):
            raise
    known = [verdict for verdict in verdicts if verdict is not None]
    return max(known, key=VERDICTS.index) if known else "-"


def _judge(peer, trial, expected):
    may_refuse = isinstance(expected, Refused) or "same_or_refused" in getattr(expected, "__qualname__", "")
    fit_intercept = trial.params.get("fit_intercept", True)
    try:
        alpha = trial.params["alpha"] if "alpha" in trial.params else _tenth_of_alpha_max(trial, fit_intercept)
    except (ValueError, TypeError, OverflowError, AttributeError):
        alpha = 0.1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = peer(trial.X, trial.y, trial.sample_weight, alpha, fit_intercept)
        except NotImplementedError:
            return None
        except (ValueError, TypeError):
            return "right" if may_refuse else "refused"
        except Exception:
            return "error"
    if isinstance(expected, Refused):
        return "accepted"
    try:
        optimal = _is_optimal(trial, np.ravel(model.coef_), model.intercept_, alpha, fit_intercept)
    except (ValueError, TypeError):  # data that extended precision cannot hold, or coefficients of several targets
        return None
    if optimal:
        return "right"
    return "warned" if caught else "wrong"


def _extended(trial, fit_intercept):
    X = np.asarray(trial.X.toarray() if sp.issparse(trial.X) else trial.X, dtype=np.longdouble)
    y = np.asarray(trial.y, dtype=np.longdouble).reshape(-1)
    s = np.ones(len(y)) if trial.sample_weight is None else np.asarray(trial.sample_weight, dtype=np.longdouble).ravel()
    pi = s / s.sum()
    return (X - pi @ X, y - pi @ y, pi) if fit_intercept else (X, y, pi)


def _tenth_of_alpha_max(trial, fit_intercept):
    X, y, pi = _extended(trial, fit_intercept)
    alpha = float(np.abs((pi * y) @ X).max() / 10)
    return alpha if 0 < alpha < np.inf else 0.1


def _is_optimal(trial, w, b, alpha, fit_intercept):
    """Whether the duality gap, in extended precision, is at most a hundredth of the objective at zero."""
    if not (np.all(np.isfinite(w)) and np.all(np.isfinite(b))):
        return False
    X, y, pi = _extended(trial, fit_intercept)
    residual = y - X @ w
    if fit_intercept:
        residual -= pi @ residual
    correlation = np.abs((pi * residual) @ X).max(initial=0)
    dual = residual * (min(1, alpha / correlation) if correlation > 0 else 1)
    primal = pi @ residual**2 / 2 + alpha * np.abs(w).sum()
    return bool(primal - pi @ (y * dual - dual**2 / 2) <= 0.01 * (pi @ y**2) / 2)
