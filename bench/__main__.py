"""Run the benchmarks and print their tables: ``python -m bench [--quick] [--data DIR] [--only NAME ...]``."""

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

import pyreweight

from . import datasets, report, workloads
from .problem import Workload
from .solvers import SOLVERS

PARTS = ["speed", "nonconvex", "memory", "auto", "auto-classes"]
PARTS_QUICK = ["auto", "speed"]
SECONDS_QUICK = 150
PACKAGES = ["scikit-learn", "celer", "skglm", "adelie", "glum", "pycasso", "python-glmnet", "numpy", "scipy"]
AUTO = ["prostate", "riboflavin", "wine-red", "wine-white", "diabetes", "diabetes-interactions"]
AUTO_CLASSES = ["saheart", "breast-cancer", "colon", "leukemia", "spambase", "madelon", "w8a", "a9a", "movie-reviews"]
AUTO_CLASSES_QUICK = ["saheart", "breast-cancer", "colon", "leukemia"]
MEMORY = [
    Workload("correlated", ratio=10),
    Workload("wide", ratio=10),
    Workload("tall", ratio=10),
    Workload("text-like", ratio=10),
]
MEMORY_QUICK = [Workload("correlated", ratio=10), Workload("text-like-small", ratio=10)]


def installed(package):
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not installed"


def build_parser():
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="smaller problems, fewer repeats, two parts: under three minutes",
    )
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
    parser.add_argument(
        "--solvers",
        nargs="+",
        choices=[s.name for s in SOLVERS],
        metavar="NAME",
        help=f"only these solvers: {', '.join(s.name for s in SOLVERS)}",
    )
    parser.add_argument("--part", choices=PARTS, help="only one of the parts")
    parser.add_argument("--kind", default="", metavar="TEXT", help="only workloads with this text in their name")
    parser.add_argument("--targets", nargs="+", type=float, metavar="ACCURACY", help="accuracies to reach")
    parser.add_argument("--budget", type=float, help="seconds after which a run that missed its target is the last")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="threads for BLAS and OpenMP (default: %(default)s); with more than one, wall time is measured",
    )
    parser.add_argument("--plot", metavar="FILE", help="time curves of the speed part (needs matplotlib)")
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown (needs tabulate)")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    print("; ".join([f"pyreweight {pyreweight.__version__}", *map(installed, PACKAGES)]))
    print(
        f"Python {platform.python_version()}; {os.cpu_count()} cores, {args.threads} thread(s) used, "
        f"{'process' if args.threads == 1 else 'wall'} time"
    )
    parts = [args.part] if args.part else PARTS_QUICK if args.quick else PARTS
    listed = workloads.QUICK if args.quick else workloads.FULL
    if args.only:
        listed = [w for w in workloads.FULL + workloads.QUICK if w.data in args.only]
    listed = [w for w in dict.fromkeys(listed) if args.kind in w.name]
    with threadpool_limits(limits=args.threads), pd.option_context("display.width", 250, "display.max_columns", 30):
        if "speed" in parts:
            repeats, budget, seconds = (3, 1.0, SECONDS_QUICK) if args.quick else (7, 20.0, float("inf"))
            targets = args.targets or ([1e-6] if args.quick else [1e-4, 1e-6, 1e-10])
            print("\nMedian seconds to the target accuracy; rows where a peer is faster first")
            peers = workloads.quick_peers if args.quick else None
            report.speed(listed, args, targets, repeats, args.budget or budget, seconds, peers)
        if "nonconvex" in parts and not args.only:
            print("\nNonconvex penalties: our objective over the best peer's, our time beside that of the fastest")
            shape = {"n": 200, "p": 1000, "n_nonzero": 20} if args.quick else {}
            report.points(args, 3 if args.quick else 20, limit=1.0 if args.quick else 20.0, **shape)
        if "memory" in parts and not args.only:
            print("\nPeak memory above the input, MiB")
            report.peaks(MEMORY_QUICK if args.quick else MEMORY, args)
        if "auto" in parts:
            print("\nAdaptiveDropoutRegressor() and LassoCV(), 5-fold cross-validation, means per fit")
            report.auto([n for n in AUTO if not args.only or n in args.only], args, 1 if args.quick else 10)
            if not args.only:
                report.noise(5 if args.quick else 20)
        if "auto-classes" in parts:
            print("\nAdaptiveDropoutClassifier() and LogisticRegressionCV(l1), 5-fold cross-validation, means per fit")
            sets = AUTO_CLASSES_QUICK if args.quick else AUTO_CLASSES
            report.auto_classes([n for n in sets if not args.only or n in args.only], args, 1 if args.quick else 4)


if __name__ == "__main__":
    main()
