"""What a cross-validated estimator has after a fit that failed."""

import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError


def assert_failures_leave_what_was_there(model, unconverged, X, y, other):
    """`model` and `unconverged` are not fitted, `other` is another target; warnings are errors."""

    def fails(estimator, X, y):
        raise RuntimeError("no score")

    model.set_params(scoring=fails)
    with pytest.raises(RuntimeError, match="no score"):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    fitted = {name: value for name, value in vars(model.set_params(scoring=None).fit(X, y)).items() if name[-1] == "_"}
    with pytest.raises(RuntimeError, match="no score"):
        model.set_params(scoring=fails).fit(X, other)
    assert all(value is getattr(model, name) for name, value in fitted.items())
    with pytest.raises(ConvergenceWarning):
        unconverged.fit(X, y)
    assert not hasattr(unconverged, "coef_")
