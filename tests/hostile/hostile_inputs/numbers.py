"""Classes 1 to 36: units at the ends of double precision, parameters at their ends, degenerate columns and targets."""

import numpy as np

from .checks import CONVERGENCE, Refused, Trial, finite, same, same_or_refused
from .table import case, data, ordinary

FAR = {1: 1e150, 2: 1e200, 3: 1e300, 4: 1e-150, 5: 1e-200, 6: 1e-300}
FAR_TARGETS = {7: 1e150, 8: 1e300, 9: 1e-150, 10: 1e-300}


def units_of_columns(factor):
    def build(subject):
        X, y = data(subject)
        yield Trial(X * factor, y, like=Trial(X, y), x_unit=factor)
        l1 = {"penalty": "l1", "alpha": 0.05}
        yield Trial(X * factor, y, params=l1, like=Trial(X, y, params=l1), x_unit=factor, label="l1")
        if subject.name != "path":  # which has one solver
            paper = {"params": {"solver": "irls"}, "warns": CONVERGENCE}
            yield Trial(X * factor, y, **paper, like=Trial(X, y, **paper), x_unit=factor, rtol=1e-5, label="irls")

    return build


def units_of_targets(factor):
    def build(subject):
        X, y = data(subject)
        if subject.classifier:  # scikit-learn refuses floats that are no integers
            yield Trial(
                X, y * factor, like=Trial(X, y), warns=(RuntimeWarning,), expected=same_or_refused("label type")
            )
            return
        yield Trial(X, y * factor, like=Trial(X, y), y_unit=factor)
        l1, far = ({"penalty": "l1", "alpha": a} for a in (0.05, 0.05 * factor))
        yield Trial(X, y * factor, params=far, like=Trial(X, y, params=l1), y_unit=factor, label="l1")

    return build


for number, factor in FAR.items():
    case(number, f"X * {factor:g}", same)(units_of_columns(factor))
for number, factor in FAR_TARGETS.items():
    case(number, f"y * {factor:g}", same)(units_of_targets(factor))


@case(11, "columns graded 1e-8..1e8", same)
def graded(subject, ends=8):
    X, y = data(subject, p=9)
    units = 10.0 ** np.linspace(-ends, ends, 9)
    yield Trial(X * units, y, like=Trial(X, y), x_unit=units)
    raw = {"standardize": False, "alpha": 0.1}
    yield Trial(X * units, y, params=raw, label="not standardised", expected=finite, warns=CONVERGENCE)


@case(12, "columns graded 1e-150..1e150", same)
def steeply_graded(subject):
    yield from graded(subject, 150)


@case(13, "denormal X", same_or_refused("X"))
def denormal(subject):
    X, y = data(subject)
    X = np.round(X * 64) / 64
    unit = 2.0**-1060
    yield Trial(X * unit, y, like=Trial(X, y), x_unit=unit)


@case(14, "one denormal column", same_or_refused("X"))
def denormal_column(subject):
    X, y = data(subject)
    X[:, 0] = np.round(X[:, 0] * 64) / 64
    units = np.where(np.arange(X.shape[1]) == 0, 2.0**-1060, 1)
    yield Trial(X * units, y, like=Trial(X, y), x_unit=units)


@case(15, "column of mean 1e8 and sd 1e-6", same)
def far_from_zero(subject):
    X, y = data(subject)
    base = np.round(X[:, 0] * 64) / 64  # the shifted column has these digits exactly
    shifted = X.copy()
    shifted[:, 0] = 2.0**27 + base * 2.0**-20
    X[:, 0] = base
    yield Trial(shifted, y, expected=finite)
    X, shifted = X - X.mean(axis=0), shifted - np.append(2.0**27, np.zeros(5))
    units = np.append(2.0**-20, np.ones(5))
    yield Trial(shifted, y, like=Trial(X + 0, y), x_unit=units, expected=finite)


@case(16, "y of mean 1e12 and sd 1")
def target_far_from_zero(subject):
    X, y = data(subject)
    yield Trial(X, y if subject.classifier else y + 1e12, expected=finite)


@case(17, "alpha at its ends", Refused("alpha"))
def alphas(subject):
    for alpha in (0, np.inf, np.nan, -1, "large", 1e-320, 1j, None):
        yield Trial(*data(subject), params={"alpha": alpha}, label=f"alpha {alpha!r}")
    yield Trial(*data(subject), params={"alpha": 1e300}, expected=finite, label="alpha 1e300")
    yield Trial(*data(subject), params={"alpha": 1e-300}, expected=finite, label="alpha 1e-300", warns=CONVERGENCE)


@case(18, "max_iter 0 and 1", Refused("max_iter"))
def max_iters(subject):
    for value in (0, -1, 1.5, np.nan, "many", None, 2**31, True):
        yield Trial(*data(subject), params={"max_iter": value}, label=repr(value))
    yield Trial(*data(subject), params={"max_iter": 1}, expected=finite, warns=CONVERGENCE, label="1")


@case(19, "tol 0, 1e-300, NaN", Refused("tol"))
def tols(subject):
    for value in (np.nan, -1e-6, np.inf, "small", None):
        yield Trial(*data(subject), params={"tol": value}, label=repr(value))
    for value in (0, 1e-300):
        yield Trial(*data(subject), params={"tol": value}, expected=finite, warns=CONVERGENCE, label=repr(value))


def degenerate(number, name, make, **options):
    """Enter a class whose data are a change of the ordinary ones; both settings of the intercept, two penalties."""

    def build(subject):
        X, y = make(*data(subject))
        y = subject.targets(y) if subject.classifier else y
        for params in ({}, {"fit_intercept": False}, {"penalty": "l1", "alpha": 0.05}):
            yield Trial(X, y, params=params, warns=options.get("warns", ()), label=str(params))

    return case(number, name, **{k: v for k, v in options.items() if k == "expected"})(build)


def column(X, j, values):
    X = X.copy()
    X[:, j] = values
    return X


degenerate(20, "zero column", lambda X, y: (column(X, 1, 0), y))
degenerate(21, "constant column", lambda X, y: (column(X, 1, 7.3), y))
degenerate(22, "duplicate columns", lambda X, y: (np.hstack([X, X]), y))
degenerate(23, "all columns equal", lambda X, y: (np.repeat(X[:, :1], 6, axis=1), y))
degenerate(24, "negated duplicate", lambda X, y: (np.hstack([X, -X]), y))
degenerate(25, "columns equal to 1 ulp", lambda X, y: (np.hstack([X, np.nextafter(X, 9)]), y))
degenerate(26, "one column the sum of the others", lambda X, y: (np.column_stack([X, X.sum(axis=1)]), y))
degenerate(27, "all rows equal", lambda X, y: (np.ones_like(X) * X[:1], y))
degenerate(28, "X all zero", lambda X, y: (np.zeros_like(X), y))
degenerate(31, "Hilbert matrix", lambda X, y: (1 / (np.arange(48)[:, None] + np.arange(1, 13)), y))
degenerate(32, "rank 1", lambda X, y: (np.outer(X[:, 0], np.arange(1, 9)), y))
degenerate(33, "y in the span", lambda X, y: (X, X @ [1, -2, 0, 0, 3, 0.0]))
degenerate(34, "y orthogonal to X", lambda X, y: (X, y - _fitted(X, y)))
degenerate(35, "constant column beside large ones", lambda X, y: (column(X * 1e6, 2, -1e-3), y))
degenerate(36, "intercept column of the user", lambda X, y: (np.column_stack([np.ones(len(X)), X]), y))


def _fitted(X, y):
    X = np.column_stack([np.ones(len(X)), X])
    return X @ np.linalg.lstsq(X, y, rcond=None)[0]


def flat(number, name, value):
    @case(number, name, finite)
    def build(subject):
        trial = ordinary(subject)
        if subject.classifier:
            yield Trial(trial.X, np.full(len(trial.X), int(value)), expected=Refused("y must have two classes"))
        else:
            yield Trial(trial.X, np.full(len(trial.X), value))
            fitted = Trial(trial.X, np.full(len(trial.X), value)).fit(subject)
            assert np.all(fitted.coefs == 0), "coefficients without anything to explain"
            assert np.all(fitted.intercepts == value)


flat(29, "y constant", 2.5)
flat(30, "y zero", 0.0)
