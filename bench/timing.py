"""Time to a given accuracy, judged from outside the solvers.

Every solver goes up a ladder of its own tolerances, which gives its time curve; the loosest rung that reaches a target
is timed again, the solvers taking turns (A B A B), and the median counts. All work a user would wait for is inside the
clock: process time with one thread, wall time with more. A first run outside the clock compiles what is compiled at
run time.

The accuracy of a convex problem is the relative suboptimality ``(F - F*) / F*``, the largest over the alphas; F* is
certified by the duality gap. That of the others is the violation of the stationarity conditions in units of alpha.
"""

import contextlib
import importlib
import logging
import multiprocessing
import signal
import time
import warnings
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

OURS = "pyreweight"
LADDER = [10.0**-k for k in range(1, 16)]
# A solver that needs this many times as long as pyreweight for one run is not tried at tighter tolerances.
HOPELESS = 50
# Only those who came within this factor of the fastest peer are timed again.
WITHIN_REACH = 4
# A compiled solver that needed this share of the budget for the last tolerance may need too much for the next.
RISKY = 0.1
# Wall time over process time, on a busy machine, of a run that is not interrupted yet.
PATIENCE = 3
# A solver that gains less than this factor on three rungs in a row, worse than asked for, has arrived where it can.
STALLED = 0.9


class TooSlow(Exception):
    """A run was interrupted."""


class NotCertified(Exception):
    """No solver came close enough to the optimum to judge the others."""


@dataclass
class Rung:
    """One run: tolerance, seconds (median once repeated), accuracy, sum of the objective over the alphas."""

    tol: float
    seconds: float
    accuracy: float
    value: float


@dataclass
class Curve:
    """What a solver did on one problem: its rungs, and why it stopped early."""

    name: str
    rungs: list[Rung] = field(default_factory=list)
    reason: str = ""

    def first(self, target, highest=np.inf):
        """Find the loosest rung of that accuracy with an objective of at most ``highest``, or ``None``."""
        return next((r for r in self.rungs if r.accuracy <= target and r.value <= highest), None)


@contextlib.contextmanager
def time_limit(seconds):
    """Interrupt what runs in the block after that much process time, as soon as it comes back to Python."""
    start = time.process_time()

    def look(signum, frame):
        if time.process_time() - start > seconds:
            raise TooSlow(f"interrupted after {seconds:.2g} s")

    # A timer on process time would make that clock coarse for everybody.
    previous = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def run(solver, problem, tol, limit):
    """Coefficients and seconds of one solve; a solver's own opinion of its answer is not asked for."""
    clock = time.process_time if problem.threads == 1 else time.perf_counter
    with warnings.catch_warnings(), np.errstate(all="ignore"), threadpool_limits(limits=problem.threads):
        warnings.simplefilter("ignore")
        logging.disable()
        try:
            with time_limit(limit):
                start = clock()
                coefs = solver.run(problem, tol)
                seconds = clock() - start
        finally:
            logging.disable(logging.NOTSET)
    coefs = np.asarray(coefs, dtype=float)
    if coefs.shape != (problem.coefficients, len(problem.alphas)):
        raise ValueError(f"{coefs.shape[-1]} of {len(problem.alphas)} alphas returned")
    if not np.isfinite(coefs).all():
        raise ValueError("coefficients that are not finite")
    return coefs, seconds


def run_apart(solver, problem, tol, limit):
    """``run`` in a child process where the system can fork, so that compiled code can be stopped, too."""
    if "fork" not in multiprocessing.get_all_start_methods() or problem.threads > 1:
        return run(solver, problem, tol, limit)
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)

    def work():
        try:
            there.send(run(solver, problem, tol, limit))
        except Exception as error:
            there.send(error)

    child = fork.Process(target=work, daemon=True)
    child.start()
    there.close()
    try:
        if not here.poll(PATIENCE * limit + 1):
            raise TooSlow(f"stopped after {PATIENCE * limit + 1:.2g} s of wall time")
        answer = here.recv()
    except EOFError:
        raise RuntimeError("its process died") from None
    finally:
        child.kill()
        child.join()
    if isinstance(answer, Exception):
        raise answer
    return answer


def optimum(solvers, problem, wanted, limit):
    """Least objective known at each alpha, and the largest relative duality gap it is certified to."""
    best, bound = np.full(len(problem.alphas), np.inf), np.full(len(problem.alphas), -np.inf)
    for solver in solvers:
        try:
            coefs, _ = (run if solver.name == OURS else run_apart)(solver, problem, 1e-14, limit)
        except Exception:
            continue
        values = problem.values(coefs)
        best, bound = np.minimum(best, values), np.maximum(bound, values - problem.gaps(coefs))
        if np.max((best - bound) / best) <= wanted:
            break
    return best, np.max((best - bound) / best)


def climb(solver, problem, best, target, budget):
    """Time curve of one solver up to ``target``, or until a run took longer than ``budget`` seconds."""
    curve, stalled = Curve(solver.name), 0
    try:
        importlib.import_module(solver.package)
        if solver.compiled:
            seconds = run_apart(solver, problem, LADDER[0], 2 * budget)[1]
        else:
            seconds = run(solver, problem, LADDER[0], 5 * budget + 60)[1]  # this one compiles
        for tol in LADDER:
            risky = solver.compiled and seconds > RISKY * budget
            coefs, seconds = (run_apart if risky else run)(solver, problem, tol, 2 * budget)
            values = problem.values(coefs)
            accuracy = np.max((values - best) / best) if problem.convex else problem.kkt(coefs).max()
            no_gain = curve.rungs and accuracy > max(tol, STALLED * curve.rungs[-1].accuracy)
            stalled = stalled + 1 if no_gain else 0
            curve.rungs.append(Rung(tol, seconds, float(accuracy), float(values.sum())))
            if accuracy <= target or stalled == 3:
                break
            if seconds > budget:
                curve.reason = f"more than {budget:.2g} s a run, accuracy {accuracy:.0e}"
                break
    except Exception as error:
        curve.reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return curve


def turns(seconds, repeats):
    """Give the number of timed runs: more where a single one says little, fewer where it costs much."""
    return 2 * repeats if seconds < 0.05 else repeats if seconds < 1.0 else max(1, repeats // 3)


def compare(solvers, problem, targets=(1e-4, 1e-6, 1e-10), repeats=7, budget=60.0):
    """Time curves of the solvers on one problem, with median seconds at the rungs that reach the targets.

    Parameters
    ----------
    solvers : list of Solver
    problem : Problem
    targets : sequence of float
        Accuracies to reach.
    repeats : int, default=7
        Timed runs of each rung that counts, see ``turns``.
    budget : float, default=60.0
        A solver is given up after a run that took longer than this many seconds and missed the target.

    Returns
    -------
    curves : list of Curve
    certified : float
        Relative duality gap of the optimum the curves are measured from; 0 for problems that are not convex.
    """
    best, certified = None, 0.0
    if problem.convex:
        best, certified = optimum(solvers, problem, 0.1 * min(targets), 5 * budget)
        if not certified <= 0.1 * max(targets):
            raise NotCertified(f"the best solution has a relative duality gap of {certified:.1e}")
    curves = []
    for solver in solvers:
        curves.append(climb(solver, problem, best, max(min(targets), 10 * certified), budget))
        if curves[-1].name == OURS and curves[-1].rungs:
            budget = min(budget, max(0.05, HOPELESS * curves[-1].rungs[-1].seconds))
    again = {}
    for target in targets:
        reached = {s: rung for s, c in zip(solvers, curves, strict=True) if (rung := c.first(target))}
        fastest = min((rung.seconds for s, rung in reached.items() if s.name != OURS), default=np.inf)
        for solver, rung in reached.items():
            if solver.name == OURS or rung.seconds <= WITHIN_REACH * fastest:
                again[solver, rung.tol] = rung, [rung.seconds]
    for turn in range(1, 2 * repeats):
        for (solver, tol), (rung, seconds) in again.items():
            if turn < turns(seconds[0], repeats):
                seconds.append(run(solver, problem, tol, 10 * budget)[1])
                rung.seconds = median(seconds)
    return curves, certified
