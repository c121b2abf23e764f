"""The parts of a run: each prints its tables."""

import dataclasses
import sys
import time

import numpy as np
import pandas as pd

from . import auto_rule, auto_rule_classes, curves, memory, nonconvex, tables, timing
from .datasets import Unavailable, load
from .solvers import SOLVERS

STARTED = time.monotonic()


def progress(text):
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


def split(problem, wanted=None):
    """Solvers that run on the problem, and the reasons of those that do not."""
    reasons = {s.name: s.skip(problem) for s in SOLVERS if not wanted or s.name in wanted}
    return [s for s in SOLVERS if reasons.get(s.name) == ""], {name: why for name, why in reasons.items() if why}


def kind(workload):
    """Name the group of workloads one bar is set for."""
    family = {"l1": "l1"}.get(workload.penalty, "nonconvex")
    return f"{workload.loss_prefix}{family}, {'one fit' if workload.ratio else 'path'}"


def load_problem(workload, folder, threads):
    """Return the problem, or ``None`` after saying why not."""
    try:
        problem = workload.load(folder)
    except Unavailable as reason:
        print(f"{workload.name} skipped: {reason}")
        return None
    return dataclasses.replace(problem, threads=threads)


def speed(workloads, args, targets, repeats, budget, seconds=np.inf, peers=None):
    """Ratio table of all workloads and targets, its summary, the skipped solvers and why, and the time curves.

    After that many seconds no further workload is begun. One that fails does not end the run. ``peers`` gives the names
    of the solvers to compare on a workload where the user has not chosen them; without it they are all that fit.
    """
    rows, drawn, skipped, start = [], [], {}, time.monotonic()
    for done, workload in enumerate(workloads):
        if time.monotonic() > start + seconds:
            print(f"{workload.name} not run: the time is up")
            continue
        if (problem := load_problem(workload, args.data, args.threads)) is None:
            continue
        wanted = args.solvers or (peers and [timing.OURS, *peers(workload)])
        chosen, reasons = split(problem, wanted)
        progress(f"{done + 1}/{len(workloads)} {workload.name}: {', '.join(s.name for s in chosen)}")
        for name, why in reasons.items():
            skipped.setdefault((name, why), []).append(workload.name)
        try:
            found, certified = timing.compare(chosen, problem, targets, repeats, budget)
        except timing.NotCertified as reason:
            print(f"{workload.name} skipped: {reason}")
            continue
        except (ArithmeticError, MemoryError, RuntimeError, ValueError) as error:
            print(f"{workload.name} failed: {type(error).__name__}: {error}")
            continue
        drawn.append((workload.name, found))
        shape = {"kind": kind(workload), "workload": workload.name, "n": problem.shape[0], "p": problem.shape[1]}
        for target in targets:
            if certified <= 0.1 * target:
                rows.append(shape | {"target": target} | tables.ratio_row(problem, found, target))
                progress(f"  to {target:.0e}: {rows[-1]['ratio']:.3g} times as fast as {rows[-1]['best peer']}")
            else:
                print(f"{workload.name} to {target:.0e} skipped: certified only to {certified:.1e}")
        for curve in found:
            if curve.reason:
                print(f"{workload.name}: {curve.name} given up: {curve.reason}")
    if rows:
        table = tables.frame(rows)
        show(table, args)
        print("\nGeometric means of best peer / pyreweight")
        show(tables.summary(pd.DataFrame(rows)), args)
    for (name, why), where in skipped.items():
        print(f"{name} skipped on {len(where)} of {len(workloads)} workloads: {why}")
    if args.plot and drawn:
        curves.plot(drawn, args.plot)
    return rows


def points(args, seeds, limit, **shape):
    """Objectives and times of nonconvex penalties over seeds."""
    chosen = [s for s in SOLVERS if not args.solvers or s.name in args.solvers]
    show(nonconvex.excess(chosen, ["mcp", "scad", "log_sum", "lp"], [10, 20], seeds, limit=limit, **shape), args)


def peaks(workloads, args):
    """Peak memory above the input."""
    rows = []
    for workload in workloads:
        if (problem := load_problem(workload, args.data, 1)) is not None:
            progress(f"memory: {workload.name}")
            rows.append({"workload": workload.name} | memory.above_input(split(problem, args.solvers)[0], problem))
    show(pd.DataFrame(rows), args)


def auto(names, args, repeats):
    """``AdaptiveDropoutRegressor()`` beside ``LassoCV()``: R2, features and seconds of both, and the ratios."""
    rows = []
    for name in names:
        try:
            X, y = load(name, args.data)
        except Unavailable as reason:
            print(f"{name} skipped: {reason}")
            continue
        progress(f"{name}, cross-validation")
        row = auto_rule.compare(X, y, repeats=repeats)
        row["feature ratio"] = row["features pyreweight"] / row["features LassoCV"]
        row["time ratio"] = row["seconds LassoCV"] / row["seconds pyreweight"]
        rows.append({"data": name} | row)
    if rows:
        table = pd.DataFrame(rows)
        show(table, args)
        print(
            f"geometric means: feature ratio {tables.geometric_mean(table['feature ratio']):.3f}, "
            f"time ratio {tables.geometric_mean(table['time ratio']):.1f}"
        )


def auto_classes(names, args, repeats):
    """``AdaptiveDropoutClassifier()`` beside ``LogisticRegressionCV``, and what other strengths would give."""
    rows, others = [], []
    for name in names:
        try:
            X, y = load(name, args.data)
        except Unavailable as reason:
            print(f"{name} skipped: {reason}")
            continue
        progress(f"{name}, classes, cross-validation")
        row = auto_rule_classes.compare(X, y, repeats=repeats)
        row["feature ratio"] = row["features pyreweight"] / row[f"features {auto_rule_classes.PEER}"]
        row["time ratio"] = row[f"seconds {auto_rule_classes.PEER}"] / row["seconds pyreweight"]
        rows.append({"data": name} | row)
        others += [{"data": name} | level for level in auto_rule_classes.levels(X, y, repeats=repeats)]
    if rows:
        table = pd.DataFrame(rows)
        show(table, args)
        print(
            f"geometric means: feature ratio {tables.geometric_mean(table['feature ratio']):.3f}, "
            f"time ratio {tables.geometric_mean(table['time ratio']):.1f}"
        )
        print('\nOther strengths than that of alpha="auto"')
        show(pd.DataFrame(others), args)


def noise(seeds):
    """Count what both models keep of pure noise."""
    for name, (empty, mean) in auto_rule.pure_noise(seeds).items():
        print(f"pure noise 60 x 500: {name} keeps nothing in {empty} of {seeds} draws, {mean:.1f} features on average")


def show(table, args):
    print(tables.markdown(table) if args.markdown else tables.text(table), flush=True)
