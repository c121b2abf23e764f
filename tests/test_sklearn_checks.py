"""scikit-learn's own checks of an estimator, without expected failures."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from pyreweight import (
    AdaptiveDropoutClassifier,
    AdaptiveDropoutClassifierCV,
    AdaptiveDropoutRegressor,
    AdaptiveDropoutRegressorCV,
)
from pyreweight.penalties import ARD, MCP


@parametrize_with_checks(
    [
        AdaptiveDropoutRegressor(),
        AdaptiveDropoutRegressor(0.1, penalty="l1"),
        AdaptiveDropoutRegressor(0.1, penalty=MCP(gamma=2.5)),
        AdaptiveDropoutRegressor(0.1, penalty="standout"),
        AdaptiveDropoutRegressor(penalty=ARD()),
        AdaptiveDropoutRegressor(0.1, solver="irls", max_iter=1000),
        AdaptiveDropoutRegressor(0.1, penalty="l1", standardize=False),
        AdaptiveDropoutRegressorCV(30),
        AdaptiveDropoutRegressorCV(10, penalty="l1", n_jobs=2),
        AdaptiveDropoutRegressorCV(5, penalty="mcp", scoring="r2", one_standard_error=True),
        AdaptiveDropoutRegressorCV(5, penalty="standout"),
        AdaptiveDropoutRegressor(0.1, loss="huber"),
        AdaptiveDropoutClassifier(),
        AdaptiveDropoutClassifier(0.1, penalty="log_sum"),
        AdaptiveDropoutClassifier(0.1, penalty="l2"),
        AdaptiveDropoutClassifier(0.1, solver="irls", max_iter=1000),
        AdaptiveDropoutClassifierCV(10, eps=0.01, cv=3),
        AdaptiveDropoutClassifierCV(5, cv=3, penalty="l1", n_jobs=2, scoring="accuracy"),
    ]
)
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")  # some checks have three rows of a class
def test_scikit_learn(estimator, check):
    check(estimator)
