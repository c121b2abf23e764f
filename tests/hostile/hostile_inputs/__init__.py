"""Hostile inputs: the numbered classes, the subjects, and what must come out."""

from . import numbers, settings, shapes, sparse, system, values
from .peers import PEERS, probe
from .subjects import SUBJECTS
from .table import CASES

__all__ = ["CASES", "PEERS", "SUBJECTS", "numbers", "probe", "settings", "shapes", "sparse", "system", "values"]
