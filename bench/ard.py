"""``penalty=ARD()`` beside scikit-learn's ``ARDRegression``: ``python -m bench.ard [--data DIR]``.

Both estimate all prior variances and the noise by maximising the evidence; the evidence of what each returns is
computed here, from scratch. Columns are standardised for both, which `ARDRegression` needs and ours does not.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ARDRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pyreweight import AdaptiveDropoutRegressor
from pyreweight.penalties import ARD

from . import datasets

NAMES = ["diabetes-interactions", "riboflavin"]


def log_evidence(X, y, variances, noise_variance, fit_intercept=True):
    """Log density of y under zero-mean priors with these variances: of centred y, n - 1 numbers, with an intercept.

    ``fit_intercept=None`` counts n numbers all the same, as `ARDRegression` does.
    """
    n = len(y)
    if fit_intercept is not False:
        X, y = X - X.mean(axis=0), y - y.mean()
    inside = variances > 0
    S = noise_variance * np.eye(n) + (X[:, inside] * variances[inside]) @ X[:, inside].T
    density = -0.5 * (np.linalg.slogdet(S)[1] + y @ np.linalg.solve(S, y) + n * np.log(2 * np.pi))
    # The constant vector, in which centred y has nothing, is not one of the n - 1.
    return density + 0.5 * np.log(2 * np.pi * noise_variance) if fit_intercept else density


def prior(model, X):
    """Prior variances of the coefficients and noise variance of a fitted model of either package."""
    if isinstance(model, ARDRegression):
        return np.where(model.coef_ != 0, 1 / model.lambda_, 0.0), 1 / model.alpha_
    odds = model.keep_prob_ / (1 - model.keep_prob_)
    return odds * model.alpha_**2 / X.var(axis=0), model.noise_scale_**2


def compare(X, y, repeats=5):
    """Median seconds, log evidence in both conventions, and number of columns kept, of each package."""
    models = {"pyreweight": AdaptiveDropoutRegressor(penalty=ARD()), "scikit-learn": ARDRegression()}
    times = {name: [] for name in models}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(repeats):
            for name, model in models.items():
                start = time.process_time()
                model.fit(X, y)
                times[name].append(time.process_time() - start)
    return {
        name: {
            "seconds": float(np.median(times[name])),
            "log evidence": log_evidence(X, y, *prior(model, X)),
            "of n numbers": log_evidence(X, y, *prior(model, X), fit_intercept=None),
            "columns": int(np.count_nonzero(model.coef_)),
        }
        for name, model in models.items()
    }


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m bench.ard", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    args = parser.parse_args(argv)
    with threadpool_limits(limits=1):
        for data in NAMES:
            try:
                X, y = datasets.load(data, args.data)
            except datasets.Unavailable as reason:
                print(f"{data} skipped: {reason}")
                continue
            for name, row in compare(StandardScaler().fit_transform(X), y).items():
                print(
                    f"{data:22s} {name:13s}" + "".join(f"  {key} {value:.6g}" for key, value in row.items()), flush=True
                )


if __name__ == "__main__":
    main()
