"""This will kill the demo's river at chosen statements and say what an acknowledged deed lost by it.

Run as a program on a throwaway node that `init` made: `python -m tests.support.kill_river 50`. A deed counts as
acknowledged once its transaction has committed; each leaves its entry's public id in a file
that the killed process cannot take back. Afterwards a new worker finishes what waits, and
the record is verified by code it does not share.
"""

import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from tests.support.kill import alone, ask_child

if TYPE_CHECKING:
    from watchbell.demo.story import Story

ENDS_AT = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def main() -> None:
    """Kill at as many points as the argument says, spread over the whole river, and print one line of JSON."""
    django.setup()
    from watchbell.cli import verify_journal

    assert verify_journal  # loaded once here and not again in every child
    points = int(sys.argv[1])
    alone(people)
    spare = Spare()
    lengths = ask_child(partial(measured, spare))["lengths"]
    total = sum(lengths)
    statements = [1 + (2 * index + 1) * total // (2 * points) for index in range(points)]
    found = ask_child(partial(killed, spare, statements, lengths))["points"]
    spare.remove()
    sys.stdout.write(json.dumps({"statements": total, "points": found}) + "\n")


class Spare:
    """The node as it was last kept, put back before each kill."""

    def __init__(self) -> None:
        from django.conf import settings

        self.node = settings.WATCHBELL
        self.copy = Path(f"{self.node.home}.spare")
        self.keep()

    def keep(self) -> None:
        """Keep home and database as they are now; nobody may be connected."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.node.home, self.copy)
        if self.node.uses_postgresql:
            self._server(f'DROP DATABASE IF EXISTS "{self._name}-spare" WITH (FORCE)')
            self._server(f'CREATE DATABASE "{self._name}-spare" TEMPLATE "{self._name}"')

    @property
    def _name(self) -> str:
        from django.conf import settings

        return str(settings.DATABASES["default"]["NAME"])

    def restore(self) -> None:
        """Put home and database back."""
        shutil.rmtree(self.node.home)
        shutil.copytree(self.copy, self.node.home)
        if self.node.uses_postgresql:
            self._server(f'DROP DATABASE "{self._name}" WITH (FORCE)')
            self._server(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._name}-spare"')

    def remove(self) -> None:
        """Throw the copies away."""
        shutil.rmtree(self.copy)
        if self.node.uses_postgresql:
            self._server(f'DROP DATABASE "{self._name}-spare" WITH (FORCE)')

    def _server(self, statement: str) -> None:
        import psycopg

        address = self.node.database_url.rsplit("/", 1)[0] + "/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


def measured(spare: Spare) -> dict[str, Any]:
    """Return how many statements each chapter after the first takes; the node is put back afterwards."""
    from watchbell.demo.story import CHAPTERS, meet

    told = story()
    meet(told)
    lengths = [flow(told, spare, chapter, chapter + 1) for chapter in range(1, len(CHAPTERS))]
    disconnect()
    spare.restore()
    return {"lengths": lengths}


def killed(spare: Spare, statements: list[int], lengths: list[int]) -> dict[str, Any]:
    """Tell the river chapter by chapter, each also killed at those of its statements that are asked for.

    A killed child starts with the chapter, from the node as the chapters before left it: to flow from
    the spring each time would take the whole river fifty times.
    """
    from watchbell.demo.story import meet

    told, found, before = story(), [], 0
    meet(told)
    for chapter, length in enumerate(lengths, start=1):
        disconnect()
        spare.keep()
        inside = [statement for statement in statements if before < statement <= before + length]
        found += [killed_at(told, spare, chapter, statement, before) for statement in inside]
        spare.restore()
        flow(told, spare, chapter, chapter + 1)
        before += length
    disconnect()
    return {"points": found}


def killed_at(told: "Story", spare: Spare, chapter: int, statement: int, before: int) -> dict[str, Any]:
    """Return what was acknowledged and what of it was lost when the river was killed before this statement."""
    spare.restore()
    was_killed = alone(partial(flow, told, spare, chapter, None, statement - before), may_be_killed=True)
    return {"statement": statement, "killed": was_killed} | ask_child(partial(recovered, spare))


def flow(told: "Story", spare: Spare, first: int, end: int | None, die_at: int = 0) -> int:
    """Tell the chapters from the first to before the end, dying before the n-th statement; return how many it took."""
    from watchbell.demo.story import CHAPTERS, tell_chapters

    with watched(spare.node.home / "acknowledged", die_at) as seen:
        tell_chapters(told, CHAPTERS[first:end])
    return seen[0]


def disconnect() -> None:
    """Leave the database, threads of its pool included: children open connections of their own."""
    from django.db import connection

    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]


def people() -> None:
    """Tell the first chapter: passwords are slow to hash on purpose, so it is told once for all kills."""
    from watchbell.demo.story import CHAPTERS, tell_chapters

    tell_chapters(story(), CHAPTERS[:1])


def story() -> "Story":
    """Return the demo's story, untold."""
    from watchbell.demo.story import Story
    from watchbell.demo.telling import Telling

    return Story(Telling(aloud=False), ends_at=ENDS_AT, rng=random.SystemRandom())


@contextmanager
def watched(acknowledged: Path, die_at: int) -> Iterator[list[int]]:
    """Count statements, note each entry's id once its transaction has committed, and die where asked."""
    from django.db import connection, transaction

    seen = [0]
    file = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        seen[0] += 1
        if seen[0] == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        done = execute(sql, params, many, context)
        if sql.startswith('INSERT INTO "journal_entry" '):
            ids = [value for value in params if isinstance(value, str) and len(value) == 32]
            transaction.on_commit(lambda: os.write(file, (json.dumps(ids) + "\n").encode()))
        return done

    with connection.execute_wrapper(watch):
        yield seen
    os.close(file)


def recovered(spare: Spare) -> dict[str, Any]:
    """Return what a new worker finds: acknowledged entries, those missing, and whether the record holds."""
    from django.db import connection

    from watchbell.apps.journal.models import Entry
    from watchbell.cli import verify_journal
    from watchbell.worker.run import run_until_idle

    path = spare.node.home / "acknowledged"
    lines = path.read_text().splitlines() if path.exists() else []
    run_until_idle(now=ENDS_AT, rng=random.SystemRandom())
    kept = set(Entry.objects.values_list("public_id", flat=True))
    lost = [line for line in lines if not kept & set(json.loads(line))]  # noqa: TID251 (what our own child wrote)
    connection.close()
    verdict = verify_journal.verify_node(spare.node)
    return {"acknowledged": len(lines), "lost": len(lost), "verdict": str(verdict), "holds": verdict.holds}


if __name__ == "__main__":
    main()
