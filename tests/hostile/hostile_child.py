"""Runs cases in a process of its own: reads "subject number" lines, answers each with lines of JSON, [what, value].

With a package and numbers of classes as arguments it first runs these, and then every case in a fork of itself: what
the package has compiled by then is there for all, and a case that does not end is not the end of this process.
"""

import json
import os
import sys
import traceback
import warnings

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a case prints is not an answer

from hostile_inputs import CASES, PEERS, SUBJECTS, probe  # noqa: E402


def say(what, value=None):
    print(json.dumps([what, value]), file=answers, flush=True)


def run(subject, number):
    say("process", os.getpid())
    try:
        value = probe(subject, int(number)) if subject in PEERS else CASES[int(number)].run(SUBJECTS[subject])
    except BaseException:
        value = traceback.format_exc(limit=-6)
    say("answer", value)


def run_in_fork(subject, number):
    child = os.fork()
    if child == 0:
        run(subject, number)
        os._exit(0)
    os.waitpid(child, 0)


def tell_of_compilation():
    """Let Numba say when it begins and ends to compile."""
    from numba.core import event

    class Compilation(event.Listener):
        depth = 0

        def on_start(self, _):
            self.depth += 1
            say("compiling", True)

        def on_end(self, _):
            self.depth -= 1
            say("compiling", self.depth > 0)

    event.register("numba:compiler_lock", Compilation())


warnings.simplefilter("ignore")
if len(sys.argv) > 1:
    tell_of_compilation()
    for number in sys.argv[2:]:
        run(sys.argv[1], number)
    say("end")
for line in sys.stdin:
    (run_in_fork if len(sys.argv) > 1 else run)(*line.split())
    say("end")
