"""scikit-learn's own checks of an estimator, without expected failures."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import MCP


@parametrize_with_checks(
    [
        AdaptiveDropoutRegressor(),
        AdaptiveDropoutRegressor(0.1, penalty="l1"),
        AdaptiveDropoutRegressor(0.1, penalty=MCP(gamma=2.5)),
        AdaptiveDropoutRegressor(0.1, penalty="standout"),
        AdaptiveDropoutRegressor(0.1, solver="irls", max_iter=1000),
        AdaptiveDropoutRegressor(0.1, penalty="l1", standardize=False),
    ]
)
def test_scikit_learn(estimator, check):
    check(estimator)
