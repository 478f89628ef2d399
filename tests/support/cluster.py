"""A PostgreSQL server of a test's own, on a free port of loopback, that the test may break; gone at its end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql")
LONGEST_SECONDS = 60


def why_none() -> str:
    """Return why no server can be started here, or nothing."""
    if _programs() is None:
        return "PostgreSQL's programs are not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and _owner() is None:
        return "PostgreSQL does not run as root, and there is no user postgres here"
    return ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One server: where it keeps its data, and its port."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Return the address of its first database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def restart_at_once(self) -> None:
        """Kill every process of the server, as a crash would, and start it again; returns when it answers."""
        self.control("-w", "-m", "immediate", "restart")

    def control(self, *words: str) -> None:
        """Run pg_ctl; what it starts outlives it."""
        settings = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c max_connections=60"
        run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-o", settings, *words)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server; it is stopped and its folder removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="watchbell-cluster-"))
    if owner := _owner():
        shutil.chown(folder, owner)
    made = Cluster(folder, _free_port())
    try:
        run("initdb", "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8", "-N", "-U", "postgres", "-D", f"{folder}/data")
        made.control("-w", "start")
        try:
            yield made
        finally:
            made.control("-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def run(program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs, as its own user where we are root; raises with what it said when it fails."""
    with tempfile.TemporaryFile("w+") as said:  # a pipe would stay open in the server that pg_ctl leaves behind
        code = subprocess.run(
            [str(_programs() / program), *words],  # type: ignore[operator]
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
            user=_owner(),
            timeout=LONGEST_SECONDS,
            check=False,
        ).returncode
        said.seek(0)
        assert code == 0, said.read()[-4000:]


def _programs() -> Path | None:
    return max(PROGRAMS.glob("*/bin"), key=lambda path: float(path.parent.name), default=None)


def _owner() -> str | None:
    """Return the user to become, or None where we are not root or there is none."""
    try:
        return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    except KeyError:
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
