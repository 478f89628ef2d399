"""Run another program, such as pg_dump: bounded in time, never through a shell, no secret in its arguments."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit, urlunsplit

HOUR = 3600


class ProgramFailed(Exception):
    """Another program is missing or ended badly; the text says which and what it printed."""


def run(command: Sequence[str], *, seconds: int = HOUR, extra: Mapping[str, str] | None = None) -> str:
    """Return what the program printed, run with `extra` in its environment. Raises ProgramFailed.

    Everyone on a machine sees every program's arguments: secrets go into `extra`.
    """
    name = command[0]
    if shutil.which(name) is None:
        raise ProgramFailed(f"{name} is not installed. On Debian: apt-get install postgresql-client")
    try:
        done = subprocess.run(  # noqa: S603 (fixed programs, no shell)
            list(command),
            env={**os.environ, **(extra or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
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


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Return a postgresql:// address without its password, and the environment that carries it instead."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    place = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@{place}")), {"PGPASSWORD": unquote(parts.password)}
