"""Start one run as a process of its own, unprivileged and with an empty environment, and hear how it goes.

The parent never imports Inspect. The token goes down a pipe and nowhere else: not into the arguments, not into the
environment that /proc shows, not into a file. When the parent dies, the pipe ends and the run with it.
"""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from watchbell.domain.records import record
from watchbell.outside.inspect_runner.interpreter import NOBODY, check_within_reach, interpreter
from watchbell.outside.inspect_runner.logs import FOLDER, logs_in
from watchbell.outside.inspect_runner.plan import PLAN, RunPlan, dumps, is_same_run, loads
from watchbell.outside.inspect_runner.progress import GO_ON, MOST_BYTES, PAUSE, Cause, Kind, Progress, read

TAIL_BYTES: Final = 16 << 10
CANCEL_SECONDS: Final = 25.0
_PIECE: Final = 64 << 10
_HOMES: Final = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_DATA_HOME": "home/data",
    "XDG_CACHE_HOME": "home/cache",
    "XDG_CONFIG_HOME": "home/config",
    "XDG_STATE_HOME": "home/state",
    "XDG_RUNTIME_DIR": "home/runtime",
    "TIKTOKEN_CACHE_DIR": "home/tiktoken",
    "HF_HOME": "home/hf",
    "INSPECT_TRACE_FILE": "home/trace.log",
    "INSPECT_LOG_DIR": FOLDER,
}


class AlreadyBegun(Exception):
    """The folder holds a run already; resume it, or take another folder."""


class AnotherRun(Exception):
    """The folder holds another run than this plan: another suite, seed, model or budget. Take another folder."""


@record(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run ended. `status` is the process's; `log` the newest log; `errors` the end of what it said, harmless.

    A run is whole when every item and epoch of the plan has a sample without an error in the log, and only then.
    """

    status: int
    stopped: Cause
    log: Path | None
    errors: str
    odd_lines: int


def start(plan: RunPlan, *, token: str, python: Path | None = None, as_root: bool = False, **more: str) -> "Run":
    """Start a run in a folder that holds none yet. Raises AlreadyBegun, NoInspect, OutOfReach.

    When we are root the process gets the user and group 65534, who then owns the folder (and may
    enter those above it); `as_root` is for machines
    whose interpreter only root may read. `more` goes into its environment (tests put PYTHONPATH there).
    """
    folder = Path(plan.folder)
    if (folder / PLAN).exists() or logs_in(folder):
        raise AlreadyBegun(f"{folder} holds a run already; resume it, or take another folder.")
    return Run(plan, token, python or interpreter(), as_root=as_root, more=more)


def resume(plan: RunPlan, *, token: str, python: Path | None = None, as_root: bool = False, **more: str) -> "Run":
    """Go on with the run of this folder, or start it: only samples that no earlier log finished are asked again.

    Raises AnotherRun when the folder's plan measures something else.
    """
    before = Path(plan.folder) / PLAN
    if before.exists() and not is_same_run(loads(before.read_bytes()), plan):
        raise AnotherRun(f"{plan.folder} holds another run: another suite, seed, model or budget.")
    return Run(plan, token, python or interpreter(), as_root=as_root, more=more)


class Run:
    """One running process. Read `told` to its end, then take `result`; other threads may pause or cancel meanwhile."""

    def __init__(self, plan: RunPlan, token: str, python: Path, *, as_root: bool, more: Mapping[str, str]) -> None:
        self._folder = Path(plan.folder)
        self._token = token
        self._odd = 0
        self._stopped = Cause.NONE
        self._tail = bytearray()
        self._has_more = False
        self._ending = threading.Lock()
        user = NOBODY if os.geteuid() == 0 and not as_root else None
        if user is not None:
            check_within_reach(python, user=user)
        _prepare(plan, self._folder, user)
        if user is not None:
            check_within_reach(self._folder, user=user)
        self._process = subprocess.Popen(  # noqa: S603 (our own program, no shell)
            [str(python), "-P", "-m", __package__, str(self._folder)],
            env=_environment(self._folder) | dict(more),
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
            umask=0o077,
        )
        self.pid = self._process.pid
        self._errors = threading.Thread(target=self._listen, daemon=True)
        self._errors.start()
        self._hand(token.encode() + b"\n")

    def told(self) -> Iterator[Progress]:
        """Yield what the run tells, until it ends; then nothing of it is left running."""
        assert self._process.stdout is not None
        for data in _lines(self._process.stdout):
            told = read(data)
            if told is None:
                self._odd += 1
                continue
            if told.kind is Kind.STOPPED:
                self._stopped = told.cause
            yield told
        self._end()

    def pause(self) -> None:
        """This will let no new sample begin; what has begun is finished."""
        self._hand(PAUSE + b"\n")

    def go_on(self) -> None:
        """This will let samples begin again."""
        self._hand(GO_ON + b"\n")

    def cancel(self, *, seconds: float = CANCEL_SECONDS) -> None:
        """End the run: it may write its log for some seconds, then it is killed. What it finished stays."""
        with self._ending:
            if self._process.returncode is None:
                os.kill(self.pid, signal.SIGTERM)
        until = time.monotonic() + seconds
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(0.05)
        self._end()

    def result(self) -> Result:
        """Return how the run ended, waiting for that; read `told` to its end before."""
        while not self._has_ended():
            time.sleep(0.02)
        self._end()
        self._errors.join(5)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None and not self._errors.is_alive():
                stream.close()
        newest = logs_in(self._folder)
        return Result(
            status=self._process.returncode,
            stopped=self._stopped,
            log=newest[0] if newest else None,
            errors=self._said(),
            odd_lines=self._odd,
        )

    def _hand(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return  # it has ended; the result says how

    def _listen(self) -> None:
        assert self._process.stderr is not None
        most = TAIL_BYTES + len(self._token)
        while piece := os.read(self._process.stderr.fileno(), _PIECE):
            self._tail += piece
            self._has_more = self._has_more or len(self._tail) > most
            del self._tail[:-most]

    def _said(self) -> str:
        """Return the last errors without the token; the first bytes may be the rest of one, and are left out."""
        data = bytes(self._tail).replace(self._token.encode(), b"[token]") if self._token else bytes(self._tail)
        if self._has_more:
            data = data[len(self._token) :]
        text = data[-TAIL_BYTES:].decode("utf-8", "replace")
        return "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text)

    def _has_ended(self) -> bool:
        """Return whether the process is over; it is not reaped here, so that its number stays its own."""
        with self._ending:
            if self._process.returncode is not None:
                return True
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _end(self) -> None:
        """This will end whatever is left of the process and those it started in its group, and reap it."""
        with self._ending:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield each line without its end; of one that is too long only the start, which nobody will understand."""
    held = b""
    while piece := os.read(stream.fileno(), _PIECE):
        *whole, held = (held + piece).split(b"\n")
        yield from whole
        held = held[: MOST_BYTES + 1]
    if held:
        yield held


def _prepare(plan: RunPlan, folder: Path, user: int | None) -> None:
    """This will make the folder with the plan in it, for the run's own user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ("home", "tmp", FOLDER):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    # Inspect looks for a file .env here and in every folder above, and takes what it finds into its environment.
    with suppress(FileExistsError):
        _write_new(folder / ".env", b"")
    new = folder / f"{PLAN}.new"
    new.unlink(missing_ok=True)
    _write_new(new, dumps(plan))
    new.replace(folder / PLAN)
    if user is not None:
        for one in (folder, *folder.rglob("*")):
            os.chown(one, user, user, follow_symlinks=False)


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet; along no link, since an earlier process of the run could have laid one."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(data)


def _environment(folder: Path) -> dict[str, str]:
    """Return all that the process finds: places inside its folder, and no word of ours or of the machine's."""
    places = {name: str(folder / place) for name, place in _HOMES.items()}
    git = {"GIT_DIR": str(folder / "none"), "GIT_CONFIG_NOSYSTEM": "1"}  # a log is no place for where our code is from
    python = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    return {"PATH": os.defpath + ":/usr/local/bin", "LANG": "C.UTF-8", "NO_PROXY": "*", **places, **git, **python}


def forget(folder: Path) -> None:
    """Remove a run's folder with everything in it; for when the evidence's day of destruction has come."""
    shutil.rmtree(folder, ignore_errors=False)
