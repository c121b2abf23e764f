"""Together with the rest of scikit-learn: pipelines, searches, feature selection, metadata routing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import MCP


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


def test_pipeline_does_not_mind_the_scaler(diabetes):
    X, y = diabetes
    plain = AdaptiveDropoutRegressor().fit(X, y)
    scaled = make_pipeline(StandardScaler(), AdaptiveDropoutRegressor()).fit(X, y)
    assert_allclose(scaled.predict(X), plain.predict(X), rtol=1e-9)
    assert scaled.score(X, y) == pytest.approx(plain.score(X, y))


def test_grid_over_a_parameter_of_the_penalty(diabetes):
    X, y = diabetes
    grid = {"penalty__gamma": [1.5, 3.0, 10.0], "alpha": [0.5, 2.0, 8.0]}
    search = GridSearchCV(AdaptiveDropoutRegressor(penalty=MCP()), grid, cv=3).fit(X, y)
    assert len(np.unique(search.cv_results_["mean_test_score"].round(10))) > 3
    best = AdaptiveDropoutRegressor(
        search.best_params_["alpha"], penalty=MCP(gamma=search.best_params_["penalty__gamma"])
    )
    assert_array_equal(search.best_estimator_.coef_, best.fit(X, y).coef_)


def test_select_from_model(diabetes):
    X, y = diabetes
    X = PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(X)
    model = AdaptiveDropoutRegressor().fit(X, y)
    selector = SelectFromModel(AdaptiveDropoutRegressor(), threshold=1e-300).fit(X, y)
    assert_array_equal(selector.get_support(), model.coef_ != 0)
    assert 0 < selector.transform(X).shape[1] < X.shape[1]


def test_metadata_routing(diabetes):
    """Requested weights reach fit and score through a pipeline and a cross-validation."""
    X, y = diabetes
    weights = np.random.default_rng(0).integers(1, 4, size=len(y)).astype(float)
    with config_context(enable_metadata_routing=True):
        model = AdaptiveDropoutRegressor(1.0).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), model)
        pipeline.fit(X, y, sample_weight=weights)
        direct = AdaptiveDropoutRegressor(1.0).fit(X, y, sample_weight=weights)
        assert_allclose(pipeline.predict(X), direct.predict(X), rtol=1e-9)
        splits = [(np.arange(300), np.arange(300, len(y)))]
        scores = cross_validate(model, X, y, cv=splits, params={"sample_weight": weights})["test_score"]
    direct = AdaptiveDropoutRegressor(1.0).fit(X[:300], y[:300], sample_weight=weights[:300])
    assert scores[0] == pytest.approx(direct.score(X[300:], y[300:], sample_weight=weights[300:]), rel=1e-12)
    assert scores[0] != pytest.approx(direct.score(X[300:], y[300:]), rel=1e-6)


def test_predict_return_std_is_routable(diabetes):
    X, y = diabetes
    with config_context(enable_metadata_routing=True):
        AdaptiveDropoutRegressor().set_predict_request(return_std=True)
    pipeline = make_pipeline(StandardScaler(), AdaptiveDropoutRegressor()).fit(X, y)
    mean, std = pipeline.predict(X, return_std=True)
    assert mean.shape == std.shape == y.shape


def test_set_output_of_a_step_before(diabetes):
    pytest.importorskip("pandas")
    X, y = diabetes
    pipeline = make_pipeline(StandardScaler(), AdaptiveDropoutRegressor()).set_output(transform="pandas").fit(X, y)
    assert_array_equal(pipeline[-1].feature_names_in_, [f"x{j}" for j in range(10)])
    assert isinstance(pipeline.predict(X), np.ndarray)


def test_multi_output_wrapper_is_the_same_as_two_columns(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, np.sqrt(y)])
    wrapped = MultiOutputRegressor(AdaptiveDropoutRegressor()).fit(X, Y)
    assert_allclose(wrapped.predict(X), AdaptiveDropoutRegressor().fit(X, Y).predict(X), rtol=1e-12)


def test_parallel_cross_validation_is_the_same(diabetes):
    X, y = diabetes
    model = AdaptiveDropoutRegressor()
    serial = cross_validate(clone(model), X, y, cv=4)["test_score"]
    parallel = cross_validate(clone(model), X, y, cv=4, n_jobs=2)["test_score"]
    assert_allclose(parallel, serial, rtol=1e-12)
