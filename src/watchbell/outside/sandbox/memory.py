"""How much memory do all processes of a sandbox use together? Looked at from outside, where no cgroup counts it."""

from pathlib import Path
from typing import Final

_MOST_LOOKED_AT: Final = 4096


def in_use(first: int) -> int:
    """Return the bytes of memory, not backed by files, that a process and all its descendants use.

    What processes share after a fork is counted for each of them: never too little, sometimes too much.
    """
    total, waiting, seen = 0, [first], 0
    while waiting and seen < _MOST_LOOKED_AT:
        process = waiting.pop()
        seen += 1
        total += _own(process)
        waiting += _children(process)
    return total


def _own(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_bytes()
    except OSError:
        return 0
    return sum(_kibibytes(status, name) for name in (b"\nRssAnon:", b"\nRssShmem:")) << 10


def _kibibytes(status: bytes, name: bytes) -> int:
    _, found, rest = status.partition(name)
    return int(rest.split(None, 1)[0]) if found else 0


def _children(process: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    except OSError:
        return found
    return found
