"""Every estimator and function against the numbered classes of hostile input, each in a process that may die of it."""

import sys
from pathlib import Path

import pytest

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
        for subject in SUBJECTS:
            marks = [pytest.mark.slow] if CASES[number].slow else []
            yield pytest.param(subject, number, id=f"{number}-{subject}", marks=marks)


@pytest.mark.skipif(sys.platform == "win32", reason="the children are told what to do through pipes and forks")
@pytest.mark.parametrize(("subject", "number"), list(pairs()))
def test_input_class(pool, subject, number):
    failure = pool.run(subject, number)
    assert failure is None, f"{number} ({CASES[number].name}), {subject}: {failure}"


def test_every_number_has_a_class():
    assert sorted(CASES) == list(range(1, 131))
