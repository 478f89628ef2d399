"""Run code that others wrote, so that nothing of it reaches anything else.

`with sandbox.opened() as box: box.run(trial)`. It is tried each time it is opened, and refuses where a wall is open.
"""

from watchbell.outside.sandbox.interface import (
    Containment,
    ContainmentMissing,
    Limits,
    NotTaken,
    Probe,
    Sandbox,
    SandboxBroke,
    SandboxTrouble,
    Session,
    Taken,
)
from watchbell.outside.sandbox.once import run
from watchbell.outside.sandbox.opening import opened, self_test

__all__ = [
    "Containment",
    "ContainmentMissing",
    "Limits",
    "NotTaken",
    "Probe",
    "Sandbox",
    "SandboxBroke",
    "SandboxTrouble",
    "Session",
    "Taken",
    "opened",
    "run",
    "self_test",
]
