"""Benchmarks of pyreweight: ``python -m bench --help``.

To add a data set, write a function in ``datasets.py``; to add a competitor, write one in ``solvers.py``.
"""
