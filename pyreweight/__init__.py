"""Sparse linear models by iterative reweighting: adaptive dropout and classical penalties in one solver."""

from importlib.metadata import PackageNotFoundError, version
from pkgutil import extend_path

# In a checkout after `pip install .`, Python finds this folder before the installed package, which has the compiled
# core: look there too.
__path__ = extend_path(__path__, __name__)

from . import penalties
from .classifier import AdaptiveDropoutClassifier
from .classifier_cv import AdaptiveDropoutClassifierCV
from .display import CVDisplay, PathDisplay
from .dropout_training import DropoutTraining, dropout_training
from .expected_loss import expected_dropout_loss
from .masks import effective_penalty, strided_covariance
from .path import dropout_path
from .penalty_display import PenaltyDisplay
from .regressor import AdaptiveDropoutRegressor
from .regressor_cv import AdaptiveDropoutRegressorCV
from .regularization_path import RegularizationPath

try:
    __version__ = version("pyreweight")
except PackageNotFoundError:  # running from a source tree that is not installed
    __version__ = "0+unknown"

__all__ = [
    "AdaptiveDropoutClassifier",
    "AdaptiveDropoutClassifierCV",
    "AdaptiveDropoutRegressor",
    "AdaptiveDropoutRegressorCV",
    "CVDisplay",
    "DropoutTraining",
    "PathDisplay",
    "PenaltyDisplay",
    "RegularizationPath",
    "__version__",
    "dropout_path",
    "dropout_training",
    "effective_penalty",
    "expected_dropout_loss",
    "penalties",
    "strided_covariance",
]
