"""What does a sandbox show of this machine? The programs of the distribution and a Python, read-only; nothing else.

A Python that lies where only root may look (a folder of mode 0700) is bound to another place, in a mount namespace
that nobody else is in, before the user is changed. Where that cannot be done, the distribution's own Python is shown.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from watchbell.domain.records import record
from watchbell.outside.sandbox import handing
from watchbell.outside.sandbox.identities import Identity

PLACE: Final = "/dev/shm"  # noqa: S108 (in a mount namespace of its own)
"""Where the sandbox's own folder is mounted, out of everybody's sight; every Linux has this place."""
NEUTRAL: Final = "/mnt"
PYTHON: Final = "/python"
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
SECONDS: Final = 10.0
_NAME: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
_FLAGS: Final = ("-s", "-S", "-B")
"""No packages of a user or of a site, no compiled files; a program still finds what lies beside it."""
_BIND: Final = 'mount --bind "$1" "$2" && echo ready && exec cat'


@record(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is shown, as pairs of place here and place there; `entry` is a mount namespace to be entered first."""

    python: str
    shown: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]
    has_library: bool = False
    entry: int | None = None

    def entering(self, who: Identity, command: Sequence[str]) -> tuple[list[str], dict[str, object]]:
        """Return how to start `command` as this user where this ground is seen: arguments, and what Popen needs."""
        if self.entry is None or who.uid is None:
            return list(command), who.for_process()
        nsenter = ["nsenter", f"--mount=/proc/self/fd/{self.entry}", "--setgid", str(who.uid), "--setuid", str(who.uid)]
        return [*nsenter, "--", *command], {"pass_fds": (self.entry,)}

    def close(self) -> None:
        """This will let the mount namespace go."""
        if self.entry is not None:
            os.close(self.entry)

    def spoken(self, command: Sequence[str]) -> tuple[str, ...]:
        """Return the command with the interpreter that is offered, where it starts with "python3"."""
        return (self.python, *_FLAGS, *command[1:]) if command[0] == "python3" else tuple(command)


def prepared(prefix: str = sys.base_prefix) -> Ground:
    """Return the ground with the Python that runs us, or with the distribution's where ours cannot be shown."""
    home = Path(prefix).resolve()
    if home == Path("/usr") or not os.access(home / "bin" / _NAME, os.X_OK):
        return _distributions()
    if os.geteuid() != 0 or _is_open_to_all(home):
        return _with(home, home)
    entry = _bound(home)
    return _distributions() if entry is None else _with(home, Path(NEUTRAL), entry)


def _distributions() -> Ground:
    return Ground(python="/usr/bin/python3", shown=(), hidden=_hidden("/usr/local"))


def _with(home: Path, seen_at: Path, entry: int | None = None) -> Ground:
    library = Path("lib") / _NAME
    shared = sorted(path.relative_to(home) for path in (home / "lib").glob("libpython*.so*"))
    parts = [Path("bin") / _NAME, library, *shared]
    packages = [
        f"{PYTHON}/{library}/{name}" for name in ("site-packages", "dist-packages") if (home / library / name).is_dir()
    ]
    return Ground(
        python=f"{PYTHON}/bin/{_NAME}",
        shown=tuple((str(seen_at / part), f"{PYTHON}/{part}") for part in parts),
        hidden=(*_hidden("/usr/local"), *packages),
        has_library=bool(shared),
        entry=entry,
    )


def _hidden(*places: str) -> tuple[str, ...]:
    return tuple(place for place in places if Path(place).is_dir())


def _is_open_to_all(home: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (home, *home.parents))


def _bound(home: Path) -> int | None:
    """Return a descriptor of a mount namespace in which `home` is seen at the neutral place; None where refused."""
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _BIND, "sh", str(home), NEUTRAL]
    with subprocess.Popen(  # noqa: S603 (fixed programs, no shell of the caller's)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT, cwd="/"
    ) as process:
        assert process.stdout is not None
        if handing.first_line(process.stdout.fileno(), SECONDS) != b"ready\n":
            return None
        return os.open(f"/proc/{process.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)


def system_folders() -> list[str]:
    """Return the arguments that show the distribution's programs; on some systems /bin and others are links."""
    said = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        place = Path("/", name)
        if place.is_symlink():
            said += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            said += ["--ro-bind", str(place), str(place)]
    return said
