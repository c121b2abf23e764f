"""Plain arrays skip ``validate_data``; nobody may notice."""

import numpy as np
import pytest
import sklearn
from sklearn.utils.validation import validate_data

from pyreweight import AdaptiveDropoutClassifier, AdaptiveDropoutRegressor, dropout_path

pd = pytest.importorskip("pandas")

N, P = 40, 5


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P))
    return X, X[:, 0] + rng.normal(size=N)


def complaint(call, *arguments):
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return pytest.fail("no complaint")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("fit_intercept", [True, False], ids=["intercept", "none"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (N - 1, P - 1)], ids=["first", "last"])
def test_complaints_of_the_core_are_those_of_scikit_learn(data, order, dtype, fit_intercept, bad, place):
    X, y = data
    X = np.array(X, dtype, order=order)
    X[place] = bad
    for alpha in ("auto", 0.1):
        model = AdaptiveDropoutRegressor(alpha, fit_intercept=fit_intercept)
        assert complaint(model.fit, X, y) == complaint(validate_data, model, X, y)
        assert not hasattr(model, "coef_")
    classes = AdaptiveDropoutClassifier(fit_intercept=fit_intercept)
    assert complaint(classes.fit, X, (y > 0).astype(int)) == complaint(validate_data, classes, X, y)
    regressor = AdaptiveDropoutRegressor()
    assert complaint(dropout_path, X, y) == complaint(validate_data, regressor, X, y)


def test_rows_that_do_not_count_must_be_finite_too(data):
    X, y = data
    X[0, 0] = np.nan
    weight = np.r_[0.0, np.ones(N - 1)]
    assert "X contains NaN" in complaint(AdaptiveDropoutRegressor().fit, X, y, weight)


def test_predictions_check_as_before(data):
    X, y = data
    model = AdaptiveDropoutRegressor().fit(X, y)
    for wrong in (X[:, 1:], X[0], X[:0], np.full_like(X, np.nan)):
        assert complaint(model.predict, wrong) == complaint(
            lambda wrong: validate_data(model, wrong, reset=False), wrong
        )


def test_names_come_and_go(data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = AdaptiveDropoutRegressor().fit(frame, y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")
    assert model.n_features_in_ == P
    with pytest.warns(UserWarning, match="fitted without feature names"):
        model.predict(frame)


def test_infinity_is_refused_even_where_the_user_vouches_for_the_data(data):
    X, y = data
    X[3, 2] = np.inf
    with sklearn.config_context(assume_finite=True):
        assert "X has an entry that is NaN or infinite" in complaint(AdaptiveDropoutRegressor().fit, X, y)
