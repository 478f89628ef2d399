"""A reading of a CSAF provider that is killed at any statement loses no document and asks for none it holds.

Run as a program on a throwaway node: `python -m tests.apps.test_sources_csaf_kill 3 9 27`. The provider runs in the
parent, which never opens the database, so each forked child has its own connection.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django
import pytest
from tests.conftest import NOON
from tests.support import csaf_provider
from tests.support.csaf_provider import METADATA, Provider
from tests.support.kill import alone, ask_child
from tests.support.nodes import throwaway

DOCUMENTS = 12
STATEMENTS = [5, 15, 30, 45, 60, 80, 100]


def read(provider: Provider, days: int, die_at: int = 0) -> None:
    """Read the provider as a source, and die by SIGKILL before the n-th statement."""
    from django.db import connection

    from watchbell.apps.vulnerabilities import services
    from watchbell.apps.vulnerabilities.models import Source
    from watchbell.apps.vulnerabilities.services import provider_asking, provider_documents
    from watchbell.domain.handling import system

    seen = 0

    def deadly(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    console, dice = system("console"), random.SystemRandom()
    provider_asking.BETWEEN, provider_documents.AT_ONCE = 0, 3
    row = Source.objects.get(name="bsi-csaf")
    now = NOON + timedelta(days=days)
    with connection.execute_wrapper(deadly):
        found = services.refresh(row.public_id, by=console, now=now, rng=dice, policy=provider.policy)
    assert isinstance(found, services.Report)


def switch_on(provider: Provider) -> None:
    """Switch the listed provider on and lead it to ours."""
    from watchbell.apps.vulnerabilities import services
    from watchbell.apps.vulnerabilities.models import Source
    from watchbell.domain.handling import system

    row = services.switch_on("bsi-csaf", by=system("console"), now=NOON, rng=random.SystemRandom())
    Source.objects.filter(pk=row.pk).update(location=provider.address + METADATA)


def look() -> dict[str, Any]:
    """Return which records there are, how many documents still wait, and how many records the journal names."""
    from watchbell.apps.journal.models import Entry
    from watchbell.apps.vulnerabilities.models import ProvidedDocument, SourceRecord

    return {
        "records": sorted(SourceRecord.objects.values_list("record_id", flat=True)),
        "waiting": ProvidedDocument.objects.filter(taken__isnull=True).count(),
        "journalled": sum(entry.facts["count"] for entry in Entry.objects.filter(action="records.imported")),
    }


def prepare() -> None:
    from django.core.management import call_command

    for room in ("journal", "vulnerabilities"):
        call_command("migrate", room, verbosity=0)


def main() -> None:
    django.setup()
    from tests.apps.scene_published import csaf

    alone(prepare)
    with csaf_provider.serving() as provider:
        for number in range(DOCUMENTS):
            flaw = (f"CVE-2030-{1000 + number}", "Gate", "<2.0", "")
            provider.put(f"acme-{number}.json", "2030-01-01T00:00:00Z", csaf(f"ACME-{number:02}", flaw))
        alone(partial(switch_on, provider))
        found = []
        for day, statement in enumerate(map(int, sys.argv[1:])):
            was_killed = alone(partial(read, provider, day, statement), may_be_killed=True)
            found.append({"was_killed": was_killed, **ask_child(look)})
        alone(partial(read, provider, DOCUMENTS))
        provider.asked.clear()
        alone(partial(read, provider, DOCUMENTS + 1))
        found.append({"asked": provider.asked, **ask_child(look)})
    sys.stdout.write(json.dumps(found) + "\n")


@pytest.mark.slow
def test_a_reading_killed_at_any_statement_goes_on_where_it_stopped_and_loses_nothing(tmp_path: Path) -> None:
    with throwaway(tmp_path / "node") as node:
        *killed, last = node.run("tests.apps.test_sources_csaf_kill", *map(str, STATEMENTS))

    assert sum(one["was_killed"] for one in killed) >= 3
    assert all(one["journalled"] == len(one["records"]) for one in (*killed, last))
    assert [len(one["records"]) for one in killed] == sorted(len(one["records"]) for one in killed)
    assert last["records"] == [f"ACME-{number:02}" for number in range(DOCUMENTS)]
    assert last["waiting"] == 0
    assert not [path for path in last["asked"] if "acme" in path]


if __name__ == "__main__":
    main()
