"""Pack files for a sandbox as a tar, whose reader stands in the sandbox and not here."""

import tarfile
from collections.abc import Mapping
from typing import Final

from watchbell.outside.sandbox import names
from watchbell.outside.sandbox.interface import MIB, Limits, NotTaken

END: Final = bytes(1024)
_BLOCK: Final = 512


def packed(files: Mapping[str, bytes], limits: Limits, *, below: str = "", before: bytes = b"") -> bytes:
    """Return a tar of these files, behind entries that are packed already. Raises NotTaken."""
    _check(files, limits)
    return b"".join((before, *(entry(f"{below}{name}", data) for name, data in files.items()), END))


def entry(name: str, data: bytes, mode: int = 0o644) -> bytes:
    """Return a file's part of a tar."""
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(data), mode
    return about.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % _BLOCK)


def folder_entry(name: str, mode: int) -> bytes:
    """Return a folder's part of a tar."""
    about = tarfile.TarInfo(name)
    about.type, about.mode = tarfile.DIRTYPE, mode
    return about.tobuf(tarfile.PAX_FORMAT)


def _check(files: Mapping[str, bytes], limits: Limits) -> None:
    for name in files:
        names.checked(name)
    folders = {"/".join(parts[:deep]) for parts in (name.split("/") for name in files) for deep in range(1, len(parts))}
    if both := folders & files.keys():
        raise NotTaken(f"{min(both)!a} is a file, and a folder of another.")
    if len(files) + len(folders) > limits.entries // 2 or sum(map(len, files.values())) > limits.disk * MIB // 2:
        raise NotTaken(f"{len(files)} files take up more than half of the sandbox's {limits.disk} MiB or entries.")
