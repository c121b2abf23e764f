"""Child processes that run cases, so that a crash or a hang is the failure of one case."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyreweight

COMPILATION = 300  # seconds that a package may compile at a time


class Pool:
    """One child, kept from case to case and replaced when it dies or hangs.

    Parameters
    ----------
    patience : float
        Seconds of wall time a case may take, those in which a package compiles itself not counted.

    warm : sequence of str, default=()
        A package and numbers of classes: the child runs these first, and then every case in a fork of itself.
    """

    def __init__(self, patience=60.0, warm=()):
        self.patience = patience
        self.warm = warm
        self._child = None

    def run(self, subject: str, number: int) -> str | None:
        """Run a case; returns None or what went wrong."""
        if self._child is None:
            self._start()
        self._child.stdin.write(f"{subject} {number}\n")
        self._child.stdin.flush()
        return self._listen(self.patience)

    def close(self):
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child.stdin.close()
            self._child = None

    def _start(self):
        command = [sys.executable, str(Path(__file__).with_name("hostile_child.py")), *self.warm]
        # The child imports the package that is tested here, in a checkout as well as installed.
        place = str(Path(pyreweight.__file__).parents[1])
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([place, os.environ.get("PYTHONPATH", "")])}
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, bufsize=1
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._child.stdout, self._lines), daemon=True).start()
        if self.warm:
            self._listen(COMPILATION)

    def _listen(self, left):
        """Return the answer, of a process that has so many seconds left."""
        answer, compiling, process = "the process died", False, self._child.pid
        while True:
            begin = time.monotonic()
            try:
                line = self._lines.get(timeout=COMPILATION if compiling else left)
            except queue.Empty:
                answer = f"no answer after {self.patience:g} seconds"
                if process == self._child.pid:
                    self.close()
                    return answer
                os.kill(process, signal.SIGKILL)
                left = COMPILATION
                continue
            if not compiling:
                left = max(0, left - (time.monotonic() - begin))
            if not line:
                self.close()
                return answer
            what, value = json.loads(line)
            if what == "process":
                process = value
            elif what == "compiling":
                compiling = value
            elif what == "answer":
                answer = value
            else:
                return answer


def _read(stream, lines):
    """Pass on the lines of a stream, and an empty one when it ends."""
    with stream:
        for line in stream:
            lines.put(line)
    lines.put("")
