"""Run a trial of our own benign code on this machine: no sandbox, for references and controls alone."""

import subprocess
import sys
import tempfile
from pathlib import Path

from watchbell.domain.suites.suite import Answer, Item, Ran, Score, Suite, Trial

SECONDS = 10


def ran(trial: Trial) -> Ran:
    """Return what came of a trial, run in a folder that is gone afterwards."""
    assert trial.command[0] == "python3"
    with tempfile.TemporaryDirectory() as folder:
        for name, content in trial.files.items():
            (Path(folder) / name).write_bytes(content)
        command = [sys.executable, *trial.command[1:]]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return Ran(status=-9, timed_out=True)
    return Ran(status=done.returncode, output=done.stdout, errors=done.stderr)


def scored(suite: Suite, item: Item, answer: Answer) -> Score:
    """Return what an answer earns."""
    return suite.judge(item, answer, tuple(ran(trial) for trial in suite.trials(item, answer)))
