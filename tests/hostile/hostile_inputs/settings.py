"""Classes 126 to 130: parameters that change in the middle of a life, and parameters at their limits."""

import numpy as np

from .checks import CONVERGENCE, Refused, Trial, answers, finite, same
from .subjects import cross_validated
from .table import case, data


@case(126, "set_params between fits", asks=lambda subject: subject.make is not None)
def parameters_between_fits(subject):
    X, y = data(subject)
    model = subject.make(penalty="l1").fit(X, y)
    before = model.predict(X)
    model.set_params(penalty="mcp", fit_intercept=False, standardize=False, solver="irls", max_iter=1)
    assert np.array_equal(model.predict(X), before), "predictions follow parameters that were not fitted"
    fresh = subject.make()
    model.set_params(**fresh.get_params())
    assert np.array_equal(model.fit(X, y).coef_, fresh.fit(X, y).coef_)
    model.fit(X[:, :4], y)
    assert model.n_features_in_ == 4
    assert model.coef_.shape[-1] == 4
    yield Trial(X, y)


@case(
    127,
    "warm start with another p, dtype or classes",
    Refused("warm_start"),
    asks=lambda subject: subject.make is not None and not subject.grid,
)
def warm_start(subject):
    X, y = data(subject)
    model = subject.make(alpha=0.05, penalty="l1", warm_start=True).fit(X, y)
    cold = model.coef_.copy()
    assert np.allclose(model.fit(X.astype(np.float32), y).coef_, cold, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.fit(X, y).coef_, cold, rtol=1e-7, atol=1e-9)
    try:
        model.fit(X[:, :4], y)
    except ValueError as error:
        assert "warm_start" in str(error)
    else:
        raise AssertionError("another number of features was accepted")
    if subject.classifier:
        model.fit(X, np.where(y == 1, "no", "yes"))
        np.testing.assert_allclose(model.coef_, -cold, rtol=1e-6, atol=1e-8)
    model.coef_ = np.full_like(cold, np.nan)
    try:
        model.fit(X, y)
    except ValueError as error:
        assert "coef_" in str(error)
    else:
        raise AssertionError("NaN was accepted as a start")
    yield Trial(X, y, expected=answers)


@case(128, "one alpha, unsorted and duplicate alphas", same, asks=lambda subject: subject.grid)
def odd_grids(subject):
    X, y = data(subject)
    yield Trial(X, y, params={"alphas": [0.3]}, expected=finite, label="one")
    yield Trial(X, y, params={"alphas": 1}, expected=finite, label="1")
    ordered = Trial(X, y, params={"alphas": [1.0, 0.3, 0.1]})
    yield Trial(X, y, params={"alphas": [0.1, 1.0, 0.3]}, like=ordered, label="unsorted")
    yield Trial(X, y, params={"alphas": (0.1, 1, 0.3)}, like=ordered, label="tuple")
    twice = Trial(X, y, params={"alphas": [0.3, 0.1, 0.3, 0.1, 0.1]}).fit(subject)
    if subject.make is None:
        assert twice.coefs.shape == (6, 5)
        assert np.array_equal(twice.alphas, [0.3, 0.3, 0.1, 0.1, 0.1])
        assert np.all(np.isfinite(twice.model.predict(X, [0.3, 0.2, 0.1])))
    for bad in ([], [[0.1]], [0.0], [-1.0], [np.nan], [np.inf], 0, -3, 2.5, "auto", None, ["a"], True, [1j]):
        yield Trial(X, y, params={"alphas": bad}, expected=Refused("alphas"), label=repr(bad))
    for bad in (0, 1, 2, -0.1, np.nan, "small"):
        yield Trial(X, y, params={"eps": bad}, expected=Refused("eps"), label=f"eps {bad!r}")


@case(129, "more folds than samples", Refused("n_splits|folds|cv|split"), asks=cross_validated)
def many_folds(subject):
    X, y = data(subject)
    yield Trial(X, y, params={"cv": 49})
    yield Trial(X[:4], y[:4], params={"cv": 5})
    if not subject.classifier:
        yield Trial(X, y, params={"cv": 48}, expected=answers, label="leave one out")


LIMITS = [
    ("SCAD", {"a": 1 + 1e-9}, {"a": 1.0}),
    ("MCP", {"gamma": 1e-9}, {"gamma": 0.0}),
    ("Lp", {"p": 1e-6}, {"p": -1.0}),
    ("Lp", {"p": 1 - 1e-12}, {"p": -0.5}),
    ("Lp", {"p": 1.0}, {"p": np.nan}),
    ("HardConcrete", {"beta": 1e-6}, {"beta": -1.0}),
    ("ElasticNet", {"l1_ratio": 1e-12}, {"l1_ratio": 1.5}),
    ("ElasticNet", {"l1_ratio": 1.0}, {"l1_ratio": -0.1}),
    ("LogSum", {"scale": 1e-12}, {"scale": -1.0}),
    ("LogSum", {"scale": 1e12}, {"scale": np.inf}),
    ("CappedL1", {"theta": 1e-9}, {"theta": -1.0}),
    ("PowerDropout", {"q": 1e-6}, {"q": -1.0}),
    ("Standout", {"slope": 1e-9}, {"slope": -1.0}),
    ("BernoulliDropout", {"rate": 1 - 1e-12}, {"rate": 1.5}),
]


@case(130, "penalty parameters at their limits", finite)
def limits(subject):
    import pyreweight.penalties as penalties

    X, y = data(subject)
    for name, parameters, beyond in LIMITS:
        make = getattr(penalties, name)
        params = {"alpha": 0.1, "penalty": make(**parameters)}
        yield Trial(X, y, params=params, label=f"{name} {parameters}", warns=CONVERGENCE)
        (argument,) = beyond
        try:
            refused = make(**beyond)
        except ValueError as error:
            assert argument in str(error)
            continue
        params = {"alpha": 0.1, "penalty": refused}
        yield Trial(X, y, params=params, label=f"{name} {beyond}", expected=Refused(argument))
