"""The examples on the pages run and print what they say, and the figures they show are made by the script."""

import doctest
import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_on_the_page(page):
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    assert text.count(">>> ") == sum(line.startswith(">>> ") for line in "".join(blocks).splitlines())
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples)
    assert result.failed == 0
    assert result.attempted == len(examples.examples)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_figures_on_the_page_exist(page):
    figures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    assert all((DOCS / figure).is_file() for figure in figures)


def test_the_script_draws_every_figure(tmp_path):
    pytest.importorskip("matplotlib")
    runpy.run_path(str(DOCS / "make_figures.py"))["main"](tmp_path)
    drawn = {figure.name for figure in tmp_path.iterdir()}
    assert drawn == {figure.name for figure in (DOCS / "figures").iterdir()}
