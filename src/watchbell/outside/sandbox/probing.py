"""Does the sandbox hold? This will try every wall from the inside, and say of each whether it held and what held it.

It runs each time a sandbox is opened, before anything else does: what is configured is not what is there. Where one
wall does not hold, nothing is run.
"""

import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Ran, Trial
from watchbell.formats import strictjson
from watchbell.outside.sandbox import walls
from watchbell.outside.sandbox.interface import UID, Containment, Limits, Probe, SandboxTrouble

if TYPE_CHECKING:
    from watchbell.outside.sandbox.bubblewrap import BubblewrapSandbox

_HOST: Final = "127.0.0.1"
_REFUSED: Final = frozenset({"EPERM", "EACCES", "ENOSYS"})
_MOST_PROCESSES: Final = 4
_SHOWN: Final = [[], [""], *([name] for name in sorted(walls.ROOT))]
"""Where a service's user may be at home though it is no secret place: "/", "/usr/games" and their kind."""


@record(frozen=True, slots=True, kw_only=True)
class Bait:
    """What a sandbox that leaks would reach: listeners on this machine, a file, and a word only we know."""

    tcp: socket.socket
    udp: socket.socket
    local: socket.socket
    abstract: str
    file: Path
    secret: str

    def was_taken(self) -> bool:
        """Return whether anything reached us, or touched the file."""
        for listener in (self.tcp, self.local):
            with suppress(BlockingIOError):
                listener.accept()[0].close()
                return True
        with suppress(BlockingIOError):
            self.udp.recv(1)
            return True
        return self.file.read_text("ascii") != self.secret


@contextmanager
def laid() -> Iterator[Bait]:
    """Yield the bait, and take it away again."""
    secret = secrets.token_hex(16)
    with (
        tempfile.TemporaryDirectory(prefix="watchbell-sandbox-") as folder,
        socket.socket() as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as local,
    ):
        place = Path(folder, "canary")
        place.write_text(secret, "ascii")
        abstract = f"watchbell-{secrets.token_hex(8)}"
        for one, address in ((tcp, (_HOST, 0)), (udp, (_HOST, 0)), (local, f"\0{abstract}")):
            one.bind(address)
            one.setblocking(False)
        tcp.listen()
        local.listen()
        yield Bait(tcp=tcp, udp=udp, local=local, abstract=abstract, file=place, secret=secret)


def tried(sandbox: "BubblewrapSandbox") -> Containment:
    """Return how each wall held. A wall that could not be tried does not hold."""
    with laid() as bait, ThreadPoolExecutor(max_workers=3) as pool:
        inside = pool.submit(_inside, sandbox, bait)
        loads = (
            pool.submit(_loaded, sandbox, "processes", walls.many(), _processes),
            pool.submit(_loaded, sandbox, "memory", walls.large(), _memory),
            pool.submit(_loaded, sandbox, "memory of all", walls.together(), _together),
            pool.submit(_loaded, sandbox, "disk", walls.full(sandbox.limits), _disk),
            pool.submit(_loaded, sandbox, "time", walls.stubborn(), _time),
        )
        probes = (*inside.result(), *(load.result() for load in loads))
    return Containment(backend="bubblewrap", probes=probes)


def _loaded(
    sandbox: "BubblewrapSandbox", name: str, trial: Trial, judge: "Callable[[BubblewrapSandbox, Ran], Probe]"
) -> Probe:
    try:
        return judge(sandbox, sandbox.run(trial))
    except (SandboxTrouble, OSError, ValueError) as error:
        return Probe(name=name, held=False, by="", seen=f"it could not be tried: {error}")


def _processes(sandbox: "BubblewrapSandbox", ran: Ran) -> Probe:
    started, most = int(ran.output or b"-1"), sandbox.limits.processes
    by = "cgroup pids.max and RLIMIT_NPROC" if sandbox.accounts else "RLIMIT_NPROC for a user of its own namespace"
    seen = f"{started} of {walls.SLEEPS} short sleeps started, {most} are allowed"
    return Probe(name="processes", held=0 < started < min(most, walls.SLEEPS), by=by, seen=seen)


def _memory(sandbox: "BubblewrapSandbox", ran: Ran) -> Probe:
    by = "cgroup memory.max and RLIMIT_DATA" if sandbox.accounts else "RLIMIT_DATA"
    seen = f"four times {walls.MEMORY} MiB ended with {ran.status}" + (", out of memory" if ran.out_of_memory else "")
    return Probe(name="memory", held=ran.status != 0 and ran.out_of_memory, by=by, seen=seen)


def _together(sandbox: "BubblewrapSandbox", ran: Ran) -> Probe:
    by = "cgroup memory.max" if sandbox.accounts else "a look at the sum from outside, twenty times a second"
    seen = f"four processes, two and a half times {walls.MEMORY} MiB, ended with {ran.status}"
    return Probe(name="memory of all", held=ran.status != 0 and ran.out_of_memory, by=by, seen=seen)


def _disk(sandbox: "BubblewrapSandbox", ran: Ran) -> Probe:
    made, written = (int(word) for word in (ran.output or b"-1 -1").split())
    limits: Limits = sandbox.limits
    held = 0 < made <= limits.entries and 0 < written <= limits.disk << 20
    seen = f"{made} entries and {written >> 20} MiB in all places together"
    return Probe(name="disk", held=held, by="one bounded file system in memory", seen=seen)


def _time(_sandbox: "BubblewrapSandbox", ran: Ran) -> Probe:
    seen = "a program that hears no signal, a daemon and a stopped one were ended" if ran.timed_out else "it went on"
    return Probe(name="time", held=ran.timed_out, by="the end of its process namespace", seen=seen)


def _inside(sandbox: "BubblewrapSandbox", bait: Bait) -> tuple[Probe, ...]:
    try:
        seen, host_uid = look_around(sandbox, bait)
    except (SandboxTrouble, OSError, ValueError) as error:
        return (Probe(name="start", held=False, by="", seen=str(error)),)
    return (
        _user(seen, host_uid),
        _spaces(seen),
        _network(seen, reached=bait.was_taken()),
        _places(seen),
        _neighbours(seen),
        _calls(seen),
    )


def look_around(sandbox: "BubblewrapSandbox", bait: Bait) -> tuple[dict[str, Any], int]:
    """Return what `inside.py` saw, and whose its folder was outside. Raises ValueError where it did not run."""
    program = Path(__file__).with_name("inside.py").read_bytes()
    with sandbox.session({"inside.py": program, "facts.json": strictjson.dumps(facts(bait))}) as session:
        ran = session.run(("python3", "inside.py"))
        host_uid = session.host_uid()
    if ran.status != 0:
        raise ValueError(f"Python did not run inside: {ran.errors[-300:].decode('utf-8', 'replace')!a}")
    return strictjson.loads(ran.output), host_uid


def facts(bait: Bait) -> dict[str, Any]:
    """Return what is to be tried from the inside."""
    home = os.path.expanduser("~")
    ours = (str(bait.file), str(bait.file.parent), *((home,) if home.split("/")[1:2] not in _SHOWN else ()))
    return {
        "tcp": bait.tcp.getsockname()[1],
        "udp": bait.udp.getsockname()[1],
        "abstract": bait.abstract,
        "secret": bait.secret,
        "spaces": walls.SPACES,
        "absent": [*walls.ABSENT, *ours],
        "read_only": walls.READ_ONLY,
        "calls": walls.forbidden(),
    }


def _user(seen: dict[str, Any], host_uid: int) -> Probe:
    status = seen["status"]
    bare = all(int(status[name], 16) == 0 for name in ("CapEff", "CapBnd"))
    held = seen["uid"] == UID and host_uid != 0 and bare and status["NoNewPrivs"] == "1"
    found = f"user {seen['uid']} inside, {host_uid} outside, {'no' if bare else 'SOME'} capabilities"
    by = "a user that nobody else is" if host_uid != os.geteuid() else "a user namespace; outside it is who started it"
    return Probe(name="user", held=held, by=by, seen=found)


def _spaces(seen: dict[str, Any]) -> Probe:
    shared = [name for name in walls.SPACES if os.readlink(f"/proc/self/ns/{name}") == seen["spaces"][name]]
    found = f"shared with us: {', '.join(shared)}" if shared else f"{len(walls.SPACES)} of its own"
    return Probe(name="namespaces", held=not shared, by="the kernel's namespaces", seen=found)


def _network(seen: dict[str, Any], *, reached: bool) -> Probe:
    ways = seen["network"]
    open_ways = [name for name, how in ways.items() if how == "reached"]
    found = (
        f"reached: {', '.join(open_ways) or 'our listener'}" if open_ways or reached else f"{len(ways)} ways refused"
    )
    by = "seccomp, and a network namespace" if set(ways.values()) == {"EPERM"} else "a network namespace"
    return Probe(name="network", held=not open_ways and not reached, by=by, seen=found)


def _places(seen: dict[str, Any]) -> Probe:
    faults = [
        *seen["files"],
        *sorted(set(seen["root"]) - walls.ROOT),
        *(f"{one} is writable" for one in seen["written"]),
    ]
    found = ", ".join(faults) if faults else f"{len(walls.ABSENT)} places absent, {len(walls.READ_ONLY)} not writable"
    return Probe(name="places", held=not faults, by="a mount namespace with a read-only root", seen=found)


def _neighbours(seen: dict[str, Any]) -> Probe:
    faults = [*seen["environment"], *(f"descriptor {one}" for one in seen["descriptors"])]
    if len(seen["processes"]) > _MOST_PROCESSES:
        faults.append(f"{len(seen['processes'])} processes")
    found = ", ".join(faults) if faults else f"{len(seen['processes'])} processes, its own; no variable, no descriptor"
    return Probe(name="neighbours", held=not faults, by="a process namespace and an empty environment", seen=found)


def _calls(seen: dict[str, Any]) -> Probe:
    filtered = seen["status"]["Seccomp"] == "2"
    let_through = [f"{name} ({how})" for name, how in seen["calls"].items() if how not in _REFUSED]
    found = f"let through: {', '.join(let_through)}" if let_through else f"{len(seen['calls'])} calls refused"
    return Probe(name="system calls", held=filtered and not let_through, by="seccomp", seen=found)
