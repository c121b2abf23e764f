"""
Compiled core of pyreweight: penalties and solvers.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
__all__: list[str] = ['check_sparse', 'effective_penalty', 'evaluate_penalty', 'expected_logistic_loss', 'fit', 'fit_path', 'majorise_penalty', 'path_alphas', 'penalty_names', 'penalty_parameters', 'penalty_properties', 'philox', 'prox_penalty', 'share_folds', 'strided_periods', 'supports_v3', 'train_with_dropout', 'zero_threshold']
def check_sparse(indptr: numpy.ndarray, indices: numpy.ndarray, stored: typing.SupportsInt | typing.SupportsIndex, majors: typing.SupportsInt | typing.SupportsIndex, minors: typing.SupportsInt | typing.SupportsIndex) -> bool:
    """
    Whether the indices of a CSR or CSC matrix are sorted without duplicates; ValueError when it is malformed.
    """
def effective_penalty(X: typing.Any, sample_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], fit_intercept: bool, mask_mean: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], mask_cov: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]", "flags.f_contiguous"]) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]:
    """
    Matrix (p, p) of the quadratic penalty that masks with this mean (p,) and covariance (p, p) amount to.
    """
def evaluate_penalty(name: str, params: dict, face: str, t: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], alpha: typing.SupportsFloat | typing.SupportsIndex) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"]:
    """
    'value', 'derivative', 'curvature' or 'eta' at t >= 0, or 'conjugate' at eta >= 0.
    """
def expected_logistic_loss(y: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], z: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], sd: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], pi: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"]) -> float:
    """
    Weighted mean of the expected logistic loss at predictors of mean z and standard deviation sd.
    """
def fit(X: typing.Any, Y: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]", "flags.f_contiguous"], sample_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], penalty: str, params: dict, alpha: typing.SupportsFloat | typing.SupportsIndex, solver: str, fit_intercept: bool, standardize: bool, feature_weights: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], feature_groups: typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, 1]"], start: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]", "flags.f_contiguous"], max_iter: typing.SupportsInt | typing.SupportsIndex, tol: typing.SupportsFloat | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex, report: typing.Any, loss: str, loss_params: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex], shared: typing.Any = None) -> dict:
    """
    Fits every column of Y (n, k) on X (n, p), dense or CSC; alpha=nan chooses it. Returns the column centres and one dict per target. feature_groups (p,) or (0,), start (p, k) or (0, 0). With the loss softmax y holds class numbers below K, and a target has K intercepts and K p coefficients, class by class, as has feature_groups.
    """
def fit_path(X: typing.Any, y: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], sample_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], test_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], penalty: str, params: dict, alphas: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], grid_size: typing.SupportsInt | typing.SupportsIndex, solver: str, fit_intercept: bool, standardize: bool, feature_weights: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], feature_groups: typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, 1]"], max_iter: typing.SupportsInt | typing.SupportsIndex, tol: typing.SupportsFloat | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex, degrees_of_freedom: bool, workers: typing.SupportsInt | typing.SupportsIndex, progress: typing.Any, check: typing.Any, loss: str, shared: typing.Any = None, left_out: typing.SupportsInt | typing.SupportsIndex = -1) -> dict:
    """
    Fits y (n,) on X (n, p), dense or CSC, at every alpha, or on a grid of grid_size alphas when there are none. test_weight (n,) or (0,), feature_groups (p,) or (0,). workers: how many such calls share the threads. progress(i, alpha, nonzeros, objective, converged) is called after each alpha, check() now and then. shared, left_out: of share_folds, or None. Returns arrays over the alphas, coefficients as CSC parts of (p, number of alphas); with the loss softmax, whose y holds class numbers below K, of (K p, number of alphas), class by class, as in feature_groups, and intercepts (number of alphas, K).
    """
def majorise_penalty(name: str, params: dict, t: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], alpha: typing.SupportsFloat | typing.SupportsIndex) -> tuple:
    """
    Coefficients (l1, l2) of the majoriser l1 |x| + l2 x^2 / 2 that touches Omega at t.
    """
def path_alphas(X: typing.Any, y: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], sample_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], penalty: str, params: dict, grid_size: typing.SupportsInt | typing.SupportsIndex, fit_intercept: bool, standardize: bool, feature_weights: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], feature_groups: typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, 1]"], eps: typing.SupportsFloat | typing.SupportsIndex, loss: str, shared: typing.Any = None) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"]:
    """
    Geometric grid of alphas from alpha_max to eps alpha_max; all 0 when there is nothing to explain.
    """
def penalty_names(separable: bool = True) -> list[str]:
    """
    Names of the separable penalties, or of the others, sorted.
    """
def penalty_parameters(name: str) -> list[str]:
    """
    Parameter names of a penalty.
    """
def penalty_properties(name: str, params: dict) -> dict:
    """
    Slope at zero, convexity and form of a penalty.
    """
def philox(counter: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(4)"], key: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"]) -> numpy.typing.NDArray[numpy.uint32]:
    """
    Philox4x32-10: four random words.
    """
def prox_penalty(name: str, params: dict, z: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], alpha: typing.SupportsFloat | typing.SupportsIndex, step: typing.SupportsFloat | typing.SupportsIndex) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"]:
    """
    Proximal operator of step * alpha * Omega at z >= 0.
    """
def share_folds(X: typing.Any, y: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], sample_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], fold: typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, 1]"], folds: typing.SupportsInt | typing.SupportsIndex, solves: typing.SupportsInt | typing.SupportsIndex, fit_intercept: bool, standardize: bool) -> typing.Any:
    """
    What the paths on the training sets of a cross-validation share, which are to solve about that many alphas; None where it does not pay. Row i is left out of the training set number fold[i], of none where that is folds.
    """
def strided_periods(rate: typing.SupportsFloat | typing.SupportsIndex) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"]:
    """
    Probabilities of the periods 1, ..., D of strided masks that keep a column with this probability.
    """
def supports_v3() -> bool:
    """
    Whether this processor runs the x86-64-v3 build.
    """
def train_with_dropout(X: typing.Any, y: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], sample_weight: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], penalty: str, params: dict, feature_weights: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], fit_intercept: bool, standardize: bool, kinds: collections.abc.Mapping[str, str], numbers: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex], steps: typing.SupportsInt | typing.SupportsIndex, batch_size: typing.SupportsInt | typing.SupportsIndex, records: typing.SupportsInt | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex, start: typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, 1]"], report: typing.Any) -> dict:
    """
    Trains on y (n,) under sampled masks; start (p,) or (0,). Batches are consecutive rows. Returns a dict.
    """
def zero_threshold(name: str, params: dict, alpha: typing.SupportsFloat | typing.SupportsIndex, step: typing.SupportsFloat | typing.SupportsIndex) -> float:
    """
    Largest z whose prox is 0.
    """
