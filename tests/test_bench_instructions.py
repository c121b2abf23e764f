"""The regression guard says what the counts say; the counts themselves are taken in continuous integration."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench.instructions import __main__ as guard


def measured(**ratios):
    return pd.DataFrame({"case": list(ratios), "ratio": list(ratios.values())})


def test_verdicts():
    table = guard.judge(measured(a=1.0, b=1.2, c=0.5, d=1.0), {"a": 1.0, "b": 1.0, "c": 1.0})
    assert list(table["verdict"]) == ["as before", "SLOWER", "faster: store it", "NEW: store it"]


@pytest.mark.parametrize(("ratio", "fails"), [(1.0, False), (1.1, False), (0.2, False), (1.3, True)])
def test_only_slower_fails(monkeypatch, tmp_path, ratio, fails):
    stored = tmp_path / "ratios.json"
    stored.write_text(json.dumps({"a": 1.0}))
    monkeypatch.setattr(guard, "STORED", stored)
    monkeypatch.setattr(guard, "measure", lambda driver: measured(a=ratio).assign(solver=1, reference=1))
    if fails:
        with pytest.raises(SystemExit, match="1 case"):
            guard.main(["driver"])
    else:
        guard.main(["driver"])
    guard.main(["driver", "--update"])
    assert json.loads(stored.read_text()) == {"a": ratio}


def test_a_case_that_is_not_stored_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(guard, "STORED", tmp_path / "ratios.json")
    guard.STORED.write_text("{}")
    monkeypatch.setattr(guard, "measure", lambda driver: measured(a=1.0))
    with pytest.raises(SystemExit, match="not stored"):
        guard.main(["driver"])


def test_stored_ratios_are_those_of_the_driver():
    source = Path(guard.__file__).with_name("driver.cpp").read_text()
    for case in json.loads(guard.STORED.read_text()):
        assert f'{{"{case}", ' in source
