"""The data sets, one function each: ``load(name, folder)`` returns X and y.

To add one, write a function ``folder -> (X, y)`` in a module of this folder and register it with ``@dataset(name)``.
Labels of a classification set are -1 and 1.
"""

from ._registry import DATASETS, Unavailable, dataset, load

from . import real, simulated  # isort: skip  (they fill the registry)

__all__ = ["DATASETS", "Unavailable", "dataset", "load", "real", "simulated"]
