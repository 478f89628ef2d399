"""Hand bytes to another program by a descriptor: no file on a disk, nothing in its arguments, and sealed for good."""

import fcntl
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CHUNK: Final = 64 << 10
_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextmanager
def sealed(name: str, data: bytes) -> Iterator[int]:
    """Yield a descriptor from which these bytes can be read, and to which nobody can write: not even who gets it."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        yield descriptor
    finally:
        os.close(descriptor)


def first_line(descriptor: int, seconds: float) -> bytes:
    """Return what another program wrote up to its first line's end, and perhaps more; b"" when no line came in time."""
    said, ends_at = b"", time.monotonic() + seconds
    while b"\n" not in said:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, ends_at - time.monotonic()))
        piece = os.read(descriptor, _CHUNK) if ready else b""
        if not piece:
            return b""
        said += piece
    return said
