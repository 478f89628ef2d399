"""This will write files so that after a crash they are there as a whole or not at all."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_TEMP = ".tmp-"


def write(path: Path, content: bytes | Iterable[bytes], *, erase_before: bool = False) -> None:
    """This will put `content` at `path` (mode 0600), replacing what is there, and return once it is on the disk.

    Temp file beside it, fsync, rename, fsync of the folder. When producing the
    content fails, `path` stays as it was. With `erase_before`, the bytes of the
    file it replaces are overwritten as far as the file system lets us.
    """
    temp = path.with_name(f"{_TEMP}{secrets.token_hex(16)}")
    try:
        _fill(temp, (content,) if isinstance(content, bytes) else content)
        before = os.open(path, os.O_WRONLY) if erase_before and path.exists() else None
        temp.replace(path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    if before is not None:
        _overwrite(before)
    sync_folder(path.parent)


def _fill(temp: Path, pieces: Iterable[bytes]) -> None:
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def erase(path: Path) -> bool:
    """This will overwrite and remove a file, on the disk too; returns False when it was not there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    _overwrite(descriptor)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def _overwrite(descriptor: int) -> None:
    try:
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder as being worked on, so that nobody takes it for abandoned; a killed process lets go of it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def abandoned(folders: Iterable[Path]) -> list[Path]:
    """Return those of these folders that nobody holds."""
    found = []
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
        found.append(folder)
    return found


def remove_leftovers(folder: Path) -> None:
    """This will remove the temp files of writers that were killed; nobody may be writing meanwhile."""
    for leftover in folder.glob(f"{_TEMP}*"):
        leftover.unlink(missing_ok=True)


def is_leftover(path: Path) -> bool:
    """Return True for a temp file of `write`, finished by nobody if it is old."""
    return path.name.startswith(_TEMP)


def sync_folder(folder: Path) -> None:
    """This will make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
