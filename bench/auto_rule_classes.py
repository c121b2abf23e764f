"""``AdaptiveDropoutClassifier()`` beside ``LogisticRegressionCV`` (l1): nothing tuned by hand, judged by folds."""

import warnings

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutClassifier

from .auto_rule import kept

PEER = "LogisticRegressionCV"
SMALL, LARGE = 1000, 5000  # rows; below the one every fold of all repeats, above the other one fold


def peer(X, y):
    """Scikit-learn's choice among ten strengths by the log-loss of five folds; sparse columns keep their scale."""
    options = {"solver": "liblinear", "random_state": 0} if len(np.unique(y)) == 2 else {"solver": "saga"}
    model = LogisticRegressionCV(l1_ratios=(1,), scoring="neg_log_loss", use_legacy_attributes=False, **options)
    return model if sparse.issparse(X) else make_pipeline(StandardScaler(), model)


def splits(X, y, repeats):
    """Stratified 5-fold splits: `repeats` shuffles of small data, one of others, one fold of large ones."""
    n = len(y)
    found = list(RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats if n < SMALL else 1, random_state=0).split(X, y))
    return found[:1] if n > LARGE else found


def judge(model, X, y, split):
    """Accuracy, log-loss, number of coefficients that are not zero and seconds of a fit on one split."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of convergence and of changes to come in scikit-learn
        fold = cross_validate(
            model,
            X,
            y,
            cv=[split],
            scoring=["accuracy", "neg_log_loss"],
            return_estimator=True,
            error_score="raise",
        )
    return {
        "accuracy": fold["test_accuracy"][0],
        "log-loss": -fold["test_neg_log_loss"][0],
        "features": kept(fold["estimator"][0]),
        "seconds": fold["fit_time"][0],
    }


def compare(X, y, repeats=4):
    """Means over folds, for both; the models take turns, so that a slow moment of the machine hits both."""
    X = sparse.csr_array(X) if sparse.issparse(X) else X
    models = {"pyreweight": AdaptiveDropoutClassifier(), PEER: peer(X, y)}
    rows = []
    for split in splits(X, y, repeats):
        found = {name: judge(model, X, y, split) for name, model in models.items()}
        rows.append({f"{what} {name}": found[name][what] for what in found[PEER] for name in models})
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def levels(X, y, factors=(2.0, 1.4, 1.0, 0.7, 0.5, 0.35), repeats=4):
    """Judge other strengths than that of ``alpha="auto"``: a row of means for every factor of it."""
    X = sparse.csr_array(X) if sparse.issparse(X) else X
    found = splits(X, y, repeats)
    rows = []
    for factor in factors:
        folds = []
        for train, test in found:
            alpha = factor * AdaptiveDropoutClassifier().fit(X[train], y[train]).alpha_
            folds.append(judge(AdaptiveDropoutClassifier(alpha), X, y, (train, test)))
        rows.append({"alpha / auto": factor} | pd.DataFrame(folds).mean().to_dict())
    return rows
