"""Open a sandbox, if it holds: tried first, refused with a reason otherwise."""

import shutil
from typing import Final

from watchbell.outside.sandbox import seccomp
from watchbell.outside.sandbox.bubblewrap import NEEDED, BubblewrapSandbox
from watchbell.outside.sandbox.ground import ENVIRONMENT
from watchbell.outside.sandbox.interface import Containment, ContainmentMissing, Limits, Sandbox, SandboxTrouble

_PACKAGES: Final = {"bwrap": "bubblewrap", "tar": "tar", "mount": "mount"}
_ELSEWHERE: Final = {
    "containers": "Docker or Podman with gVisor: see watchbell.outside.sandbox.containers",
    "kubernetes": "a Kubernetes job: see watchbell.outside.sandbox.kubernetes",
}
_TODO: Final = (
    "Run it on a machine (not in a container) whose kernel lets ordinary users make user namespaces, "
    "or as root on such a machine; `watchbell doctor` says what is missing"
)


def opened(kind: str = "bubblewrap", *, limits: Limits | None = None) -> Sandbox:
    """Return a sandbox of which every wall has just held. Raises ContainmentMissing, and then nothing may be run."""
    sandbox = _made(kind, limits or Limits())
    try:
        containment = sandbox.self_test()
    except BaseException:
        sandbox.close()
        raise
    if not containment.holds:
        sandbox.close()
        raise ContainmentMissing(f"The sandbox does not hold, so nothing is run. {_open_walls(containment)} {_TODO}.")
    return sandbox


def self_test(kind: str = "bubblewrap", *, limits: Limits | None = None) -> Containment:
    """Return how each wall held. Raises ContainmentMissing where there is nothing to try."""
    with _made(kind, limits or Limits()) as sandbox:
        return sandbox.self_test()


def _made(kind: str, limits: Limits) -> BubblewrapSandbox:
    if kind in _ELSEWHERE:
        raise ContainmentMissing(f"This sandbox is prepared here and run elsewhere: {_ELSEWHERE[kind]}.")
    if kind != "bubblewrap":
        raise ContainmentMissing(f"There is no sandbox called {kind!a}; there is bubblewrap.")
    if missing := [name for name in NEEDED if shutil.which(name, path=ENVIRONMENT["PATH"]) is None]:
        packages = " ".join(sorted({_PACKAGES.get(name, "util-linux") for name in missing}))
        raise ContainmentMissing(
            f"Not installed: {', '.join(missing)}. Nothing is run without a sandbox. "
            f"On Debian: apt-get install {packages}."
        )
    try:
        return BubblewrapSandbox(limits)
    except (SandboxTrouble, seccomp.NoFilter, OSError) as error:
        raise ContainmentMissing(f"The sandbox cannot be made here: {error} {_TODO}.") from error


def _open_walls(containment: Containment) -> str:
    return " ".join(f"{probe.name}: {probe.seen}." for probe in containment.open_walls)
