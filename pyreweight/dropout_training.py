"""Training of a linear model under sampled masks: the dropout side of the duality, run instead of derived."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ._native import core
from .penalties import get_penalty
from .penalties.arguments import check_count, check_reals
from .training_arguments import as_core_takes_it, check_matrix, check_numbers, check_switches, encode_target
from .validation import check_feature_weights, check_sample_weight


@dataclass(frozen=True)
class DropoutTraining:
    r"""Trajectory of :func:`dropout_training`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Average of the iterates over the second half of the steps.
    intercept_ : float
        Intercept that goes with `coef_`.
    keep_prob_ : ndarray of shape (n_features,)
        Keep probabilities at `coef_`, not below the bound `min_keep_prob`; 0 for a column that is out.
    steps_ : ndarray of shape (n_records + 1,)
        Number of steps taken at each record, 0 first.
    coefs_ : ndarray of shape (n_records + 1, n_features)
        Iterates, not averaged; the start first.
    intercepts_ : ndarray of shape (n_records + 1,)
        Intercepts of the iterates.
    keep_probs_ : ndarray of shape (n_records + 1, n_features)
        Keep probabilities of the masks that the step after each record draws.
    objectives_ : ndarray of shape (n_records + 1,)
        Mean loss plus ``alpha`` times the penalty at each record, the objective of the estimators.
    step_size_ : float
        Size of the first step.
    periods_ : ndarray or None
        ``pattern="strided"``: probabilities of the periods 1, 2, ...; None otherwise.
    """

    coef_: NDArray[np.float64]
    intercept_: float
    keep_prob_: NDArray[np.float64]
    steps_: NDArray[np.int64]
    coefs_: NDArray[np.float64]
    intercepts_: NDArray[np.float64]
    keep_probs_: NDArray[np.float64]
    objectives_: NDArray[np.float64]
    step_size_: float
    periods_: NDArray[np.float64] | None


def dropout_training(
    X,
    y,
    *,
    dropout="variational_dropout",
    alpha=1.0,
    loss="squared",
    pattern="independent",
    distribution="bernoulli",
    n_steps=10_000,
    batch_size=32,
    step="auto",
    decay=0.6,
    min_keep_prob=None,
    n_records=100,
    start=None,
    random_state=None,
    sample_weight=None,
    feature_weights=None,
    fit_intercept=True,
    standardize=True,
    verbose=0,
):
    r"""Train a linear model by stochastic gradient descent under random masks on its columns.

    Step t takes a batch of rows, draws a mask s with the keep probabilities that the strategy gives to the present
    coefficients, and moves

    .. math:: v \leftarrow v - \rho_t\; s \circ \nabla L_{\text{batch}}(s \circ v), \qquad v_j = d_j w_j

    on the centred, scaled columns; nothing is differentiated through the keep probabilities. For the squared loss and
    independent entries the expected step is exactly :math:`-\rho_t` times the gradient of the objective of
    :class:`AdaptiveDropoutRegressor` with the same `penalty` and `alpha`, so the average of the iterates approaches the
    answer of its ``solver="auto"`` if the penalty is convex, and a stationary point if it is not. For the logistic loss
    the training aims at the expected loss under the masks, which is another objective than that of
    :class:`AdaptiveDropoutClassifier`: to second order its penalty is
    :math:`\frac12 \sum_j \frac{1 - q_j}{q_j} g_j v_j^2` with
    :math:`g_j = \frac1n \sum_i \pi_i (1 - \pi_i) z_{ij}^2` of the predicted probabilities and the scaled columns, a
    quarter or less of the classifier's at the same `alpha`.

    The variance of a mask grows like one over the keep probability, which many strategies let fall to 0 at 0. The keep
    probabilities of these are therefore clipped from below, :math:`q_j \ge q_{\min}` = `min_keep_prob`. That is
    training under another strategy, and its penalty is the ridge of keep probability :math:`q_{\min}` wherever the
    strategy's own lies below: near zero for those that threshold, so instead of exact zeros there are small
    coefficients, of size at most :math:`\alpha q_{\min} / (1 - q_{\min})` for unit slope at zero. Clipped l1 is exactly
    ``Huber`` with that scale.

    Every column has a keep probability of its own: groups of features are for the estimators only, and ``ARD()``, whose
    keep probabilities depend on X and y, is trained by the rule it has with orthonormal columns, that of
    ``VariationalBayesDropout()``.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data. The rows are copied once in random order, unless all of them are one batch.
    y : array-like of shape (n_samples,)
        Target values; for the logistic loss two classes, the greater of which counts as 1.
    dropout : str or pyreweight.penalties.Penalty, default="variational_dropout"
        The dropout strategy, which is also the penalty.
    alpha : float, default=1.0
        Strength, as in the estimators.
    loss : {"squared", "logistic"}, default="squared"
        Loss of a row, ``(y - z)**2 / 2`` or ``log(1 + exp(z)) - y z``.
    pattern : {"independent", "row", "strided"}, default="independent"
        ``"independent"``: one mask per step, shared by the rows of the batch, with independent entries. ``"row"``:
        every row draws its own such mask; the expected step is the same, its variance smaller. ``"strided"``: one mask
        per step that keeps every d-th column from a random offset on (Approximate Random Dropout [2]_); see Notes.
    distribution : {"bernoulli", "gaussian"}, default="bernoulli"
        Scaled Bernoulli masks, :math:`1/q` with probability q and else 0, or Gaussian ones,
        :math:`N(1, (1 - q)/q)`. Strided masks are Bernoulli.
    n_steps : int, default=10000
        Number of steps.
    batch_size : int, default=32
        Rows per step; the batches are visited in a new random order each round.
    step : float or "auto", default="auto"
        Size :math:`\rho_0` of the first step, in units of columns with mean square 1 (without `standardize`, of columns
        scaled by a power of two to a mean square in [1, 4)). ``"auto"``: half the smallest squared keep probability
        over the largest eigenvalue of the second moments plus their trace over `batch_size`; times 4 for the logistic
        loss.
    decay : float, default=0.6
        :math:`\rho_t = \rho_0 (1 + \rho_0 t / 10)^{-\mathrm{decay}}`: nearly constant for the ten time constants
        :math:`1/\rho_0` of a column alone. 0 for a constant step, which leaves noise in the iterates that their average
        does not remove where the objective is not quadratic.
    min_keep_prob : float, default=None
        Lower bound of the keep probabilities of penalised columns, in [1e-6, 1]. None: 0.1 for strategies that never
        keep a coefficient of 0, such as ``"l1"``, and no bound for those that do, such as ``BernoulliDropout``.
    n_records : int, default=100
        Number of iterates to keep, evenly spaced.
    start : array-like of shape (n_features,), default=None
        Coefficients to start from; None is 0, which the bound on the keep probabilities lets every column leave.
    random_state : int, RandomState instance or None, default=None
        Seed. The same seed gives the same bits for any number of threads: every draw has an address of its own.
    sample_weight : array-like of shape (n_samples,), default=None
        Nonnegative weights of the rows; None is 1 everywhere.
    feature_weights : array-like of shape (n_features,), default=None
        Factors of the penalty: 0 leaves a column unmasked, inf keeps it out. None: 1 everywhere.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never masked; masks then act on centred columns.
    standardize : bool, default=True
        Whether strategy and masks see columns of unit mean square.
    verbose : int, default=0
        1 prints a line per record.

    Returns
    -------
    DropoutTraining
        Averaged iterate and trajectory.

    Raises
    ------
    ValueError
        If an argument is out of its range (the message names it), or the iterates diverge.

    See Also
    --------
    effective_penalty : What masks of any mean and covariance cost on average.
    strided_covariance : Covariance of strided masks.
    AdaptiveDropoutRegressor : Solves for the point that this training approaches.

    Notes
    -----
    Strided masks draw the period d with probability :math:`k_d` and a uniform offset. The :math:`k_d`, `periods_`, are
    the distribution of greatest entropy on :math:`d = 1, \dots, \lceil 2/q \rceil` with
    :math:`\sum_d k_d / d = q`. Kept columns are multiplied by :math:`1/q`. Each entry then has mean 1 and variance
    :math:`(1-q)/q`, as a Bernoulli mask, and only the kept columns are touched. The entries are not independent:

    .. math:: C_{jk} = \frac{1}{q^2} \sum_{d\,|\,j-k} \frac{k_d}{d} - 1, \qquad
              \mathbb E_s L(s \circ w) = L(w) + \tfrac12 \frac{1-q}{q} \sum_j g_j w_j^2
              + \tfrac12 \sum_{j \ne k} C_{jk} G_{jk} w_j w_k

    so strided masks equal random dropout in their marginals only, and in what they train exactly only if
    :math:`C \circ G` is diagonal, such as for uncorrelated columns. Their penalty is a fixed quadratic: there is no
    sparsity and nothing adapts, so they need a strategy with a constant keep probability, such as ``BernoulliDropout``.

    References
    ----------
    .. [1] D. LeJeune, H. Javadi, R. G. Baraniuk, "The flip side of the reweighted coin: Duality of adaptive dropout and
       regularization", NeurIPS 2021.
    .. [2] Z. Song et al., "Approximate random dropout for DNN training acceleration in GPGPU", DATE 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pyreweight import AdaptiveDropoutRegressor, dropout_training
    >>> from pyreweight.penalties import BernoulliDropout
    >>> X, y = load_diabetes(return_X_y=True)
    >>> dropout = BernoulliDropout(rate=0.5)
    >>> run = dropout_training(X, y, dropout=dropout, random_state=0)
    >>> model = AdaptiveDropoutRegressor(alpha=1.0, penalty=dropout).fit(X, y)
    >>> print(f"{abs(run.coef_ - model.coef_).max() / abs(model.coef_).max():.1f}")
    0.0
    """
    penalty = get_penalty(dropout)
    numbers = check_numbers(alpha, step, decay, min_keep_prob)
    kinds = check_switches(loss, pattern, distribution, fit_intercept, standardize)
    counts = {"n_steps": n_steps, "batch_size": batch_size, "n_records": n_records}
    counts = {name: check_count(value, name, least=1, most=2**31 - 1) for name, value in counts.items()}
    X, y = check_matrix(X), column_or_1d(y)
    check_consistent_length(X, y)
    weights = check_sample_weight(sample_weight, len(y))
    target = encode_target(y, weights, loss)
    rng = check_random_state(random_state)
    low, high = rng.randint(0, 2**32, size=2, dtype=np.uint32)
    rows = np.flatnonzero(weights > 0)
    if batch_size < len(rows):
        rows = rng.permutation(rows)
    if batch_size < len(rows) or len(rows) < len(weights):
        X = X.tocsr()[rows] if sp.issparse(X) else X[rows]
    name, params = penalty._core_arguments()
    answer = core.train_with_dropout(
        X=as_core_takes_it(X),
        y=target[rows],
        sample_weight=weights[rows],
        penalty=name,
        params=params,
        feature_weights=check_feature_weights(feature_weights, X.shape[1]),
        fit_intercept=bool(fit_intercept),
        standardize=bool(standardize),
        kinds=kinds,
        numbers=numbers,
        steps=counts["n_steps"],
        batch_size=min(counts["batch_size"], len(rows)),
        records=min(counts["n_records"], counts["n_steps"]),
        seed=int(high) << 32 | int(low),
        start=np.zeros(0) if start is None else _check_start(start, X.shape[1]),
        report=print if verbose else None,
    )
    periods = answer.pop("periods")
    steps = np.array(answer.pop("steps"))
    return DropoutTraining(
        steps_=steps,
        periods_=periods if len(periods) else None,
        **{f"{key}_": value for key, value in answer.items()},
    )


def _check_start(start, n_features: int) -> NDArray[np.float64]:
    vector = check_reals(start, "start")
    if vector.shape != (n_features,) or not np.all(np.isfinite(vector)):
        raise ValueError(f"start must be {n_features} finite numbers, got {start!r}")
    return np.ascontiguousarray(vector)
