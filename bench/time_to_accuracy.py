"""Time to a given suboptimality of one lasso problem, judged from outside the solvers.

Every solver goes up a ladder of its own tolerances; the loosest one whose answer reaches the target is timed again, the
solvers taking turns (A B A B), and the median counts. All work a user would wait for is inside the clock.
"""

import time
import warnings
from statistics import median

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from .objective import alpha_max, duality_gap, primal

LADDER = [10.0**-k for k in range(2, 13)]
CERTIFIED = 1e-9


def turns(seconds, repeats):
    """Give the number of timed runs: more where a single one says little, fewer where it costs much."""
    return 5 * repeats if seconds < 0.05 else repeats if seconds < 2.0 else max(1, repeats // 3)


class NotCertified(Exception):
    """No solver came close enough to the optimum to judge the others."""


def prepare(X, y):
    """Centred columns of variance one in Fortran order, and centred y: no solver pays for an intercept."""
    return np.asfortranarray(StandardScaler().fit_transform(X)), y - y.mean()


def run(solver, X, y, alpha, tol):
    """Coefficients and seconds of one solve; stopping early is for the objective to judge, not for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = time.perf_counter()
        coef = solver.solve(X, y, alpha, tol)
        return coef, time.perf_counter() - start


def optimum(solvers, X, y, alpha):
    """Objective and number of nonzeros of the best solution at a tight tolerance, certified by the duality gap."""
    best = np.inf, None
    for solver in solvers:
        coef, _ = run(solver, X, y, alpha, LADDER[-1])
        value = primal(X, y, alpha, coef)
        if value < best[0]:
            best = value, coef
        if duality_gap(X, y, alpha, best[1]) <= CERTIFIED * best[0]:
            return best[0], np.count_nonzero(best[1])
    gap = duality_gap(X, y, alpha, best[1]) / best[0]
    raise NotCertified(f"the best solution has a relative duality gap of {gap:.1e}, wanted {CERTIFIED:.0e}")


def first_success(solver, X, y, alpha, bound, budget):
    """Find the loosest tolerance that reaches ``F <= bound``, and its seconds; ``None`` if that takes too long."""
    for tol in LADDER:
        coef, seconds = run(solver, X, y, alpha, tol)
        if primal(X, y, alpha, coef) <= bound:
            return tol, seconds
        if seconds > budget:
            break
    return None


def compare(solvers, X, y, ratio, target=1e-6, repeats=7, budget=60.0):
    """Median seconds of each solver to ``(F - F*) / F* <= target`` at ``alpha = alpha_max / ratio``.

    Parameters
    ----------
    solvers : list of Solver
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        As ``prepare`` returns them.
    ratio : float
        ``alpha_max / alpha``.
    target : float, default=1e-6
        Relative suboptimality to reach.
    repeats : int, default=7
        Timed runs of each solver, see ``turns``.
    budget : float, default=60.0
        A solver is given up after a run that took longer than this many seconds and missed the target.

    Returns
    -------
    row : dict
        ``nonzeros`` of the optimum and the seconds of each solver by name (infinite if it gave up).
    """
    alpha = alpha_max(X, y) / ratio
    best, nonzeros = optimum(solvers, X, y, alpha)
    reached = {s: first_success(s, X, y, alpha, best * (1 + target), budget) for s in solvers}
    wanted = {solver: turns(success[1], repeats) if success else 0 for solver, success in reached.items()}
    times = {solver: [] for solver in solvers}
    for turn in range(max(wanted.values())):
        for solver, success in reached.items():
            if turn < wanted[solver]:
                times[solver].append(run(solver, X, y, alpha, success[0])[1])
    seconds = {solver.name: median(values) if values else np.inf for solver, values in times.items()}
    return {"nonzeros": nonzeros, **seconds}
