"""Run the benchmarks and print their tables: ``python -m bench [--quick] [--data DIR] [--only NAME ...]``."""

import argparse
import os
import platform
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn
from threadpoolctl import threadpool_limits

import pyreweight

from . import auto_rule, datasets, solvers, time_to_accuracy

SPEED = ["diabetes-interactions", "riboflavin", "mice-snp", "wide", "tall", "correlated"]
SPEED_QUICK = ["diabetes-interactions", "riboflavin", "wide-small", "tall-small", "correlated-small"]
RATIOS = [10, 100]
AUTO = ["prostate", "riboflavin", "wine-red", "wine-white", "diabetes", "diabetes-interactions"]


def progress(text):
    print(text, file=sys.stderr, flush=True)


def load(name, folder):
    """X and y, or ``None`` after saying why not."""
    try:
        return datasets.load(name, folder)
    except datasets.Unavailable as reason:
        print(f"{name} skipped: {reason}")
        return None


def speed_table(names, folder, repeats, budget):
    """One row per problem and alpha: seconds to a relative suboptimality of 1e-6."""
    rows = []
    for name in names:
        if (problem := load(name, folder)) is None:
            continue
        X, y = time_to_accuracy.prepare(*problem)
        chosen = [s for s in solvers.SOLVERS.values() if not s.skip(*X.shape)]
        for ratio in RATIOS:
            progress(f"{name}, alpha_max / {ratio}")
            row = {"problem": name, "n": X.shape[0], "p": X.shape[1], "alpha_max/": ratio}
            try:
                row |= time_to_accuracy.compare(chosen, X, y, ratio, repeats=repeats, budget=budget)
            except time_to_accuracy.NotCertified as reason:
                print(f"{name}, alpha_max / {ratio} skipped: {reason}")
                continue
            best_other = min(row[s.name] for s in chosen if s.name != "pyreweight")
            # If all others were given up they need more than the budget: the ratio is then a lower bound.
            best_other = best_other if np.isfinite(best_other) else budget
            rows.append(row | {"best other / pyreweight": best_other / row["pyreweight"]})
    return pd.DataFrame(rows)


def auto_table(names, folder, repeats):
    """One row per data set: R2, features and seconds of both models, and the ratios the means are taken of."""
    rows = []
    for name in names:
        if (problem := load(name, folder)) is None:
            continue
        progress(f"{name}, cross-validation")
        row = auto_rule.compare(*problem, repeats=repeats)
        row["feature ratio"] = row["features pyreweight"] / row["features LassoCV"]
        row["time ratio"] = row["seconds LassoCV"] / row["seconds pyreweight"]
        rows.append({"data": name} | row)
    return pd.DataFrame(rows)


def build_parser():
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller problems, fewer repeats: under three minutes")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(__file__).resolve().parents[2] / "shared" / "data",
        metavar="DIR",
        help="folder of the .npz files (default: %(default)s); missing ones are skipped",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=sorted(datasets.DATASETS),
        metavar="NAME",
        help=f"only these data sets: {', '.join(sorted(datasets.DATASETS))}",
    )
    parser.add_argument("--part", choices=["speed", "auto"], help="only one of the two parts")
    parser.add_argument("--threads", type=int, default=1, help="threads for BLAS and OpenMP (default: %(default)s)")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    speed_names = args.only or (SPEED_QUICK if args.quick else SPEED)
    auto_names = args.only or AUTO
    print(
        f"pyreweight {pyreweight.__version__}, scikit-learn {sklearn.__version__}, NumPy {np.__version__}, "
        f"SciPy {scipy.__version__}, Python {platform.python_version()}; {os.cpu_count()} cores, "
        f"{args.threads} thread(s) used, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}"
    )
    with threadpool_limits(limits=args.threads), pd.option_context("display.width", 200, "display.max_columns", 20):
        if args.part != "auto":
            repeats, budget = (3, 10.0) if args.quick else (7, 60.0)
            print(
                "\nLasso, median seconds to a relative suboptimality of 1e-6 "
                f"(inf: given up after a run of more than {budget:.0f} s)"
            )
            table = speed_table(speed_names, args.data, repeats, budget)
            if len(table):
                print(table.to_string(index=False, float_format="{:.4g}".format, na_rep="-"))
                mean = auto_rule.geometric_mean(table["best other / pyreweight"])
                print(f"geometric mean of best other / pyreweight: {mean:.2f}")
        if args.part != "speed":
            print("\nAdaptiveDropoutRegressor() and LassoCV(), 5-fold cross-validation, means per fit")
            table = auto_table(auto_names, args.data, 1 if args.quick else 10)
            if len(table):
                print(table.to_string(index=False, float_format="{:.4g}".format))
                print(
                    f"geometric means: feature ratio {auto_rule.geometric_mean(table['feature ratio']):.3f}, "
                    f"time ratio {auto_rule.geometric_mean(table['time ratio']):.1f}"
                )
            if not args.only:
                progress("pure noise")
                seeds = 5 if args.quick else 20
                for name, (empty, mean) in auto_rule.pure_noise(seeds).items():
                    print(
                        f"pure noise 60 x 500: {name} keeps nothing in {empty} of {seeds} draws, "
                        f"{mean:.1f} features on average"
                    )


if __name__ == "__main__":
    main()
