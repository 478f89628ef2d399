"""Large work killed at any statement goes on behind its last part: no row is lost, stored twice or answered twice.

Run as a program on a throwaway node: `python -m tests.apps.test_large_kill 20 40 60`. The parent never opens the
database, so each forked child has its own connection.
"""

import hashlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django
import pytest
from tests.conftest import NOON
from tests.support.kill import alone, ask_child
from tests.support.nodes import throwaway

STATEMENTS = [9, 23, 36, 48, 61]
ITEMS, PARTS = 19, 18


def prepare() -> None:
    from django.core.management import call_command

    from watchbell.doors import keys

    for room in ("journal", "jobs", "orgs", "files", "findings", "inventory"):
        call_command("migrate", room, verbosity=0)
    keys.make_node_keys()


def findings() -> bytes:
    """Return lines, some of which are refused or the same as one before."""
    good = [json.dumps({"id": f"f-{number}", "title": f"Overflow {number}"}) for number in range(ITEMS - 4)]
    return "\n".join([*good, '{"id": "bad"}', "no json", good[0], good[1]]).encode()


def bill() -> bytes:
    parts = [{"type": "library", "name": f"p{n}", "purl": f"pkg:pypi/p{n}@1.{n}"} for n in range(PARTS - 5)]
    parts += [{"type": "library", "name": f"firmware {n}", "version": "3"} for n in range(5)]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}).encode()


def small_steps() -> None:
    """Make few things many, so that a small document goes through many parts."""
    from watchbell.apps.findings import items
    from watchbell.apps.findings.services import taking
    from watchbell.apps.inventory.services import building, loads

    items.MANY_ITEMS = loads.MANY_LINES = 5  # type: ignore[misc]
    taking.CHUNK, building.VERSIONS_AT_ONCE, building.UNKNOWN_AT_ONCE = 5, 5, 3


def hand_in(name: str) -> None:
    """Hand in one upload and one list for an organisation of its own; when this returns both are acknowledged."""
    from watchbell.apps.findings import reading
    from watchbell.apps.findings import services as intake
    from watchbell.apps.findings.words import Channel, UploadFormat
    from watchbell.apps.inventory import services as inventory
    from watchbell.domain.handling import system
    from watchbell.doors import keys

    by, dice, store = replace(system("console"), organisation=name), random.SystemRandom(), keys.blob_store()
    upload = reading.upload(findings(), UploadFormat.NDJSON, channel=Channel.API)
    assert not intake.hand_in(upload, store=store, by=by, now=NOON, rng=dice).is_over
    asset = inventory.add_asset(inventory.NewAsset(name="server"), organisation=name, by=by, now=NOON, rng=dice)
    received = inventory.Received(content=bill(), store=store)
    assert not inventory.hand_in_sbom(received, asset=asset, by=by, now=NOON, rng=dice).is_over


def work(minutes: int, die_at: int = 0) -> None:
    """Do what waits, as a worker does; die by SIGKILL before the n-th statement of the work itself."""
    from django.db import connection

    from watchbell.apps.jobs import services as jobs
    from watchbell.worker.run import Worker

    now, seen = NOON + timedelta(minutes=minutes), 0

    def deadly(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    worker = Worker(clock=lambda: now, rng=random.SystemRandom(), subscriptions=(), is_periodic=False)
    jobs.reap(now=now)
    while held := jobs.claim(owner="k", now=now):
        with connection.execute_wrapper(deadly):
            worker.work_on(held)


def look(name: str) -> dict[str, Any]:
    """Return what there is for one organisation, without ids."""
    from watchbell.apps.findings import services as intake
    from watchbell.apps.findings.models import Finding, Submission
    from watchbell.apps.findings.services import taking
    from watchbell.apps.inventory.models import Asset, Component, Gap, Unassessable
    from watchbell.apps.jobs.models import Job
    from watchbell.apps.journal.models import Entry

    row = Submission.objects.get(submitter=name)
    answers: list[intake.ItemResult] = list(taking.answers_of(row))
    asset = Asset.objects.select_related("listing").get(organisation_id=name)
    listing = asset.listing
    entries = Entry.objects.filter(action="finding.received", subject_id=row.public_id)
    said = [
        [(one.place, one.outcome, one.item_id, bool(one.finding), str(one.refusal)) for one in answers],
        list(Finding.objects.filter(submission=row).order_by("index").values_list("index", "item_id", "digest")),
        sorted(Component.objects.filter(listing=listing).values_list("version__name", "version__raw", "times")),
        sorted(Unassessable.objects.filter(listing=listing).values_list("name", "times")),
        sorted(Gap.objects.filter(listing=listing).values_list("reason", "components")),
    ]
    return {
        "digest": hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        "counts": [row.stored, row.same, row.refused, row.done, row.total],
        "over": row.completed_at is not None,
        "journalled": sum(entry.facts["count"] for entry in entries),
        "loaded": Entry.objects.filter(action="inventory.loaded", subject_id=asset.public_id).count(),
        "components": listing.components if listing else 0,
        "left": Job.objects.exclude(state="done").count(),
    }


def killed_at(statement: int) -> dict[str, Any]:
    name = f"org{statement}"
    alone(partial(hand_in, name))
    was_killed = alone(partial(work, 0, statement), may_be_killed=True)
    alone(partial(work, 10, statement + 9), may_be_killed=True)
    alone(partial(work, 20))
    return {"was_killed": was_killed, "statement": statement, **ask_child(partial(look, name))}


def main() -> None:
    django.setup()
    small_steps()
    alone(prepare)
    sys.stdout.write(json.dumps([killed_at(int(statement)) for statement in ("0", *sys.argv[1:])]) + "\n")


@pytest.mark.slow
def test_large_uploads_and_lists_killed_at_any_statement_end_as_if_undisturbed(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        undisturbed, *killed = node.run("tests.apps.test_large_kill", *map(str, STATEMENTS))

    same = ("digest", "counts", "over", "journalled", "loaded", "components", "left")
    assert undisturbed["counts"] == [ITEMS - 4, 2, 2, ITEMS, ITEMS]
    assert (undisturbed["over"], undisturbed["journalled"], undisturbed["loaded"]) == (True, ITEMS - 4, 1)
    assert undisturbed["components"] == PARTS
    assert [one["statement"] for one in killed if not one["was_killed"]] == []
    for one in killed:
        assert [one[name] for name in same] == [undisturbed[name] for name in same], one["statement"]


if __name__ == "__main__":
    main()
