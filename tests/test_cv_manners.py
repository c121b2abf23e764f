"""``AdaptiveDropoutRegressorCV`` towards its user: errors, warnings, output, callbacks, what a failed fit leaves."""

import threading

import numpy as np
import pytest
from failed_fits import assert_failures_leave_what_was_there
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import ShuffleSplit

from pyreweight import AdaptiveDropoutRegressorCV


@pytest.fixture
def data(simulate):
    return simulate(60, 9, seed=1, correlation=0.3)


def test_a_failing_scorer_ends_the_fit(data):
    X, y, _ = data

    def scorer(*_):
        raise OSError("broken scorer")

    before = threading.active_count()
    with pytest.raises(OSError, match="broken scorer"):
        AdaptiveDropoutRegressorCV(5, scoring=scorer, n_jobs=2).fit(X, y)
    assert threading.active_count() <= before + 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alphas": -1}, "alphas must be"),
        ({"alphas": [True]}, "alphas must be"),
        ({"alphas": np.array([True, False])}, "alphas must be"),
        ({"loss": "logistic"}, "loss must be"),
        ({"eps": 2}, "eps must be"),
        ({"cv": [([0, 99], [1])]}, "cv must split"),
        ({"one_standard_error": 1}, "one_standard_error must be"),
        ({"penalty": "lasso"}, "unknown penalty"),
        ({"solver": "newton"}, "solver must be"),
        ({"scoring": lambda *_: np.nan}, "scoring is not finite"),
    ],
)
def test_wrong_parameters(parameters, message, data):
    X, y, _ = data
    with pytest.raises(ValueError, match=message):
        AdaptiveDropoutRegressorCV(**{"alphas": 3, **parameters}).fit(X, y)


def test_one_target(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="AdaptiveDropoutRegressorCV takes one target, but y has 2"):
        AdaptiveDropoutRegressorCV().fit(X, np.column_stack([y, y]))
    with pytest.warns(DataConversionWarning):
        assert AdaptiveDropoutRegressorCV(3).fit(X, y[:, None]).coef_.shape == (9,)


def test_not_converged_is_one_warning(data):
    X, y, _ = data
    with pytest.warns(ConvergenceWarning) as caught:
        AdaptiveDropoutRegressorCV(4, penalty="log_sum", max_iter=1, tol=0.0).fit(X, y)
    assert any("points" in str(w.message) for w in caught)
    assert len(caught) <= 2  # of the paths, and of the fit at alpha_
    assert {w.filename for w in caught} == {__file__}


def test_slow_iteration_is_told_from_a_path_that_is_too_long(data):
    X, y, _ = data
    with pytest.warns(ConvergenceWarning) as caught:
        AdaptiveDropoutRegressorCV(3, solver="irls", max_iter=3).fit(X, y)
    assert "close to alpha" in str(caught[0].message)
    assert "solver='auto'" in str(caught[0].message)


def test_verbose(capsys, data):
    X, y, _ = data
    AdaptiveDropoutRegressorCV(3, cv=3).fit(X, y)
    assert capsys.readouterr().out == ""
    AdaptiveDropoutRegressorCV(3, cv=3, verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert sum("fold" in line for line in lines) == 3
    assert sum("all data" in line for line in lines) == 1


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks(n_jobs, data):
    """scikit-learn's callbacks see every path and every alpha begin and end."""
    pytest.importorskip("sklearn.callback")
    X, y, _ = data
    events = []
    lock = threading.Lock()

    class Recorder:
        def setup(self, estimator, context):
            events.append("setup")

        def on_fit_task_begin(self, estimator, context):
            with lock:
                events.append(("begin", context.task_name))

        def on_fit_task_end(self, estimator, context):
            with lock:
                events.append(("end", context.task_name))

        def teardown(self, estimator, context):
            events.append("teardown")

    AdaptiveDropoutRegressorCV(4, cv=ShuffleSplit(2, random_state=0), n_jobs=n_jobs).set_callbacks(Recorder()).fit(X, y)
    assert events[0] == "setup"
    assert events[-2:] == [("end", "fit"), "teardown"]
    for event in ("begin", "end"):
        names = [name for kind, name in events[1:-1] if kind == event]
        assert sorted(names) == sorted(["fit", "all data", "fold 1 of 2", "fold 2 of 2"] + 12 * ["alpha"])


def test_failing_scorer_leaves_what_was_there(data):
    X, y, _ = data
    unconverged = AdaptiveDropoutRegressorCV(4, penalty="log_sum", max_iter=1, tol=0.0)
    assert_failures_leave_what_was_there(AdaptiveDropoutRegressorCV(4), unconverged, X, y, 2 * y)


def test_attributes_of_an_earlier_fit_are_gone(data):
    X, y, _ = data
    model = AdaptiveDropoutRegressorCV(4, scoring="r2").fit(X, y)
    assert model.score_path_.shape == model.mse_path_.shape
    model.set_params(scoring=None).fit(X, y)
    assert not hasattr(model, "score_path_")
    model.set_params(loss="huber").fit(X, y)
    assert not hasattr(model, "mse_path_")


@pytest.mark.parametrize("n_jobs", [0, "two", 1.5])
def test_number_of_jobs(data, n_jobs):
    X, y, _ = data
    with pytest.raises(ValueError, match="n_jobs"):
        AdaptiveDropoutRegressorCV(4, n_jobs=n_jobs).fit(X, y)
