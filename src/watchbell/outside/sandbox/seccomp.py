"""Which system calls may untrusted code make? A short list, as a program for the kernel's own filter (seccomp(2), BPF).

Made here in pure Python, so that no library has to be there. Every call that is not on the list in `calls.txt` is
refused with EPERM; a call in the manner of another processor (32-bit code) ends the process. The filter is one of
several walls: what it lets through still meets the namespaces, the mounts and the limits.
"""

import errno
import platform
import re
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from watchbell.domain.records import record

# asm/unistd.h calls them AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64.
MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_PLACES: Final = {"x86_64": 0, "aarch64": 1}

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16

_NEW_NAMESPACES: Final = 0x7E020000
"""CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID and NET."""


@record(frozen=True, slots=True, kw_only=True)
class Looked:
    """A call that is let through only when one of its arguments has one of these values.

    Only the low half is compared: each of these arguments is a 32-bit number to the kernel.
    """

    numbers: tuple[int, int]
    argument: int
    values: tuple[int, ...]


LOOKED_AT: Final[Mapping[str, Looked]] = {
    # Is this a terminal; how much is there to read; close on exec; do not wait. Never TIOCSTI, which types.
    "ioctl": Looked(numbers=(16, 29), argument=1, values=(0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
    # Names of threads and of memory, signals of a parent's death, whether a capability is bounded, no new privileges.
    "prctl": Looked(numbers=(157, 167), argument=0, values=(1, 2, 3, 15, 16, 23, 38, 39, 0x53564D41)),
    "prlimit64": Looked(numbers=(302, 261), argument=0, values=(0,)),
    "personality": Looked(numbers=(135, 92), argument=0, values=(0, 0xFFFFFFFF)),
    "socketpair": Looked(numbers=(53, 199), argument=0, values=(1,)),
}
CLONE: Final = (56, 220)
CLONE3: Final = (435, 435)
"""Its flags lie in memory, where a filter cannot look; told that it does not exist, the C library uses clone."""


class NoFilter(Exception):
    """There is no filter for this processor; the text names it."""


def program(machine: str = "") -> bytes:
    """Return the filter for this processor, or for the one we run on. Raises NoFilter."""
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise NoFilter(f"There is no list of system calls for the processor {machine}; there is for {list(MACHINES)}.")
    at = _PLACES[machine]
    steps = [_step(_LOAD, _MACHINE_AT), _step(_EQUAL, MACHINES[machine], 1, 0), _step(_RETURN, _KILL)]
    steps.append(_step(_LOAD, _NUMBER_AT))
    for pair in allowed().values():
        steps += _when(pair[at], [_step(_RETURN, _ALLOW)])
    for looked in LOOKED_AT.values():
        steps += _when(looked.numbers[at], _one_of(looked.argument, looked.values))
    steps += _when(CLONE[at], _without(0, _NEW_NAMESPACES))
    steps += _when(CLONE3[at], [_refused(errno.ENOSYS)])
    steps.append(_refused(errno.EPERM))
    return b"".join(steps)


def allowed() -> dict[str, tuple[int | None, int | None]]:
    """Return the calls that are let through whatever their arguments: numbers on x86_64 and aarch64, by name."""
    text = Path(__file__).with_name("calls.txt").read_text("utf-8")
    found = re.findall(r"(\w+)=(\d+|-)/(\d+|-)", re.sub("(?m)^#.*$", "", text))
    return {name: (_number(here), _number(there)) for name, here, there in found}


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _step(code: int, value: int, when: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when, otherwise, value)


def _refused(error: int) -> bytes:
    return _step(_RETURN, _REFUSE | error)


def _when(number: int | None, then: list[bytes]) -> list[bytes]:
    """Return the steps that are taken only for this call; each ends by returning, so nothing goes on after them."""
    return [] if number is None else [_step(_EQUAL, number, 0, len(then)), *then]


def _one_of(argument: int, values: Iterable[int]) -> list[bytes]:
    steps = [_step(_LOAD, _ARGUMENTS_AT + 8 * argument)]
    for value in values:
        steps += _when(value, [_step(_RETURN, _ALLOW)])
    return [*steps, _refused(errno.EPERM)]


def _without(argument: int, bits: int) -> list[bytes]:
    load = _step(_LOAD, _ARGUMENTS_AT + 8 * argument)
    return [load, _step(_ANY_BIT, bits, 0, 1), _refused(errno.EPERM), _step(_RETURN, _ALLOW)]
