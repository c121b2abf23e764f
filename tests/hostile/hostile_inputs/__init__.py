"""Hostile inputs: the numbered classes, the subjects, and what must come out."""

from . import numbers, shapes, sparse, system, values
from .peers import PEERS, probe
from .subjects import SUBJECTS
from .table import CASES

__all__ = ["CASES", "PEERS", "SUBJECTS", "numbers", "probe", "shapes", "sparse", "system", "values"]
