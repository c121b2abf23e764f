"""``AdaptiveDropoutRegressor()`` beside ``LassoCV()``: nothing tuned by hand, judged by cross-validation."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyreweight import AdaptiveDropoutRegressor

MODELS = {
    "pyreweight": AdaptiveDropoutRegressor(),
    "LassoCV": make_pipeline(StandardScaler(), LassoCV()),
}


def kept(model):
    """Count the nonzero coefficients of a fitted estimator or pipeline."""
    return np.count_nonzero((model[-1] if hasattr(model, "steps") else model).coef_)


def compare(X, y, repeats=4):
    """Mean R2, number of features and seconds per fit over ``repeats`` shuffles of 5-fold cross-validation.

    The folds are visited one by one and the models take turns, so that a slow moment of the machine hits both.
    """
    folds = []
    for split in RepeatedKFold(n_splits=5, n_repeats=repeats, random_state=0).split(X):
        row = {}
        for name, model in MODELS.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                fold = cross_validate(model, X, y, cv=[split], return_estimator=True, error_score="raise")
            row[f"R2 {name}"] = fold["test_score"][0]
            row[f"features {name}"] = kept(fold["estimator"][0])
            row[f"seconds {name}"] = fold["fit_time"][0]
        folds.append(row)
    return {key: float(np.mean([row[key] for row in folds])) for key in folds[0]}


def pure_noise(seeds=20, n=60, p=500):
    """In how many of ``seeds`` draws of X and y without any signal each model keeps nothing, and its mean count."""
    counts = {name: [] for name in MODELS}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((n, p)), rng.standard_normal(n)
        for name, model in MODELS.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                counts[name].append(kept(model.fit(X, y)))
    return {name: (sum(c == 0 for c in values), float(np.mean(values))) for name, values in counts.items()}
