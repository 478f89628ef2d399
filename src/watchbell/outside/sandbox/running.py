"""This will start one contained command, bound it before it takes its first step, and end it when its time is up.

bubblewrap reports the first process of the new namespace and waits; meanwhile that process gets its limits and its
account, and only then goes on. Ending it ends the whole namespace: the kernel leaves nobody behind, whatever a process
does with signals, and tells us when the last one is gone.
"""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Ran
from watchbell.formats import strictjson
from watchbell.outside.sandbox import cgroups, handing
from watchbell.outside.sandbox.cgroups import Account
from watchbell.outside.sandbox.ground import ENVIRONMENT
from watchbell.outside.sandbox.identities import Identity
from watchbell.outside.sandbox.interface import MIB, Limits, SandboxBroke
from watchbell.outside.sandbox.watching import Watch

START_SECONDS: Final = 10.0
END_SECONDS: Final = 5.0
_CHUNK: Final = 64 << 10
_MOST_SAID: Final = 4096


@record(frozen=True, slots=True, kw_only=True)
class Order:
    """One command to run: how it is started, what it is given, how long and how much it may take.

    `given` are descriptors by the option of bubblewrap's that reads them. `sparse` leaves the address space unbounded.
    """

    entering: tuple[str, ...]
    command: tuple[str, ...]
    who: Identity
    given: Mapping[str, int]
    stdin: int
    seconds: float
    memory: int
    sparse: bool
    limits: Limits
    accounts: Path | None


def carry_out(order: Order) -> Ran:
    """Return what came of the command. Raises SandboxBroke where it could not be started, watched or ended."""
    with ExitStack() as stack:
        account = stack.enter_context(_account(order))
        started = stack.enter_context(Started(order))
        started.bound(account)
        watch = Watch(started, order.seconds, order.memory, order.limits.output, counts=account is not None)
        started.go()
        watch.until_gone()
        return watch.result(started.exit_code(), account)


@contextmanager
def _account(order: Order) -> Iterator[Account | None]:
    if order.accounts is None:
        yield None
        return
    # What is written to the bounded file system counts as memory too, and is none of the command's.
    memory = order.memory + order.limits.disk
    try:
        account = cgroups.opened(order.accounts, memory=memory, processes=order.limits.processes)
    except OSError as error:
        raise SandboxBroke(f"The kernel's account could not be opened: {error}") from error
    try:
        yield account
    finally:
        with suppress(OSError):  # an empty folder that stays behind does no harm
            account.close()


class Started:
    """A command that bubblewrap has contained, and that waits for `go`; on leaving, nothing of it is left."""

    def __init__(self, order: Order) -> None:
        self.first_fd = -1
        self._tell, told = os.pipe()
        waits, self._release = os.pipe()
        try:
            self.process = _popen(order, status=told, block=waits)
        except OSError as error:
            os.close(self._tell)
            os.close(self._release)
            raise SandboxBroke(f"The command could not be started: {error}") from error
        finally:
            os.close(told)
            os.close(waits)
        try:
            self._said = handing.first_line(self._tell, START_SECONDS)
            self.first = self._first_process()
            self.first_fd = os.pidfd_open(self.first)
        except BaseException:
            self._close()
            raise

    def _first_process(self) -> int:
        if not self._said:
            raise SandboxBroke(f"bubblewrap could not contain the command: {self._complaint()}")
        try:
            return int(strictjson.loads(self._said.partition(b"\n")[0])["child-pid"])
        except (ValueError, KeyError, TypeError) as error:
            raise SandboxBroke("bubblewrap told nothing that we understand.") from error

    def _complaint(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        said = self.process.stderr.read(_MOST_SAID).decode("utf-8", "backslashreplace").strip()
        return ascii(said) if said else "it said nothing"

    def bound(self, account: Account | None) -> None:
        """This will put the command into its account before it runs, and make it the first to go if memory is short."""
        with suppress(OSError), open(f"/proc/{self.first}/oom_score_adj", "w", encoding="ascii") as score:
            score.write("1000")
        if account is not None:
            account.take_in(self.first)

    def go(self) -> None:
        """This will let the command run."""
        os.write(self._release, b"x")

    def end(self) -> None:
        """This will end everything in the namespace; harmless when it is over already."""
        self.process.kill()
        if self.first_fd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.first_fd, signal.SIGKILL)

    def exit_code(self) -> int | None:
        """Return what bubblewrap told of the command's end, or None when it was ended before it could."""
        try:
            self.process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise SandboxBroke("bubblewrap did not end though its command did.") from error
        while piece := os.read(self._tell, _CHUNK):
            self._said += piece
        for line in self._said.splitlines():
            if b'"exit-code"' in line:
                return int(strictjson.loads(line)["exit-code"])
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.end()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=END_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        for descriptor in (self._tell, self._release, self.first_fd):
            if descriptor >= 0:
                os.close(descriptor)


def _popen(order: Order, *, status: int, block: int) -> subprocess.Popen[bytes]:
    told = [word for name, number in order.given.items() for word in (f"--{name}", str(number))]
    about = ["--json-status-fd", str(status), "--block-fd", str(block)]
    command = [*order.entering, "bwrap", *told, *about, "--", *limited(order)]
    return subprocess.Popen(  # noqa: S603 (contained)
        command,
        stdin=order.stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd="/",
        pass_fds=(status, block, *order.given.values()),
        **order.who.for_process(),
    )


def limits_of(order: Order) -> dict[str, int]:
    """Return the kernel's limits for one run, by their names in prlimit(1).

    A core file of one byte is none, and the one number for which the kernel does not start a handler of crashes
    either (core(5)). The data limit counts memory that can be written to and is a process's own; the address space
    has room besides for what programs map and reserve. Programs with sanitizers reserve terabytes: for them neither.
    """
    memory = order.memory * MIB
    limits = {
        "cpu": int(order.seconds) + 2,
        "core": 1,
        "fsize": order.limits.disk * MIB,
        "nproc": order.limits.processes,
        "nofile": order.limits.open_files,
        "memlock": 0,
        "msgqueue": 0,
        "sigpending": 256,
    }
    return limits if order.sparse else {**limits, "data": memory, "as": 2 * memory + 512 * MIB}


def limited(order: Order) -> list[str]:
    """Return the command behind prlimit(1), which lowers each limit that is not lower already, within the containment.

    From outside it could be done only with CAP_SYS_RESOURCE, which root does not have in many containers.
    """
    said = []
    for name, most in limits_of(order).items():
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        kept = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # Reaching the softer limit of time tells its reason (SIGXCPU); reaching the harder one does not.
        said.append(f"--{name}={max(kept - 1, 0)}:{kept}" if name == "cpu" else f"--{name}={kept}")
    return ["/usr/bin/prlimit", *said, "--", *order.command]


def spoken(command: Sequence[str]) -> tuple[str, ...]:
    """Return the command as it may be started. Raises ValueError for one that cannot."""
    if not command or any("\0" in word for word in command):
        raise ValueError("A command has at least one word, and no zero byte in any.")
    return tuple(command)
