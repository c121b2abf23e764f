"""Runs cases in a process of its own: reads "subject number" lines, answers each with a line of JSON."""

import json
import os
import sys
import traceback
import warnings

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a case prints is not an answer

from hostile_inputs import CASES, PEERS, SUBJECTS, probe  # noqa: E402

warnings.simplefilter("ignore")
for line in sys.stdin:
    subject, number = line.split()
    try:
        answer = probe(subject, int(number)) if subject in PEERS else CASES[int(number)].run(SUBJECTS[subject])
    except BaseException:
        answer = traceback.format_exc(limit=-6)
    print(json.dumps(answer), file=answers, flush=True)
