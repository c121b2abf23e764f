"""Which stationary point a solver ends in, and how soon: over seeds of the correlated design, beside the best peer."""

import contextlib

import numpy as np
import pandas as pd

from .datasets.simulated import gaussian
from .objective import alpha_max
from .problem import Problem, prepare
from .tables import geometric_mean
from .timing import OURS, run

# The tolerances a solver is tried at until its answer violates the stationarity conditions by no more than this.
TOLERANCES = (1e-6, 1e-9, 1e-12)
STATIONARY = 1e-6
# An answer that never gets there counts with its objective up to here.
NEARLY_STATIONARY = 1e-4


def solve(solver, problem, limit):
    """F and seconds of the first stationary answer; without one, F of a nearly stationary answer and no time."""
    nearly = np.nan, np.nan
    for tol in TOLERANCES:
        try:
            coefs, seconds = run(solver, problem, tol, limit)
        except Exception:
            break
        violation, value = problem.kkt(coefs)[0], problem.values(coefs)[0]
        if violation <= STATIONARY:
            return value, seconds
        if violation <= NEARLY_STATIONARY:
            nearly = value, np.nan
    return nearly


def answers(solvers, penalty, ratio, seeds, n=1000, p=5000, rho=0.8, n_nonzero=50, limit=60.0):
    """Two tables with one row per seed and one column per solver: F, and seconds; nan where there is none."""
    values, seconds = [], []
    for seed in range(seeds):
        X, y = prepare(*gaussian(None, n, p, rho, n_nonzero=n_nonzero, seed=seed))
        problem = Problem(X, y, np.array([alpha_max(X, y) / ratio]), penalty=penalty)
        if seed == 0:  # what is compiled at run time is compiled here
            for solver in solvers:
                with contextlib.suppress(Exception):
                    run(solver, problem, 0.1, limit)
        found = {s.name: solve(s, problem, limit) for s in solvers if not s.skip(problem)}
        values.append({name: value for name, (value, _) in found.items()})
        seconds.append({name: time for name, (_, time) in found.items()})
    return pd.DataFrame(values), pd.DataFrame(seconds)


def excess(solvers, penalties, ratios, seeds, **shape):
    """For each penalty and alpha: our objective over the best peer's minus one, and our time beside the fastest's."""
    rows = []
    for penalty in penalties:
        for ratio in ratios:
            values, seconds = answers(solvers, penalty, ratio, seeds, **shape)
            peers = values.drop(columns=OURS)
            relative = values[OURS] / peers.min(axis=1) - 1
            fastest = seconds.drop(columns=OURS).min(axis=1)
            best = peers.dropna(how="all").idxmin(axis=1).mode()
            rows.append(
                {
                    "penalty": penalty,
                    "alpha_max/": ratio,
                    "seeds with a peer": int(relative.notna().sum()),
                    "lower or equal": int((relative <= 1e-9).sum()),
                    "within 0.1 %": int((relative <= 1e-3).sum()),
                    "worst excess": relative.max(),
                    "mean excess": relative.mean(),
                    "best peer most often": best[0] if len(best) else "none arrived",
                    f"{OURS} [s]": seconds[OURS].median(),
                    "fastest peer [s]": fastest.median(),
                    "ratio": geometric_mean(fastest / seconds[OURS]),
                }
            )
    return pd.DataFrame(rows)
