"""Which faults are the machine's, and pass? A storage that is full, and a database that is away for a moment.

Nothing was stored by half then: every deed is one transaction. Whether a deed whose confirmation got
lost was done, only asking again shows; that is what idempotency keys are for.
"""

import errno
import sqlite3
from collections.abc import Iterator
from enum import StrEnum

from django.db import InterfaceError, OperationalError

FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_SQLITE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,  # what SQLite makes of a quota or a limit on the size of files
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)
BUSY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
FULL_POSTGRESQL = "53100"
AWAY_POSTGRESQL = ("08", "53", "57P", "40001", "40P01", "55P03", "57014")
DEEPEST = 20


class Trouble(StrEnum):
    """What is wrong with the machine, as a stable code for programs."""

    FULL = "storage-full"
    AWAY = "database-away"


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Return the trouble behind this error, or None when the fault is not the machine's."""
    for each in _chain(error):
        if found := _of_one(each):
            return found
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(DEEPEST):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _of_one(error: BaseException) -> Trouble | None:
    if isinstance(error, OSError):
        return Trouble.FULL if error.errno in FULL_ERRNOS else None
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(getattr(error, "sqlite_errorcode", 0))
    if isinstance(error, OperationalError | InterfaceError) and not isinstance(error.__cause__, sqlite3.Error):
        return _of_postgresql(getattr(error.__cause__, "sqlstate", None))
    return None


def _of_sqlite(code: int) -> Trouble | None:
    if code in FULL_SQLITE or code & 0xFF == sqlite3.SQLITE_FULL:
        return Trouble.FULL
    return Trouble.AWAY if code & 0xFF in BUSY_SQLITE else None


def _of_postgresql(state: str | None) -> Trouble | None:
    """Return what a server's SQLSTATE means; none is a connection that broke or could not be had."""
    if state == FULL_POSTGRESQL:
        return Trouble.FULL
    return Trouble.AWAY if state is None or state.startswith(AWAY_POSTGRESQL) else None
