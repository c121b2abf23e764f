"""Classes 61 to 90: values of every type, arrays of every layout."""

import contextlib
import decimal

import numpy as np

from .checks import Refused, Trial, finite, same, same_or_refused
from .table import case, data


def spoiled(number, name, values, words, target=False):
    @case(number, name, Refused(words))
    def build(subject):
        for value in values:
            X, y = data(subject)
            if target:
                y = y * 1.0
                y[3] = value
                yield Trial(X, y, label=str(value))
                continue
            X[2, 1] = value
            yield Trial(X, y, label=str(value))
            yield Trial(X.astype(np.float32), y, label=f"{value}, float32")
            yield Trial(np.asfortranarray(X), y, label=f"{value}, by columns")
            spoiled = X[2:3]
            fitted = Trial(*data(subject)).fit(subject)
            try:
                fitted.predict(spoiled)
            except ValueError as error:
                assert "X" in str(error)
            else:
                raise AssertionError("predict took it")

    return build


spoiled(61, "NaN in X", [np.nan], "X contains NaN")
spoiled(62, "infinite X", [np.inf, -np.inf], "X contains infinity")
spoiled(63, "NaN in y", [np.nan, np.inf], r"\by\b.* contains", target=True)


@case(64, "infinite after a cast to float32", same)
def beyond_single(subject):
    X, y = data(subject)
    X[:, 0] *= 1e60
    units = np.where(np.arange(X.shape[1]) == 0, 1e60, 1)
    yield Trial(X, y, like=Trial(X / units, y), x_unit=units)
    with np.errstate(over="ignore"):
        yield Trial(X.astype(np.float32), y, expected=Refused("X contains infinity"), warns=(RuntimeWarning,))
    X = data(subject)[0]
    if not subject.classifier:
        small = X.astype(np.float32) * np.float32(1e-38)
        yield Trial(small, y * 1e10, expected=same_or_refused("overflow"), label="coef_ beyond float32")


@case(65, "pd.NA and None", Refused("X|NAType|NaT|None|NaN"))
def missing(subject):
    import pandas as pd

    X, y = data(subject)
    for value in (pd.NA, None, pd.NaT):
        Z = X.astype(object)
        Z[1, 1] = value
        yield Trial(Z, y, label=str(value))
        yield Trial(pd.DataFrame(Z), y, label=f"{value} in a frame")
    yield Trial(pd.DataFrame(X).convert_dtypes().mask(X > 2), y, label="nullable")


def refused_type(number, name, words, convert):
    @case(number, name, Refused(words))
    def build(subject):
        X, y = data(subject)
        yield Trial(convert(X), y)
        if not subject.classifier:
            yield Trial(X, convert(y), label="y", expected=Refused(words))


refused_type(66, "complex", "[Cc]omplex", lambda X: X + 0j)
refused_type(67, "strings", "float|numeric|string|dtype", lambda X: np.full(X.shape, "text"))
refused_type(68, "datetime", "date|float|dtype|DType", lambda X: (X * 1000).astype("datetime64[s]"))


def accepted_type(number, name, convert, back=None, rtol=1e-7):
    @case(number, name, same)
    def build(subject):
        X, y = data(subject)
        Z = convert(X)
        yield Trial(Z, y, like=Trial(np.asarray(Z, dtype=np.float64), y), rtol=rtol)
        if not subject.classifier:
            target = convert(y[:, None])[:, 0]
            yield Trial(X, target, like=Trial(X, np.asarray(target, dtype=np.float64)), label="y", rtol=rtol)


accepted_type(69, "uint64 near 2^63", lambda X: (2**63 + np.round(X * 2**40)).astype(np.uint64))
accepted_type(70, "int8", lambda X: np.clip(np.round(X * 40), -128, 127).astype(np.int8))
accepted_type(71, "bool", lambda X: X.mean(axis=0) < X)
accepted_type(72, "object of floats", lambda X: X.astype(object))
accepted_type(73, "float16", lambda X: X.astype(np.float16))
accepted_type(74, "longdouble", lambda X: X.astype(np.longdouble))
accepted_type(75, "Decimal", lambda X: np.vectorize(decimal.Decimal, otypes=[object])(X))


def layout(number, name, convert):
    accepted = name

    @case(number, accepted, same)
    def build(subject):
        X, y = data(subject)
        yield Trial(convert(X), y, like=Trial(X, y))
        if not subject.classifier:
            yield Trial(X, convert(y[:, None])[:, 0], like=Trial(X, y), label="y")
        s = np.ones(len(X)) + (np.arange(len(X)) % 3)
        yield Trial(X, y, convert(s[:, None])[:, 0], like=Trial(X, y, s), label="sample_weight")


def _unaligned(X):
    buffer = bytearray(X.nbytes + 1)
    view = np.frombuffer(buffer, dtype=X.dtype, count=X.size, offset=1).reshape(X.shape)
    view[...] = X
    return view


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def _mapped(X):
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".npy", delete=False) as file:
        np.save(file, X)
    return np.load(file.name, mmap_mode="r")


class Subclass(np.ndarray):
    """An array of another class."""


class Convertible:
    """Not an array, but turns into one."""

    def __init__(self, values):
        self.values = values
        self.shape = values.shape

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __getitem__(self, key):
        return Convertible(self.values[key])


layout(76, "C order", np.ascontiguousarray)
layout(77, "Fortran order", np.asfortranarray)
layout(78, "strided view", lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3])
layout(79, "negative strides", lambda X: X[::-1, ::-1].copy()[::-1, ::-1])
layout(80, "big-endian", lambda X: X.astype(">f8"))
layout(81, "read-only", _read_only)
layout(82, "memory-mapped, mode r", _mapped)
layout(83, "unaligned", _unaligned)


@case(84, "np.matrix", same_or_refused("matrix"))
def matrix(subject):
    X, y = data(subject)
    yield Trial(np.asmatrix(X), y, like=Trial(X, y), warns=(PendingDeprecationWarning,))


@case(85, "masked array", same_or_refused("mask"))
def masked(subject):
    X, y = data(subject)
    yield Trial(np.ma.masked_array(X, mask=np.zeros(X.shape, dtype=bool)), y, like=Trial(X, y), label="empty mask")
    yield Trial(np.ma.masked_greater(X, 1.5), y, expected=Refused("mask"), label="X")
    if not subject.classifier:
        yield Trial(X, np.ma.masked_greater(y, 2), expected=Refused("mask"), label="y")
    s = np.ma.masked_array(np.ones(len(X)), mask=np.arange(len(X)) < 3)
    yield Trial(X, y, s, expected=Refused("mask"), label="sample_weight")


@case(86, "lists", same)
def lists(subject):
    X, y = data(subject)
    yield Trial(X.tolist(), y.tolist(), like=Trial(X, y))
    yield Trial([tuple(row) for row in X], tuple(y), like=Trial(X, y))
    yield Trial([[1.0, 2.0], [3.0]], [1, 0], expected=Refused("inhomogeneous|sequence|shape"), label="ragged")


@case(87, "frames of pandas, polars, pyarrow", same)
def frames(subject):
    import pandas as pd

    X, y = data(subject)
    s = np.ones(len(X)) + (np.arange(len(X)) % 3)
    plain = Trial(X, y)
    yield Trial(pd.DataFrame(X), pd.Series(y, index=range(100, 148)), like=plain, label="integer names")
    yield Trial(pd.DataFrame(X), y, pd.Series(s, index=range(7, 55)), like=Trial(X, y, s), label="weights")
    yield Trial(
        pd.DataFrame(X, columns=["a"] * X.shape[1]),
        y,
        like=plain,
        label="names twice",
        expected=same_or_refused("column names"),
    )
    yield Trial(pd.DataFrame(X, columns=list("abcdef")), pd.DataFrame({"y": y})["y"], like=plain, label="names")
    yield Trial(pd.DataFrame(X, columns=["a", 1, 2, 3, 4, 5]), y, expected=Refused("names|string"), label="mixed names")
    Z = np.where(X > 1, X, 0)
    yield Trial(
        pd.DataFrame(Z).astype(pd.SparseDtype("float", 0.0)), y, like=Trial(Z, y), label="sparse", warns=(UserWarning,)
    )
    category = pd.DataFrame({"a": pd.Categorical(["u", "v"] * 24), "b": X[:, 0]})
    yield Trial(category, y, expected=Refused("float|string|numeric"), label="categorical")
    try:
        import polars
    except ImportError:
        pass
    else:
        yield Trial(polars.DataFrame(X, schema=list("abcdef")), polars.Series(y), like=plain, label="polars")
    try:
        import pyarrow
    except ImportError:
        pass
    else:
        table = pyarrow.table({name: X[:, j] for j, name in enumerate("abcdef")})
        yield Trial(table, y, expected=same_or_refused("X|array|float"), like=plain, label="pyarrow")


@case(88, "array subclasses and convertible objects", same)
def array_likes(subject):
    X, y = data(subject)
    yield Trial(X.view(Subclass), y.view(Subclass), like=Trial(X, y))
    yield Trial(Convertible(X), Convertible(y), like=Trial(X, y), label="__array__")


@case(89, "X that changes during the fit", finite)
def changing(subject):
    import threading

    X, y = data(subject, n=150, p=20)
    stop = threading.Event()
    shared = np.asfortranarray(X)

    def change():
        rng = np.random.default_rng(0)
        while not stop.is_set():
            shared[rng.integers(150), rng.integers(20)] += rng.normal()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        with contextlib.suppress(ValueError):
            Trial(shared, y, warns=(Warning,)).fit(subject)
    finally:
        stop.set()
        thread.join()
    yield Trial(X, y, warns=(Warning,) if subject.classifier else ())


@case(90, "zero strides")
def broadcast(subject):
    X, y = data(subject)
    yield Trial(np.broadcast_to(X[:, :1], X.shape), y)
    yield Trial(np.broadcast_to(X[:1], X.shape), y)
    if not subject.classifier:
        yield Trial(X, np.broadcast_to(y[:1], y.shape), expected=finite)
    yield Trial(X, y, np.broadcast_to(np.ones(1), y.shape), like=Trial(X, y), expected=same)
