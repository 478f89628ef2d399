"""What may be asked of any sandbox, and what it says when it cannot hold what runs in it."""

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Protocol, Self

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Ran, Trial

MIB: Final = 1 << 20
FOLDER: Final = "/box"
"""Where a program finds its files; it starts there, and may write there, in /tmp and in /dev/shm."""
UID: Final = 1000
"""Who a program is inside."""


class SandboxTrouble(Exception):
    """Something of the sandbox, not of the code in it; the text says what to do."""


class ContainmentMissing(SandboxTrouble):
    """There is no containment here, or not all of it: nothing is run."""


class SandboxBroke(SandboxTrouble):
    """A run could not be started, watched or ended as it should; it says nothing about the code."""


class NotTaken(SandboxTrouble):
    """A file was not taken into the sandbox or out of it; the text names it and says why."""


@record(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a sandbox offers besides what each run asks for. `disk` is MiB of all that is written, in all places.

    `output` is bytes kept of each of the two texts; who writes more than sixteen times that is ended.
    `processes` counts threads too.
    """

    disk: int = 64
    entries: int = 4096
    processes: int = 64
    open_files: int = 256
    output: int = MIB


@record(frozen=True, slots=True, kw_only=True)
class Probe:
    """One wall that was tried: what was tried, whether it held, what held it, and what was seen."""

    name: str
    held: bool
    by: str
    seen: str


@record(frozen=True, slots=True, kw_only=True)
class Containment:
    """What a sandbox showed of itself when it was tried."""

    backend: str
    probes: tuple[Probe, ...]

    @property
    def holds(self) -> bool:
        """Whether every wall held."""
        return bool(self.probes) and all(probe.held for probe in self.probes)

    @property
    def open_walls(self) -> tuple[Probe, ...]:
        """Return those that did not hold."""
        return tuple(probe for probe in self.probes if not probe.held)

    def lines(self) -> tuple[str, ...]:
        """Return a line a wall, for people."""
        return tuple(
            f"{'holds' if one.held else 'OPEN '}  {one.name}: {one.seen}" + (f" (by {one.by})" if one.held else "")
            for one in self.probes
        )


@record(frozen=True, slots=True, kw_only=True)
class Taken:
    """A file that was taken out of a sandbox: its name there, its bytes, and their SHA-256 as they were read."""

    name: str
    data: bytes
    sha256: str


class Session(Protocol):
    """A folder that lasts over several commands. Each command is contained anew and leaves nothing running."""

    def run(
        self,
        command: Sequence[str],
        *,
        seconds: float = 10,
        memory: int = 256,
        stdin: bytes = b"",
        sparse: bool = False,
    ) -> Ran:
        """Return what came of the command; `memory` is MiB.

        `sparse` is for programs that reserve far more memory than they use, such as those built with sanitizers:
        only what is used is counted then, by a cgroup or from outside.
        """

    def write(self, name: str, data: bytes) -> None:
        """This will put a file into the folder, within the containment. Raises NotTaken."""

    def read(self, name: str, *, most: int = MIB) -> bytes:
        """Return a regular file's bytes; never follows a link. Raises NotTaken."""

    def take(self, *, files: int = 100, most: int = 16 * MIB) -> tuple[Taken, ...]:
        """Return all files of the folder, sorted by name. Raises NotTaken where there are more, or other things."""

    def close(self) -> None:
        """This will remove the folder."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Sandbox(Protocol):
    """Runs what others wrote, so that nothing of it reaches anything else."""

    limits: Limits

    def self_test(self) -> Containment:
        """Return how each wall held when it was tried."""

    def run(self, trial: Trial) -> Ran:
        """Return what came of this trial, in a folder of its own."""

    def run_many(self, trials: Iterable[Trial], *, at_once: int = 2) -> tuple[Ran, ...]:
        """Return what came of these trials, in their order."""

    def session(self, files: Mapping[str, bytes] | None = None) -> Session:
        """Return a folder with these files that lasts over several commands."""

    def close(self) -> None:
        """This will let go of what the sandbox holds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
