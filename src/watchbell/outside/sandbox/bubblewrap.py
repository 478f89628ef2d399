"""The sandbox that comes with us: bubblewrap's namespaces, a filter of system calls, limits, and a user of its own."""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from watchbell.domain.suites.suite import Ran, Trial
from watchbell.outside.sandbox import cgroups, copying, ground, handing, packing, running, seccomp
from watchbell.outside.sandbox.folder import Folder
from watchbell.outside.sandbox.ground import PLACE, PYTHON, Ground
from watchbell.outside.sandbox.identities import Identities, Identity
from watchbell.outside.sandbox.interface import FOLDER, MIB, UID, Containment, Limits, NotTaken, Taken
from watchbell.outside.sandbox.running import Order

NEEDED: Final = ("bwrap", "nsenter", "unshare", "sh", "mount", "tar", "cat")
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
_LINKS: Final = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
_SAID: Final = {
    "PATH": f"{PYTHON}/bin:/usr/bin:/bin",
    "HOME": FOLDER,
    "TMPDIR": "/tmp",  # noqa: S108 (inside)
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class BubblewrapSandbox:
    """Runs commands contained by bubblewrap; made by `opened`, which tries the walls first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.ground = ground.prepared()
        self.accounts = cgroups.found(is_root=os.geteuid() == 0)
        self._identities = Identities()
        self.filter = seccomp.program()
        self.shown = "\0".join(options(self.ground)).encode()

    def self_test(self) -> Containment:
        """Return how each wall held when it was tried; takes about a second."""
        from watchbell.outside.sandbox import probing

        return probing.tried(self)

    def run(self, trial: Trial) -> Ran:
        """Return what came of this trial, in a folder of its own."""
        with self.session(trial.files) as session:
            return session.run(trial.command, seconds=trial.seconds, memory=trial.memory)

    def run_many(self, trials: Iterable[Trial], *, at_once: int = 2) -> tuple[Ran, ...]:
        """Return what came of these trials, in their order."""
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            return tuple(pool.map(self.run, trials))

    def session(self, files: Mapping[str, bytes] | None = None) -> "BubblewrapSession":
        """Return a folder with these files that lasts over several commands."""
        stack = ExitStack()
        try:
            who = stack.enter_context(self._identities.one())
            folder = Folder(self.ground, who, self.limits, files or {})
            stack.callback(folder.close)
        except BaseException:
            stack.close()
            raise
        return BubblewrapSession(self, who, folder, stack)

    def close(self) -> None:
        """This will let go of what the sandbox holds."""
        self.ground.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BubblewrapSession:
    """A folder that lasts over several commands; each is contained anew and leaves nothing running."""

    def __init__(self, sandbox: BubblewrapSandbox, who: Identity, folder: Folder, stack: ExitStack) -> None:
        self._sandbox = sandbox
        self._who = who
        self._folder = folder
        self._stack = stack

    def run(
        self,
        command: Sequence[str],
        *,
        seconds: float = 10,
        memory: int = 256,
        stdin: bytes = b"",
        sparse: bool = False,
    ) -> Ran:
        """Return what came of the command; see `interface.Session`."""
        sandbox, said = self._sandbox, running.spoken(command)
        self._folder.mend()
        with ExitStack() as stack:
            given = {
                "args": stack.enter_context(handing.sealed("arguments", sandbox.shown)),
                "seccomp": stack.enter_context(handing.sealed("filter", sandbox.filter)),
            }
            read = stack.enter_context(handing.sealed("input", stdin)) if stdin else subprocess.DEVNULL
            order = Order(
                entering=tuple(self._folder.entering(())),
                command=sandbox.ground.spoken(said),
                who=self._who,
                given=given,
                stdin=read,
                seconds=seconds,
                memory=memory,
                sparse=sparse,
                limits=sandbox.limits,
                accounts=sandbox.accounts,
            )
            return running.carry_out(order)

    def write(self, name: str, data: bytes) -> None:
        """This will put a file into the folder, within the containment: links there lead nowhere but inside."""
        ran = self.run(
            ("tar", "-x", "-f", "-", "--no-same-owner"), stdin=packing.packed({name: data}, self._sandbox.limits)
        )
        if ran.status != 0:
            raise NotTaken(f"The sandbox did not take {name!a}: {ran.errors[-200:].decode('utf-8', 'replace')!a}.")

    def read(self, name: str, *, most: int = MIB) -> bytes:
        """Return a regular file's bytes; never follows a link. Raises NotTaken."""
        return copying.read(self._folder.box, name, most=most)

    def take(self, *, files: int = 100, most: int = 16 * MIB) -> tuple[Taken, ...]:
        """Return all files of the folder, sorted by name. Raises NotTaken where there are more, or other things."""
        return copying.take(self._folder.box, files=files, most=most)

    def host_uid(self) -> int:
        """Return whose the folder is outside: who breaks out would be that user."""
        return os.fstat(self._folder.box).st_uid

    def close(self) -> None:
        """This will remove the folder."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def options(shown: Ground) -> list[str]:
    """Return what bubblewrap is told, the same for every command: none of it is a secret.

    The root is made read-only last of all, so that what bubblewrap itself put there (an unbounded file system in
    memory) takes nothing; what can be written to are three folders of one bounded file system.
    """
    said = ["--unshare-all", "--unshare-user", "--uid", str(UID), "--gid", str(UID), "--hostname", "box"]
    said += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    said += [*ground.system_folders(), *_settings(), *_devices(), "--proc", "/proc"]
    for here, there in shown.shown:
        said += ["--ro-bind", here, there]
    for there in shown.hidden:
        said += ["--ro-bind", f"{PLACE}/empty", there]
    if shown.shown:
        said += ["--symlink", shown.python.rpartition("/")[2], f"{PYTHON}/bin/python3"]
    for name, there in (("box", FOLDER), ("tmp", "/tmp"), ("shm", "/dev/shm")):  # noqa: S108 (inside)
        said += ["--bind", f"{PLACE}/{name}", there]
    for name, value in {**_SAID, **({"LD_LIBRARY_PATH": f"{PYTHON}/lib"} if shown.has_library else {})}.items():
        said += ["--setenv", name, value]
    return [*said, "--remount-ro", "/", "--chdir", FOLDER]


def _settings() -> list[str]:
    said = []
    for name in ("passwd", "group", "nsswitch.conf", "hosts"):
        said += ["--ro-bind", f"{PLACE}/etc/{name}", f"/etc/{name}"]
    for name in ("ld.so.cache", "alternatives"):
        said += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return said


def _devices() -> list[str]:
    said = []
    for name in _DEVICES:
        said += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, number in _LINKS.items():
        said += ["--symlink", f"/proc/self/fd{number}", f"/dev/{name}"]
    return said
