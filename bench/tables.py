"""From time curves to the table of ratios."""

import numpy as np
import pandas as pd

from .timing import OURS

# A nonconvex objective this much above the best one of the peers is another, worse stationary point.
WORSE = 1e-3


def highest_value(problem, curves, target):
    """Objective a nonconvex answer must not exceed: the best one of the peers, and 0.1 % more."""
    if problem.convex:
        return np.inf
    values = [r.value for c in curves if c.name != OURS for r in c.rungs if r.accuracy <= target]
    return (1 + WORSE) * min(values, default=np.inf)


def ratio_row(problem, curves, target):
    """Seconds of pyreweight, best peer, its seconds, their ratio, and the objectives where they may differ."""
    highest = highest_value(problem, curves, target)
    seconds = {c.name: r.seconds if (r := c.first(target, highest)) else np.inf for c in curves}
    ours = seconds.pop(OURS, np.inf)
    peer = min(seconds, key=seconds.get, default="")
    best = seconds.get(peer, np.inf)
    row = {"pyreweight [s]": ours, "best peer": peer if np.isfinite(best) else "none arrived", "peer [s]": best}
    # A row where only one side arrives: infinite if it is ours, zero if it is the peer's, nothing if neither does.
    row["ratio"] = best / ours if np.isfinite(ours) else 0.0 if np.isfinite(best) else np.nan
    if not problem.convex:
        mine = next((c for c in curves if c.name == OURS), None)
        arrived = mine and mine.first(target)
        row["F excess"] = (arrived.value * (1 + WORSE) / highest - 1) if arrived else np.nan
    return row


def geometric_mean(ratios):
    """Geometric mean of the finite positive numbers; nan of none."""
    ratios = np.asarray(ratios, dtype=float)
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    return float(np.exp(np.mean(np.log(ratios)))) if len(ratios) else np.nan


def summary(table):
    """Geometric mean, number of rows, lost rows and rows without a comparison, by kind of problem and target."""
    groups = table.groupby(["kind", "target"], sort=False)["ratio"]
    return groups.agg(
        **{
            "rows": "size",
            "geometric mean": geometric_mean,
            "peer faster": lambda r: int((r < 1).sum()),
            "no peer arrived": lambda r: int(np.isinf(r).sum()),
            "nobody arrived": lambda r: int(r.isna().sum()),
        }
    ).reset_index()


def markdown(table, digits=3):
    """Write the table in Markdown, as README shows it."""
    return table.to_markdown(index=False, floatfmt=f".{digits}g")


def text(table):
    """Write the table for the terminal."""
    return table.to_string(index=False, float_format="{:.3g}".format, na_rep="-")


def frame(rows):
    """Make a data frame with the rows where a peer is faster first."""
    table = pd.DataFrame(rows)
    return table.sort_values("ratio", kind="stable", na_position="first") if len(table) else table
