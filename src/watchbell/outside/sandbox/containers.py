"""How is a trial run by Docker or Podman, on a machine with gVisor? As a command line, built here and run elsewhere.

gVisor is a kernel of its own between the code and the machine's: what an adversarial target needs and bubblewrap
does not give. Without its runtime the engine would fall back on the machine's kernel; that is refused.
"""

import re
import shutil
import subprocess
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Trial
from watchbell.formats import strictjson
from watchbell.outside.sandbox import packing
from watchbell.outside.sandbox.interface import FOLDER, MIB, ContainmentMissing, Limits
from watchbell.outside.sandbox.running import spoken

ENGINES: Final = ("docker", "podman")
RUNTIME: Final = "runsc"
_NOBODY: Final = "65534:65534"
_BY_DIGEST: Final = re.compile(r"[a-z0-9][a-z0-9./:_-]*@sha256:[0-9a-f]{64}")
_UNPACK: Final = f'tar -x -f - -C {FOLDER} --no-same-owner && exec "$@" </dev/null'
_SECONDS: Final = 20


@record(frozen=True, slots=True, kw_only=True)
class Planned:
    """A container to run: its command line, what it reads, and the command that ends it when `seconds` are over."""

    command: tuple[str, ...]
    stdin: bytes
    seconds: int
    end: tuple[str, ...]


def planned(trial: Trial, *, engine: str, image: str, name: str, limits: Limits) -> Planned:
    """Return how this trial is run in an image named by its digest. Raises ValueError for another engine or image."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine called {engine!a}; there are {' and '.join(ENGINES)}.")
    if not _BY_DIGEST.fullmatch(image):
        raise ValueError(f"The image {image!a} is not named by its digest: write name@sha256:...")
    said = [engine, "run", "--rm", "--interactive", f"--name={name}", *_walls(), *_bounds(trial, limits)]
    inside = ("sh", "-c", _UNPACK, "sh", *spoken(trial.command))
    return Planned(
        command=(*said, "--entrypoint=", image, *inside),
        stdin=packing.packed(trial.files, limits),
        seconds=trial.seconds,
        end=(engine, "kill", name),
    )


def _walls() -> list[str]:
    return [
        f"--runtime={RUNTIME}",
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        f"--user={_NOBODY}",
        "--ipc=none",
        "--hostname=box",
        "--pull=never",
        "--log-driver=none",
        f"--workdir={FOLDER}",
    ]


def _bounds(trial: Trial, limits: Limits) -> list[str]:
    held = f"rw,nosuid,nodev,size={limits.disk * MIB // 2},nr_inodes={limits.entries // 2},mode=1777"
    memory = (trial.memory + limits.disk) * MIB
    return [
        f"--memory={memory}",
        f"--memory-swap={memory}",
        f"--pids-limit={limits.processes}",
        "--cpus=1",
        f"--tmpfs={FOLDER}:{held}",
        f"--tmpfs=/tmp:{held}",
        f"--ulimit=cpu={trial.seconds + 1}",
        "--ulimit=core=0",
        f"--ulimit=nofile={limits.open_files}",
        f"--ulimit=fsize={limits.disk * MIB}",
    ]


def require(engine: str) -> None:
    """This will make sure that the engine is there and knows gVisor's runtime. Raises ContainmentMissing."""
    if engine not in ENGINES or shutil.which(engine) is None:
        raise ContainmentMissing(f"{engine} is not installed. Nothing is run without a sandbox.")
    if RUNTIME not in _runtimes(engine):
        raise ContainmentMissing(
            f"{engine} does not know the runtime {RUNTIME}, or does not answer. "
            "Install gVisor and name it in the engine's settings; the machine's own kernel is no sandbox."
        )


def _runtimes(engine: str) -> frozenset[str]:
    if engine == "podman":
        return frozenset({RUNTIME} if shutil.which(RUNTIME) else ())
    try:
        done = subprocess.run(  # noqa: S603 (a fixed program)
            [engine, "info", "--format", "{{json .Runtimes}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        told = strictjson.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(told) if isinstance(told, dict) else frozenset()
