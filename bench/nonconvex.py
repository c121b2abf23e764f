"""Which stationary point a solver ends in: objectives over seeds of the correlated design, beside the best peer's."""

import numpy as np
import pandas as pd

from .datasets.simulated import gaussian
from .objective import alpha_max
from .problem import Problem, prepare
from .timing import OURS, run


def objectives(solvers, penalty, ratio, seeds, n=1000, p=5000, rho=0.8, n_nonzero=50, tol=1e-9, limit=60.0):
    """One row per seed: F of every solver that ended in a stationary point (violation below 1e-4 alpha), else nan."""
    rows = []
    for seed in range(seeds):
        X, y = prepare(*gaussian(None, n, p, rho, n_nonzero=n_nonzero, seed=seed))
        problem = Problem(X, y, np.array([alpha_max(X, y) / ratio]), penalty=penalty)
        row = {}
        for solver in solvers:
            if solver.skip(problem):
                continue
            try:
                coefs, _ = run(solver, problem, tol, limit)
            except Exception:
                row[solver.name] = np.nan
                continue
            row[solver.name] = problem.values(coefs)[0] if problem.kkt(coefs)[0] <= 1e-4 else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def excess(solvers, penalties, ratios, seeds, **shape):
    """For each penalty and alpha: our objective over the best peer's minus one, worst and mean over the seeds."""
    rows = []
    for penalty in penalties:
        for ratio in ratios:
            table = objectives(solvers, penalty, ratio, seeds, **shape)
            peers = table.drop(columns=OURS)
            relative = table[OURS] / peers.min(axis=1) - 1
            rows.append(
                {
                    "penalty": penalty,
                    "alpha_max/": ratio,
                    "seeds": seeds,
                    "lower or equal": int((relative <= 1e-9).sum()),
                    "within 0.1 %": int((relative <= 1e-3).sum()),
                    "worst excess": relative.max(),
                    "mean excess": relative.mean(),
                    "best peer most often": peers.idxmin(axis=1).mode()[0],
                }
            )
    return pd.DataFrame(rows)
