"""Child processes that run cases, so that a crash or a hang is the failure of one case."""

import json
import os
import selectors
import subprocess
import sys
from pathlib import Path

import pyreweight


class Pool:
    """One child, kept from case to case and replaced when it dies or hangs.

    Parameters
    ----------
    patience : float
        Seconds of wall time a case may take.
    """

    def __init__(self, patience=60.0):
        self.patience = patience
        self._child = None

    def run(self, subject: str, number: int) -> str | None:
        """Run a case; returns None or what went wrong."""
        if self._child is None:
            command = [sys.executable, str(Path(__file__).with_name("hostile_child.py"))]
            # The child imports the package that is tested here, in a checkout as well as installed.
            place = str(Path(pyreweight.__file__).parents[1])
            environment = os.environ | {"PYTHONPATH": os.pathsep.join([place, os.environ.get("PYTHONPATH", "")])}
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, bufsize=1
            )
        self._child.stdin.write(f"{subject} {number}\n")
        self._child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            ready = selector.select(self.patience)
        line = self._child.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        self.close()
        return "the process died" if ready else f"no answer after {self.patience:g} seconds"

    def close(self):
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
