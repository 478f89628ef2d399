"""An import that is killed at any statement loses no chunk, stores none by half, and ends the same when it is repeated.

Run as a program on a throwaway node: `python -m tests.apps.test_vulnerabilities_kill 3 9 27`. The parent never
opens the database, so each forked child has its own connection.
"""

import hashlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import django
import pytest
from tests.conftest import NOON
from tests.support.kill import alone, ask_child
from tests.support.nodes import throwaway

RECORDS = 60
STATEMENTS = [1, 2, 3, 7, 12, 19, 27, 36, 46, 57]


def lines() -> Iterator[tuple[int, bytes]]:
    for at in range(1, RECORDS + 1):
        span = [{"introduced": "0"}, {"fixed": f"{at}.0"}]
        affected = [
            {"package": {"ecosystem": "PyPI", "name": f"p{n}"}, "ranges": [{"type": "ECOSYSTEM", "events": span}]}
            for n in range(40)
        ]
        record = {"id": f"A-{at}", "aliases": [f"CVE-2026-{1000 + at // 2}"], "affected": affected}
        yield at, json.dumps(record).encode()


def take(die_at: int = 0) -> None:
    """Import the lines, and die by SIGKILL before the n-th statement."""
    from django.db import connection

    from watchbell.apps.vulnerabilities import services
    from watchbell.domain.handling import system

    seen = 0

    def deadly(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(deadly):
        services.import_osv(lines(), source="osv", by=system("console"), now=NOON, rng=random.SystemRandom())


def look() -> dict[str, Any]:
    """Return how many rows there are, whether every record is whole, and a digest of what they say."""
    from watchbell.apps.journal.models import Entry
    from watchbell.apps.vulnerabilities.models import GroupMember, Range, SourceRecord

    said = sorted(
        (row.record.record_id, row.package.name, bytes(row.lo).hex(), bytes(row.hi).hex())
        for row in Range.objects.select_related("record", "package")
    )
    groups = sorted(GroupMember.objects.values_list("identifier", "group__anchor"))
    return {
        "records": SourceRecord.objects.count(),
        "whole": len(said) == 40 * SourceRecord.objects.count(),
        "digest": hashlib.sha256(json.dumps([said, groups]).encode()).hexdigest(),
        "journalled": sum(entry.facts["count"] for entry in Entry.objects.filter(action="records.imported")),
    }


def prepare() -> None:
    from django.core.management import call_command

    for room in ("journal", "vulnerabilities"):
        call_command("migrate", room, verbosity=0)


def main() -> None:
    django.setup()
    alone(prepare)
    found = []
    for statement in map(int, sys.argv[1:]):
        was_killed = alone(partial(take, statement), may_be_killed=True)
        found.append({"was_killed": was_killed, **ask_child(look)})
    alone(take)
    found.append(ask_child(look))
    sys.stdout.write(json.dumps(found) + "\n")


@pytest.mark.slow
def test_an_import_killed_at_any_statement_stores_whole_chunks_and_the_next_one_finishes_it(tmp_path: Path) -> None:
    with throwaway(tmp_path / "once") as node:
        undisturbed = node.run("tests.apps.test_vulnerabilities_kill")[-1]
    with throwaway(tmp_path / "often") as node:
        *killed, last = node.run("tests.apps.test_vulnerabilities_kill", *map(str, STATEMENTS))

    assert any(one["was_killed"] for one in killed)
    assert all(one["whole"] and one["journalled"] == one["records"] for one in killed)
    assert last == undisturbed
    assert last["records"] == RECORDS


if __name__ == "__main__":
    main()
