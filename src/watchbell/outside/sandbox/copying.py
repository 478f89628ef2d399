"""Copy files out of a folder that an enemy has written in, and may be writing in still.

Every step of a name is opened by a descriptor of the step before, and none of them follows a link, so that nothing
that is swapped meanwhile leads anywhere else. Only regular files that have no second name are taken, and what was
looked at is what is read: both by the one descriptor.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from watchbell.outside.sandbox.interface import NotTaken, Taken
from watchbell.outside.sandbox.names import checked

_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEEPEST: Final = 16


def read(folder: int, name: str, *, most: int) -> bytes:
    """Return the bytes of a regular file below this folder. Raises NotTaken."""
    *way, last = checked(name).split("/")
    with _opened_along(folder, way, name) as parent:
        return _bytes_of(parent, last, name, most)


def take(folder: int, *, files: int, most: int) -> tuple[Taken, ...]:
    """Return all files below this folder, sorted by name. Raises NotTaken: at the first that is no plain file.

    `files` bounds the entries that are looked at, folders too; `most` bounds the bytes of all together.
    """
    found: list[Taken] = []
    left = most
    for name in _names(folder, files):
        data = read(folder, name, most=left)
        left -= len(data)
        found.append(Taken(name=name, data=data, sha256=hashlib.sha256(data).hexdigest()))
    return tuple(found)


def _names(folder: int, most: int) -> list[str]:
    found: list[str] = []
    waiting: list[tuple[str, ...]] = [()]
    seen = 0
    while waiting:
        way = waiting.pop()
        with _opened_along(folder, way, "/".join(way)) as parent, os.scandir(parent) as entries:
            for entry in entries:
                seen += 1
                if seen > most:
                    raise NotTaken(f"There are more than {most} entries in the sandbox's folder.")
                name = checked("/".join((*way, entry.name)))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((*way, entry.name))
                else:
                    found.append(name)
    return sorted(found)


@contextmanager
def _opened_along(folder: int, way: "list[str] | tuple[str, ...]", name: str) -> Iterator[int]:
    here = _opened(".", _FOLDER, folder, name)
    try:
        for part in way:
            there = _opened(part, _FOLDER, here, name)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


def _opened(part: str, how: int, parent: int, name: str) -> int:
    try:
        return os.open(part, how, dir_fd=parent)
    except OSError as error:
        raise NotTaken(f"{name!a} is not taken: {error.strerror}.") from error


def _bytes_of(parent: int, part: str, name: str, most: int) -> bytes:
    descriptor = _opened(part, _FILE, parent, name)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise NotTaken(f"{name!a} is not taken: it is no regular file.")
        if found.st_nlink != 1:
            raise NotTaken(f"{name!a} is not taken: it has a second name, or has lost its own.")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise NotTaken(f"{name!a} is not taken: it is larger than the {most} bytes that are left for it.")
    return data
