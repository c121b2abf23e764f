"""Classes 37 to 60: shapes of X and y, and labels."""

import numpy as np

from .checks import CONVERGENCE, Refused, Trial, answers, finite, same, same_or_refused
from .subjects import cross_validated
from .table import case, data


def refused_shape(number, name, words, make):
    @case(number, name, Refused(words))
    def build(subject):
        yield Trial(*make(*data(subject)))


@case(37, "n = 0", Refused("sample"))
def no_rows(subject):
    yield Trial(np.empty((0, 3)), np.empty(0))


@case(38, "n = 1", Refused("sample|row|class"))
def one_row(subject):
    X, y = data(subject)
    yield Trial(X[:1], y[:1], expected=None if subject.classifier or "cv" in subject.name else finite)


@case(39, "n = 2")
def two_rows(subject):
    X, y = data(subject)
    y = np.array([0, 1]) if subject.classifier else y[:2]
    refused = Refused("cv|sample|fold|split|class|member") if "cv" in subject.name else finite
    yield Trial(X[:2], y, expected=refused)


refused_shape(40, "p = 0", "feature", lambda X, y: (X[:, :0], y))


@case(41, "p = 1")
def one_column(subject):
    yield Trial(*data(subject, p=1))


@case(42, "n = p")
def square(subject):
    yield Trial(*data(subject, n=30, p=30), warns=CONVERGENCE if subject.classifier else ())


@case(43, "n = p + 1")
def nearly_square(subject):
    yield Trial(*data(subject, n=31, p=30), warns=CONVERGENCE if subject.classifier else ())


@case(44, "p = 1e5, n = 10", finite)
def very_wide(subject):
    yield Trial(*data(subject, n=10, p=100_000), warns=CONVERGENCE if subject.classifier else ())


@case(45, "n = 1e6, p = 1", finite, slow=True)
def very_tall(subject):
    # Cross-validation solves some thirty logistic models on these rows: the same at a tenth of the length.
    n = 100_000 if subject.classifier and subject.grid else 1_000_000
    yield Trial(*data(subject, n=n, p=1))


@case(46, "X 1-D, 3-D", Refused("array|dim"))
def other_dimensions(subject):
    X, y = data(subject)
    yield Trial(X[:, 0], y, label="1-D")
    yield Trial(X[:, :, None], y, label="3-D")
    yield Trial(1.0, y, label="0-D")


@case(47, "y (n, 1)")
def column_target(subject):
    X, y = data(subject)
    yield Trial(X, y[:, None], warns=() if subject.name == "regressor" else (Warning,))


refused_shape(48, "y (n, 0)", r"\by\b", lambda X, y: (X, np.empty((len(X), 0))))
refused_shape(49, "lengths differ", "sample", lambda X, y: (X, y[:-1]))


@case(50, "predict with another p or other names")
def other_columns(subject):
    import pandas as pd

    X, y = data(subject)
    fitted = Trial(X, y).fit(subject)
    for Z in (X[:, :-1], np.hstack([X, X]), X[:, 0]):
        _refuses("feature|dim|array", fitted.predict, Z)
    names = [f"x{j}" for j in range(X.shape[1])]
    frame = pd.DataFrame(X, columns=names)
    fitted = Trial(frame, y).fit(subject)
    if subject.make is not None:
        _refuses("feature names", fitted.predict, frame.rename(columns={"x0": "z"}))
        _refuses("feature names", fitted.predict, frame[names[::-1]])
    yield Trial(frame, y, like=Trial(X, y), expected=same)


def _refuses(words, call, *arguments):
    import re

    try:
        call(*arguments)
    except (ValueError, TypeError) as error:
        assert re.search(words, str(error)), f"the refusal does not name {words}: {error}"
    else:
        raise AssertionError("was accepted")


def labels(number, name, make, expected=answers, regression=answers, in_folds=None, **options):
    """Enter a class of labels: `make(X, rng)` returns y; a regressor takes numeric labels for numbers.

    `in_folds` is expected of classifiers that cross-validate, whose training parts may miss a class.
    """

    @case(number, name, expected)
    def build(subject):
        X, _ = data(subject)
        y = make(X, np.random.default_rng(number))
        of_classifier = in_folds if subject.grid else None
        yield Trial(X, y, expected=of_classifier if subject.classifier else regression, **options)


labels(
    51,
    "exact separation",
    lambda X, rng: np.where(X[:, 0] > np.median(X[:, 0]), 1, 0),
    warns=CONVERGENCE,
    expected=finite,
)
labels(52, "quasi separation", lambda X, rng: _touching(X), warns=CONVERGENCE, expected=finite)
labels(53, "one class", lambda X, rng: np.ones(len(X), dtype=int), expected=Refused("class"), regression=finite)
ONE = {"warns": (*CONVERGENCE, UserWarning), "in_folds": Refused("fold . of cv has no training row of the class")}
labels(54, "one positive", lambda X, rng: np.eye(len(X), dtype=int)[5], **ONE)
labels(55, "three classes", lambda X, rng: (X[:, 0] > 0) + rng.integers(0, 2, len(X)), warns=CONVERGENCE)
labels(59, "classes 1:10,000", lambda X, rng: np.eye(len(X), dtype=int)[7], **ONE)


def _touching(X):
    y = np.where(X[:, 0] > np.median(X[:, 0]), 1, 0)
    y[np.argmax(X[:, 0])] = 0
    return y


@case(56, "labels of every type", same)
def label_types(subject):
    X, y = data(subject)
    if not subject.classifier:
        for other in (np.where(y > 1, "a", "b"), [None] * len(y), np.where(y > 1, "a", None)):
            yield Trial(X, other, expected=Refused(r"\by\b|float|label|target|string|numeric"))
        yield Trial(X, y > 1, like=Trial(X, (y > 1) * 1.0), label="bool")
        yield Trial(X, y.astype(object), like=Trial(X, y), label="object")
        return
    for pair in (["a", "b"], [False, True], [-1, 1], [2, 7], [0.0, 1.0], np.array(["no", "yes"], dtype=object)):
        yield Trial(X, np.asarray(pair)[y], like=Trial(X, y), label=str(pair))
    yield Trial(X, np.where(y > 0, 1.0, np.nan), expected=Refused("NaN"), label="NaN")
    yield Trial(X, np.where(y > 0, 1.0, 0.5), expected=Refused("label"), label="fractions")
    yield Trial(X, np.where(y > 0, "a", None), expected=Refused("label|y"), label="None")


@case(57, "a class in rows of weight 0 only", same)
def class_without_weight(subject):
    X, y = data(subject)
    y = y + 0.0
    y[:4] = 9
    s = np.ones(len(y))
    s[:4] = 0
    kept = s > 0
    if "cv" in subject.name:  # a splitter counts all rows
        yield Trial(X, y, sample_weight=s, expected=finite)
    else:
        yield Trial(X, y, sample_weight=s, like=Trial(X[kept], y[kept]))
    if subject.classifier:
        yield Trial(X, y, sample_weight=(y == 1) * 1.0, expected=Refused("class"))


@case(58, "a class missing in a fold", same_or_refused("class|fold|cv|member"), asks=cross_validated)
def class_missing_in_fold(subject):
    X, y = data(subject)
    y = np.sort(y)
    folds = [(np.arange(16, 48), np.arange(16)), (np.arange(32), np.arange(32, 48))]
    if subject.classifier:
        y = np.repeat([0, 1, 1], 16)
    yield Trial(X, y, params={"cv": folds})
    yield Trial(X, y, params={"cv": [(np.arange(0), np.arange(8))]}, expected=Refused("cv|fold"))
    yield Trial(X, y, params={"cv": [(np.arange(8), np.arange(0))]}, expected=Refused("cv|fold"))
    yield Trial(X, y, params={"cv": [(np.arange(8), np.arange(44, 50))]}, expected=Refused("cv|fold"))
    yield Trial(X, y, params={"cv": []}, expected=Refused("cv"), label="no folds")
    yield Trial(X, y, params={"cv": 1}, expected=Refused("cv|n_splits|fold"), label="cv=1")
    yield Trial(X, y, params={"cv": "five"}, expected=Refused("cv"), label="cv=five")


@case(60, "class_weight with an unknown label", Refused("class_weight"), asks=lambda subject: subject.classifier)
def unknown_class_weight(subject):
    X, y = data(subject)
    for weights in (
        {3: 2.0},
        {"0": 1.0},
        {0: -1.0},
        {0: np.nan},
        {0: np.inf},
        {0: 0.0},
        {0: "a"},
        "auto",
        3,
        [1, 2],
        {0: None},
    ):
        yield Trial(X, y, params={"class_weight": weights}, label=str(weights))
