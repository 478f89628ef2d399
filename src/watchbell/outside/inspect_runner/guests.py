"""Tasks of somebody else's run here too, but never their commands on this machine itself: `local` is no sandbox."""

from typing import Any, NoReturn

from inspect_ai.util._sandbox.local import LocalSandboxEnvironment


class HostIsNoSandbox(Exception):
    """A task asked for the sandbox `local`, which runs a model's commands as we run, on this machine."""


def refuse_the_host_as_sandbox() -> None:
    """This will make every start of a `local` sandbox in this process raise HostIsNoSandbox."""

    async def refused(cls: type, *_: Any, **__: Any) -> NoReturn:
        raise HostIsNoSandbox("The sandbox local is no sandbox: model-written commands would run on this machine.")

    for name in ("task_init", "sample_init"):
        setattr(LocalSandboxEnvironment, name, classmethod(refused))
