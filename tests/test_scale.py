"""Problems of the size of a machine: peak memory of a process that fits one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parent / "children" / "scale.py"


def run(problem):
    paths = [str(CHILD.parents[2]), os.environ.get("PYTHONPATH", "")]
    result = subprocess.run(
        [sys.executable, CHILD, problem],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


@pytest.mark.slow
def test_a_million_rows():
    answer = run("tall")
    assert answer["X"] == 1.6e9
    assert answer["peak"] <= 1.6 * answer["X"]
    assert answer["kept"][0] >= 10


@pytest.mark.slow
def test_a_million_sparse_columns():
    answer = run("sparse")
    assert answer["peak"] <= 3e9
    assert len(answer["kept"]) == 50
    assert answer["kept"][-1] >= 50


@pytest.mark.parametrize("kind", ["float32 C", "float32 F", "CSC", "CSR"])
def test_memory_beside_the_data(kind):
    """Single precision is not copied to double; sparse data are copied at most once, by columns, and not made dense."""
    answer = run(kind)
    assert answer["extra"] <= (2.0 if kind == "CSR" else 0.2) * answer["X"]
    assert answer["kept"][0] > 0
