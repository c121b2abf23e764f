"""Folds of a cross-validation and the paths on them."""

import threading
from dataclasses import dataclass

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils import indexable
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from ._base import fit_path
from ._callbacks import PathTasks
from ._native import core
from .validation import Problem, check_rows, check_sample_weight


@dataclass
class Fold:
    """One split. Weights are those of the rows of the problem, which has no rows of weight 0."""

    train_weight: NDArray[np.float64]  # (n_samples of the problem,), 0 for rows that are not in the training set
    test_weight: NDArray[np.float64]  # the same for the test set
    test: NDArray[np.intp]  # test rows of positive weight, as numbers of the caller's rows
    test_rows: NDArray[np.intp]  # the same, as numbers of the problem's rows
    n_samples: int  # number of the caller's rows


def make_folds(splitter, X, y, sample_weight, problem: Problem, split_params) -> list[Fold]:
    """Split the caller's rows, of which those of positive weight are the problem's; a row named twice counts twice."""
    X, y = indexable(X, y)
    n_samples = _num_samples(y)
    counted = np.flatnonzero(check_sample_weight(sample_weight, n_samples) > 0)
    place = np.full(n_samples, -1)
    place[counted] = np.arange(len(counted))
    folds: list[Fold] = []
    for train, test in splitter.split(X, y, **split_params):
        train, test = check_rows(train, n_samples), check_rows(test, n_samples)
        train_weight, test_weight = (
            np.bincount(rows, minlength=n_samples)[counted] * problem.sample_weight for rows in (train, test)
        )
        if not np.any(train_weight > 0):
            raise ValueError(f"fold {len(folds)} of cv has no training row of positive sample_weight")
        test = test[place[test] >= 0]
        folds.append(Fold(train_weight, test_weight, test, place[test], n_samples))
    if not any(np.any(fold.test_weight > 0) for fold in folds):
        raise ValueError("cv leaves no test row of positive sample_weight")
    return folds


def share_folds(model, problem: Problem, folds: list[Fold], n_alphas: int):
    """Return what the paths of the folds need not each compute from the data; None where they share nothing.

    Each row is to be tested in at most one fold and trained on in all others, as often in each.
    """
    if problem.loss != "squared" or model.solver != "auto":
        return None
    fold_of_row = np.full(problem.X.shape[0], len(folds))
    for i, fold in enumerate(folds):
        fold_of_row[fold.test_weight > 0] = i
    for i, fold in enumerate(folds):
        tested = fold_of_row == i
        expected = (tested, fold.test_weight), (~tested, fold.train_weight)
        if not all(np.array_equal(weight, rows * problem.sample_weight) for rows, weight in expected):
            return None
    return core.share_folds(
        X=problem.X,
        y=problem.Y[:, 0],
        sample_weight=problem.sample_weight,
        fold=fold_of_row,
        folds=len(folds),
        solves=n_alphas,
        fit_intercept=bool(model.fit_intercept),
        standardize=bool(model.standardize),
    )


def run_paths(
    model, problem: Problem, alphas, eps: float, folds: list[Fold], n_jobs, tasks: PathTasks, names
) -> list[dict]:
    """Compute the paths of the folds and, last, that of all the data.

    Threads share the data. A path that fails, or an interrupt, stops the others.
    """
    workers = min(effective_n_jobs(n_jobs), len(folds) + 1)
    stop = threading.Event()

    def check():
        if stop.is_set():
            raise RuntimeError("another path failed")

    def run(i):
        try:
            check()
            progress = tasks.begin(i)
            weights = {}
            if i < len(folds):
                weights = {"sample_weight": folds[i].train_weight, "test_weight": folds[i].test_weight, "left_out": i}
            answer = fit_path(model, problem, alphas, eps, workers=workers, progress=progress, check=check, **weights)
            tasks.end(i)
            if model.verbose:
                print(f"{names[i]}: {len(alphas)} points, the last with {answer['coefs'][:, [-1]].nnz} features")
            return answer
        except BaseException:
            stop.set()
            raise

    try:
        # The path of all the data is the longest: started first, it does not end up alone.
        order = [len(folds), *range(len(folds))]
        full, *answers = Parallel(n_jobs=n_jobs, require="sharedmem")(delayed(run)(i) for i in order)
    except BaseException:
        stop.set()
        raise
    return [*answers, full]


def mean_and_standard_error(values, weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over folds and its standard error; `values` is (n_alphas, n_folds), folds of weight 0 do not count."""
    counted = weights > 0
    values, weights = values[:, counted], weights[counted]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.average(values, axis=1, weights=weights)
        variance = np.average((values - mean[:, None]) ** 2, axis=1, weights=weights)
        return mean, np.sqrt(variance / max(1, values.shape[1] - 1))
