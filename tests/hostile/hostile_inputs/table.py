"""The table of input classes: number, name, builder of the trials, what is expected of them."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isgenerator

import numpy as np

from .checks import Trial, answers


@dataclass(frozen=True)
class Case:
    """One input class. `build(subject)` yields trials, or checks something itself and returns none."""

    number: int
    name: str
    build: Callable
    expected: Callable
    slow: bool = False
    serial: bool = False  # needs the pool's child to itself (signals, memory limits)
    asks: Callable = lambda subject: True  # whether the subject has what the class is about

    def run(self, subject):
        """Put the subject to the test; an ``AssertionError`` says what failed."""
        trials, count = self.build(subject), 0
        for trial in trials:
            count += 1
            try:
                (trial.expected or self.expected)(subject, trial)
            except Exception as error:
                what = type(error).__name__ + (f" at {trial.label}" if trial.label else "")
                raise AssertionError(f"{what}: {error}") from error
        assert count or not isgenerator(trials), "the class had no trial"


CASES: dict[int, Case] = {}


def case(number, name, expected=answers, **options):
    """Enter a builder of trials into the table."""

    def enter(build):
        assert number not in CASES, f"two builders for {number}"
        CASES[number] = Case(number, name, build, expected, **options)
        return build

    return enter


def data(subject, n=48, p=6, seed=0):
    """Draw an ordinary problem: columns of different scales and means, three of them active."""
    rng = np.random.default_rng([seed, n, p])
    X = rng.normal(size=(n, p)) * rng.uniform(0.5, 2, size=p) + rng.normal(size=p)
    y = X[:, : min(3, p)].sum(axis=1) + 0.5 * rng.normal(size=n) + 1
    return X, subject.targets(y)


def ordinary(subject, **options):
    """Return the ordinary problem as a trial."""
    return Trial(*data(subject, **options))
