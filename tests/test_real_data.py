"""``AdaptiveDropoutRegressor()`` beside LassoCV on real data: as good a prediction from fewer features."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from pyreweight import AdaptiveDropoutRegressor

SETS = ["prostate", "riboflavin", "wine_red", "wine_white", "diabetes", "diabetes-interactions"]


def load(name, folder):
    if name.startswith("diabetes"):
        X, y = load_diabetes(return_X_y=True)
        if name == "diabetes":
            return X, y
        return PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(X), y
    path = folder / "data" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in the folder of reference data")
    with np.load(path) as stored:
        return stored["X"].astype(float), stored["y"].astype(float)


def score(model, X, y):
    """Mean R2 and mean number of features over 4 x 5 folds."""
    folds = cross_validate(
        model, X, y, cv=RepeatedKFold(n_splits=5, n_repeats=4, random_state=0), scoring="r2", return_estimator=True
    )
    last = [getattr(e, "steps", [(None, e)])[-1][1] for e in folds["estimator"]]
    return folds["test_score"].mean(), np.mean([np.count_nonzero(e.coef_) for e in last])


@pytest.mark.slow
def test_predicts_as_well_with_fewer_features(shared):
    ratios, report = [], []
    for name in SETS:
        X, y = load(name, shared)
        r2, kept = score(AdaptiveDropoutRegressor(), X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            lasso_r2, lasso_kept = score(make_pipeline(StandardScaler(), LassoCV()), X, y)
        report.append(f"{name}: R2 {r2:.4f} with {kept:.1f} features, LassoCV {lasso_r2:.4f} with {lasso_kept:.1f}")
        print(report[-1])
        assert r2 >= lasso_r2 - 0.01, report
        assert kept <= lasso_kept or r2 >= lasso_r2 + 0.01, report
        ratios.append(kept / lasso_kept)
    mean = np.exp(np.mean(np.log(ratios)))
    print(f"geometric mean of the ratios of features: {mean:.3f}")
    assert mean <= 0.65, report
