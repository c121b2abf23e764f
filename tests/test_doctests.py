"""Every example in a docstring of the installed package runs and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

import pyreweight


def module_names():
    """Names of the Python modules; the compiled ones hold no examples and ``__main__`` would run on import."""
    found = pkgutil.walk_packages(pyreweight.__path__, prefix="pyreweight.")
    names = [module.name for module in found]
    return ["pyreweight", *(n for n in names if not n.rpartition(".")[2].startswith(("_core", "__main__")))]


@pytest.mark.parametrize("name", module_names())
def test_examples_in_docstrings(name):
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(importlib.import_module(name), optionflags=options)
    assert result.failed == 0


def test_public_classes_have_examples():
    finder = doctest.DocTestFinder(recurse=False)
    public = [getattr(pyreweight, name) for name in pyreweight.__all__]
    estimators = [item for item in public if isinstance(item, type) and hasattr(item, "fit")]
    assert estimators
    without = [item.__name__ for item in estimators if not any(test.examples for test in finder.find(item))]
    assert without == []
