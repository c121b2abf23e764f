"""The examples on the pages run and print what they say, and the figures they show are made by the script."""

import doctest
import re
import runpy
from pathlib import Path

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
REVIEWS = DOCS / "movie-reviews.md"


@pytest.mark.parametrize("page", [page for page in PAGES if page != REVIEWS], ids=lambda page: page.stem)
def test_examples_on_the_page(page):
    check_examples(page)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of liblinear
def test_examples_on_movie_reviews(shared, tmp_path, monkeypatch):
    path = shared / "data" / "movie_review_polarity.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in the folder of reference data")
    if parse_version(sklearn.__version__) < parse_version("1.8"):
        pytest.skip("the page is for scikit-learn 1.8 or newer")
    reviews = pytest.importorskip("pandas").read_csv(path)
    for name, label in (("pos", 1), ("neg", 0)):
        lines = "\n".join(reviews["text"][reviews["y"] == label])
        (tmp_path / f"rt-polarity.{name}").write_text(lines, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    check_examples(REVIEWS)


def check_examples(page):
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
