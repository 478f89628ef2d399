"""This will hold one sandbox's files: a small file system in memory, bounded in bytes and in entries, seen by no one.

It lives in a mount namespace that a waiting `cat` keeps open; when this process ends in whatever way, the pipe to it
closes and everything is gone. Each command of a session enters that namespace, and is contained from there.
"""

import functools
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from watchbell.outside.sandbox import handing, packing
from watchbell.outside.sandbox.ground import ENVIRONMENT, PLACE, SECONDS, Ground
from watchbell.outside.sandbox.identities import Identity
from watchbell.outside.sandbox.interface import MIB, UID, Limits, SandboxBroke

_HOLD: Final = (
    'mount -t tmpfs -o "size=$1,nr_inodes=$2,mode=0755,nosuid,nodev" none "$3"'
    ' && tar -xf "$4" -C "$3" --no-same-owner && echo ready && exec cat'
)
FOLDERS: Final = {"box": 0o700, "tmp": 0o700, "shm": 0o700, "etc": 0o755, "empty": 0o755}
_PEOPLE: Final = {
    "etc/passwd": f"box:x:{UID}:{UID}::/box:/bin/sh\n",
    "etc/group": f"box:x:{UID}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "etc/hosts": "127.0.0.1 localhost box\n",
}


class Folder:
    """A sandbox's file system while it is held; `box` is a descriptor of the folder that the code sees."""

    def __init__(self, ground: Ground, who: Identity, limits: Limits, files: Mapping[str, bytes]) -> None:
        self._ground = ground
        self._who = who
        given_files = packing.packed(files, limits, below="box/", before=_furniture())
        with handing.sealed("files", given_files) as given:
            self._process = self._start(limits, given)
        self.box = -1
        try:
            self._await_ready()
            self.box = os.open(self.seen_from_here("box"), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except BaseException:
            self.close()
            raise

    def _start(self, limits: Limits, given: int) -> subprocess.Popen[bytes]:
        sizes = (str(limits.disk * MIB), str(limits.entries + len(FOLDERS) + len(_PEOPLE) + 1))
        hold = ["sh", "-c", _HOLD, "sh", *sizes, PLACE, f"/proc/self/fd/{given}"]
        unshare = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", *hold]
        command, options = self._ground.entering(self._who, unshare)
        kept = options.pop("pass_fds", ())
        assert isinstance(kept, tuple)
        pipe = subprocess.PIPE
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # noqa: S603 (fixed programs)
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT, cwd="/", pass_fds=(*kept, given), **options
        )

    def _await_ready(self) -> None:
        out, errors = self._process.stdout, self._process.stderr
        assert out is not None
        assert errors is not None
        if handing.first_line(out.fileno(), SECONDS) != b"ready\n":
            self._process.kill()
            said = errors.read(500).decode("utf-8", "backslashreplace").strip()
            raise SandboxBroke(f"The sandbox's folder could not be made: {said or 'no word why'}.")

    def seen_from_here(self, name: str) -> str:
        """Return where a part of the file system is seen by this process."""
        return f"/proc/{self._process.pid}/root{PLACE}/{name}"

    def mend(self) -> None:
        """This will undo what code did to the folder's own mode: it could keep its next command from starting."""
        os.chmod(f"/proc/self/fd/{self.box}", FOLDERS["box"])

    def entering(self, command: Sequence[str]) -> list[str]:
        """Return the command that starts this one where the folder is seen."""
        return [
            "nsenter",
            "--target",
            str(self._process.pid),
            "--user",
            "--mount",
            "--preserve-credentials",
            "--",
            *command,
        ]

    def close(self) -> None:
        """This will let everything in the folder go."""
        if self.box >= 0:
            os.close(self.box)
            self.box = -1
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@functools.cache
def _furniture() -> bytes:
    folders = (packing.folder_entry(name, mode) for name, mode in FOLDERS.items())
    return b"".join((*folders, *(packing.entry(name, text.encode()) for name, text in _PEOPLE.items())))
