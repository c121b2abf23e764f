"""Hostile inputs: the numbered classes, the subjects, and what must come out."""

from . import numbers, shapes, sparse, system, values
from .subjects import SUBJECTS
from .table import CASES

__all__ = ["CASES", "SUBJECTS", "numbers", "shapes", "sparse", "system", "values"]
