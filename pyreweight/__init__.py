"""Sparse linear models by iterative reweighting: adaptive dropout and classical penalties in one solver."""

from importlib.metadata import PackageNotFoundError, version

from . import penalties
from .regressor import AdaptiveDropoutRegressor

try:
    __version__ = version("pyreweight")
except PackageNotFoundError:  # running from a source tree that is not installed
    __version__ = "0+unknown"

__all__ = ["AdaptiveDropoutRegressor", "__version__", "penalties"]
