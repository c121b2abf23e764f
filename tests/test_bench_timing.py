"""Solvers are timed, stopped and compared as the benchmark says."""

import os
import signal
import time

import numpy as np
import pytest
from bench_problems import NAMED, Zero, make

from bench import tables, timing


class Broken(Zero):
    name = "broken"

    def run(self, problem, tol):
        raise RuntimeError("no licence")


class Endless(Zero):
    name = "endless"

    def run(self, problem, tol):
        start = time.process_time()
        while time.process_time() < start + 20:
            pass
        raise AssertionError("not interrupted")


def test_a_solver_that_misses_the_target_gets_no_time_and_says_why():
    problem = make(n=100, p=30)
    curves, certified = timing.compare([NAMED["sklearn"], Zero(), Broken()], problem, [1e-6], repeats=1, budget=5)
    good, zero, broken = curves
    assert certified <= 1e-7
    assert 0 < good.first(1e-6).seconds < 5
    assert good.first(1e-6).accuracy <= 1e-6
    assert zero.first(1e-6) is None
    assert len(zero.rungs) < len(timing.LADDER)
    assert broken.rungs == []
    assert broken.reason == "RuntimeError: no licence"
    row = tables.ratio_row(problem, curves, 1e-6)
    assert row["best peer"] == "sklearn"
    assert row["ratio"] == 0


class Ahead(Zero):
    """Gives much more than it is asked for, and the same to many tolerances."""

    def run(self, problem, tol):
        return NAMED["sklearn"].run(problem, 1e-14) * (1 + (1e-4 if tol > 1e-6 else 0))


def test_a_solver_that_gives_more_than_asked_goes_on():
    curves, _ = timing.compare([Ahead()], make(n=100, p=30), [1e-10], repeats=1, budget=5)
    accuracies = [rung.accuracy for rung in curves[0].rungs]
    assert 1e-10 < accuracies[0] == accuracies[4] < 1e-5
    assert curves[0].first(1e-10) is not None


def test_an_endless_solver_is_interrupted():
    with pytest.raises(timing.TooSlow):
        timing.run(Endless(), make(), 1e-3, 0.2)


class Deaf(Endless):
    """As compiled code is: no signal interrupts it."""

    def run(self, problem, tol):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        return super().run(problem, tol)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cannot stop compiled code here")
def test_compiled_solvers_run_where_they_can_be_stopped():
    problem = make()
    coefs, seconds = timing.run_apart(NAMED["sklearn"], problem, 1e-8, 5.0)
    assert problem.gaps(coefs)[0] <= 1e-6 * problem.values(coefs)[0]
    assert 0 < seconds < 5
    with pytest.raises(RuntimeError, match="no licence"):
        timing.run_apart(Broken(), problem, 1e-3, 5.0)
    with pytest.raises(timing.TooSlow, match="wall time"):
        timing.run_apart(Deaf(), problem, 1e-3, 0.05)


def test_no_judgement_without_a_certified_optimum():
    with pytest.raises(timing.NotCertified, match="duality gap"):
        timing.compare([Zero()], make(), [1e-6], repeats=1)


def curve(name, *rungs):
    return timing.Curve(name, [timing.Rung(0.1, *rung) for rung in rungs])


def test_ratios_take_the_best_peer_that_arrived():
    problem = make()
    ours, slow, fast = curve("pyreweight", (1.0, 1e-7, 5.0)), curve("a", (9.0, 0, 5.0)), curve("b", (3.0, 1e-3, 5.0))
    row = tables.ratio_row(problem, [ours, slow, fast], 1e-6)
    assert (row["best peer"], row["ratio"]) == ("a", 9.0)
    row = tables.ratio_row(problem, [ours, slow, fast], 1e-2)
    assert (row["best peer"], row["ratio"]) == ("b", 3.0)
    assert tables.ratio_row(problem, [ours, fast], 1e-6)["ratio"] == np.inf
    assert tables.ratio_row(problem, [fast, ours], 1e-9)["best peer"] == "none arrived"


def test_nonconvex_ratios_ask_for_the_objective_of_the_best_peer():
    problem = make("mcp")
    peers = [curve("a", (1.0, 0, 5.0)), curve("b", (0.1, 0, 6.0))]
    row = tables.ratio_row(problem, [curve("pyreweight", (0.5, 0, 5.004)), *peers], 1e-6)
    assert (row["best peer"], row["ratio"]) == ("a", 2.0)
    assert row["F excess"] == pytest.approx(8e-4)
    worse = tables.ratio_row(problem, [curve("pyreweight", (0.5, 0, 5.1)), *peers], 1e-6)
    assert worse["ratio"] == 0
    assert worse["F excess"] == pytest.approx(0.02)


def test_summary_counts_what_the_mean_leaves_out():
    rows = [{"kind": "k", "target": 1e-6, "ratio": r} for r in (2.0, 8.0, np.inf, 0.0, np.nan)]
    (line,) = tables.summary(tables.frame(rows)).to_dict("records")
    assert line["geometric mean"] == pytest.approx(4)
    assert (line["rows"], line["peer faster"], line["no peer arrived"], line["nobody arrived"]) == (5, 1, 1, 1)
