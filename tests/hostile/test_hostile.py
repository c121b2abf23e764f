"""Every estimator and function against the numbered classes of hostile input, each in a process that may die of it."""

import sys
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import pyreweight

sys.path.insert(0, str(Path(__file__).parent))

from hostile_inputs import CASES, SUBJECTS
from hostile_pool import Pool


@pytest.fixture(scope="module")
def pool():
    pool = Pool()
    yield pool
    pool.close()


def pairs():
    for number in sorted(CASES):
        for name, subject in SUBJECTS.items():
            if CASES[number].asks(subject):
                marks = [pytest.mark.slow] if CASES[number].slow else []
                yield pytest.param(name, number, id=f"{number}-{name}", marks=marks)


@pytest.mark.skipif(sys.platform == "win32", reason="the children are told what to do through pipes and forks")
@pytest.mark.parametrize(("subject", "number"), list(pairs()))
def test_input_class(pool, subject, number):
    failure = pool.run(subject, number)
    assert failure is None, f"{number} ({CASES[number].name}), {subject}: {failure}"


def test_every_number_has_a_class():
    assert sorted(CASES) == list(range(1, 131))
    assert all(any(CASES[number].asks(subject) for subject in SUBJECTS.values()) for number in CASES)


def test_every_estimator_is_a_subject():
    public = [getattr(pyreweight, name) for name in pyreweight.__all__]
    estimators = {thing for thing in public if isinstance(thing, type) and issubclass(thing, BaseEstimator)}
    assert {type(subject.make()) for subject in SUBJECTS.values() if subject.make} == estimators
    assert "path" in SUBJECTS
