"""Run another program, such as pg_dump: bounded in time, never through a shell."""

import shutil
import subprocess
from collections.abc import Sequence

HOUR = 3600


class ProgramFailed(Exception):
    """Another program is missing or ended badly; the text says which and what it printed."""


def run(command: Sequence[str], *, seconds: int = HOUR) -> str:
    """Return what the program printed. Raises ProgramFailed; arguments are never shown, they may hold an address."""
    name = command[0]
    if shutil.which(name) is None:
        raise ProgramFailed(f"{name} is not installed; on Debian it is in postgresql-client.")
    try:
        done = subprocess.run(list(command), capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603 (fixed programs, no shell)
    except subprocess.TimeoutExpired as error:
        raise ProgramFailed(f"{name} did not finish within {seconds} s.") from error
    if done.returncode != 0:
        raise ProgramFailed(f"{name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def version(name: str) -> str:
    """Return what `name --version` prints first, or nothing when it is not installed."""
    if shutil.which(name) is None:
        return ""
    done = subprocess.run([name, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 (as above)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""
