"""A full storage and a database that is away are told from faults of our own, and asked for at every entrance."""

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from watchbell.doors.trouble import Trouble, trouble_of
from watchbell.web import health


def full_sqlite() -> sqlite3.Error:
    """Return what SQLite says when it can get no more room."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE kept (text)")
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as refused:
            database.execute("INSERT INTO kept VALUES (zeroblob(100000))")
    return refused.value


def of_server(state: str | None) -> Exception:
    """Return what Django makes of a server's error with this SQLSTATE, or of a connection that broke."""
    psycopg = pytest.importorskip("psycopg")
    cause = psycopg.errors.lookup(state)() if state else psycopg.OperationalError("the connection is closed")
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def wrapped(cause: BaseException) -> Exception:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: OSError(errno.ENOSPC, "No space left on device"), Trouble.FULL),
        (lambda: OSError(errno.EDQUOT, "Disk quota exceeded"), Trouble.FULL),
        (lambda: OSError(errno.EFBIG, "File too large"), Trouble.FULL),
        (lambda: wrapped(full_sqlite()), Trouble.FULL),
        (lambda: of_server("53100"), Trouble.FULL),
        (lambda: of_server("57P01"), Trouble.AWAY),
        (lambda: of_server("57P02"), Trouble.AWAY),
        (lambda: of_server("57014"), Trouble.AWAY),
        (lambda: of_server("53300"), Trouble.AWAY),
        (lambda: of_server(None), Trouble.AWAY),
        (lambda: InterfaceError("connection already closed"), Trouble.AWAY),
        (lambda: of_server("42601"), None),
        (lambda: OSError(errno.EACCES, "Permission denied"), None),
        (lambda: wrapped(sqlite3.OperationalError("no such table: x")), None),
        (lambda: ValueError("a fault of our own"), None),
        (lambda: None, None),
    ],
)
def test_the_machines_troubles_are_known_by_their_codes(
    make: Callable[[], Exception | None], expected: Trouble | None
) -> None:
    assert trouble_of(make()) is expected


def test_trouble_is_found_behind_the_error_it_led_to() -> None:
    error = RuntimeError("The transaction cannot go on.")
    error.__context__ = wrapped(full_sqlite())

    assert trouble_of(error) is Trouble.FULL


def test_a_person_and_a_program_are_told_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **_named: object) -> None:
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(health, "HttpResponse", broken)
    client = Client(raise_request_exception=False)

    page = client.get("/healthz", headers={"accept": "text/html"})
    answer = client.get("/healthz", headers={"accept": "application/json"})

    assert {(one.status_code, one.headers["Retry-After"]) for one in (page, answer)} == {(503, "5")}
    assert answer.json()["code"] == "database-away"
    assert "The database is away for a moment" in page.content.decode()
