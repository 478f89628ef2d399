"""Everything matched again in parts ends as one matcher alone would leave it, whoever dies on the way.

Run as a program on a throwaway node: `python -m tests.apps.test_inventory_parts 3 9`: two workers, each killed
before that statement of its work, then two more that finish. The parent never opens the database.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.conftest import NOON
from tests.support.kill import alone, ask_child, fork
from tests.support.nodes import throwaway

PACKAGES, VERSIONS = 40, ("0.9", "1.0", "1.5", "2.0", "what?")


def fill(organisation: str, player: Any = None) -> None:
    """List some two hundred versions, publish a record of each package, and match one after the other."""
    from tests.apps import scene_inventory as scene

    from watchbell.apps.inventory import services

    by = player or scene.CONSOLE
    details = services.NewAsset(name="server")
    asset = services.add_asset(details, organisation=organisation, by=by, now=NOON, rng=scene.DICE)
    purls = [f"pkg:pypi/p{n}@{one.replace('?', '%3F')}" for n in range(PACKAGES) for one in VERSIONS]
    received = services.Received(content=scene.sbom(*purls))
    services.load_sbom(received, asset=asset, by=by, now=NOON, rng=scene.DICE)
    scene.publish(*[scene.osv(f"PYSEC-{n}", f"p{n}", *scene.between("1.0", "2.0")) for n in range(PACKAGES)])
    scene.work()


def stored() -> list[Any]:
    """Return every match and every key, without numbers."""
    from watchbell.apps.inventory.models import Match, PackageVersion

    names = ("version__name", "version__raw", "record__record_id", "status", "reason", "because", "fixed")
    keys = PackageVersion.objects.values_list("name", "raw", "key", "key_format", "doubt", "is_matched")
    return [
        sorted(Match.objects.values_list(*names)),
        sorted((*one[:2], bytes(one[2] or b""), *one[3:]) for one in keys),
    ]


def spoil() -> None:
    """Make every key one of an older format, and every match wrong or missing."""
    from watchbell.apps.inventory.models import Match, PackageVersion

    PackageVersion.objects.update(key=b"\x01", key_format=1, doubt="", is_ambiguous=False)
    Match.objects.filter(version__raw="1.5").delete()
    Match.objects.update(because="wrong")


@pytest.mark.django_db
def test_many_keys_of_an_older_format_are_rebuilt_in_parts_before_any_record_is_compared_with_them(
    cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.apps import scene_inventory as scene

    from watchbell.apps.inventory import services
    from watchbell.apps.inventory.services import matching
    from watchbell.apps.journal.models import Entry

    hospital = cast.hospital.organisation.public_id
    fill(hospital, cast.hospital.actor)
    before = stored()
    told = Entry.objects.filter(action="inventory.matched").count()
    spoil()
    monkeypatch.setattr(matching, "MANY_VERSIONS", 50)

    scene.publish(scene.osv("PYSEC-NEW", "p1", *scene.between("0", "1.0")))
    assert services.match_changed(by=scene.CONSOLE, now=NOON, rng=scene.DICE) == 0
    assert not is_matched("PYSEC-NEW")
    scene.work()

    assert is_matched("PYSEC-NEW")
    matches, keys = stored()
    assert [one for one in matches if one[2] != "PYSEC-NEW"] == before[0]
    assert keys == before[1]
    assert Entry.objects.filter(action="inventory.matched").count() > told


def is_matched(record: str) -> bool:
    from watchbell.apps.inventory.models import Match

    return Match.objects.filter(record__record_id=record).exists()


@pytest.mark.django_db
def test_a_large_import_is_matched_in_parts_and_ends_as_record_by_record(
    cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.apps import scene_inventory as scene

    from watchbell.apps.inventory.models import Cursor, Match
    from watchbell.apps.inventory.services import matching
    from watchbell.apps.jobs.models import Job

    fill(cast.hospital.organisation.public_id, cast.hospital.actor)
    before = stored()
    Match.objects.all().delete()
    Cursor.objects.update(seq=0)
    monkeypatch.setattr(matching, "MANY_CHANGES", 20)
    monkeypatch.setattr(matching, "VERSIONS_A_CHANGE", 1000)

    matching.match_changed(by=scene.CONSOLE, now=NOON, rng=scene.DICE)
    assert Match.objects.count() == 0
    scene.work()

    assert stored() == before
    assert Job.objects.filter(kind="inventory.match_part", state="done").count() == 16


@pytest.mark.django_db
def test_a_part_that_was_cancelled_is_taken_up_again_and_nothing_stays_unmatched(cast: Any) -> None:
    from tests.apps import scene_inventory as scene

    from watchbell.apps.inventory import services
    from watchbell.apps.inventory.models import Match
    from watchbell.apps.jobs import services as jobs
    from watchbell.apps.jobs.models import Job

    fill(cast.hospital.organisation.public_id, cast.hospital.actor)
    before = stored()
    Match.objects.all().delete()

    assert services.match_everything_again(by=scene.CONSOLE, now=NOON, rng=scene.DICE) == PACKAGES * len(VERSIONS)
    for one in Job.objects.filter(kind="inventory.match_part")[:5]:
        jobs.cancel(public_id=one.public_id, by=scene.CONSOLE, now=NOON)
    scene.work()
    assert stored() != before
    services.match_changed(by=scene.CONSOLE, now=NOON, rng=scene.DICE)
    scene.work()

    assert stored() == before


# Killed ---------------------------------------------------------------------------------------


def prepare() -> None:
    from django.core.management import call_command

    from watchbell.doors import keys

    call_command("migrate", verbosity=0)
    keys.make_node_keys()


def small_steps() -> None:
    from watchbell.apps.inventory.services import matching

    matching.VERSIONS_AT_ONCE = 4  # type: ignore[misc]


def begin() -> None:
    from tests.apps.scene_inventory import CONSOLE

    from watchbell.apps.inventory import services

    spoil()
    services.match_everything_again(by=CONSOLE, now=NOON, rng=random.SystemRandom())


def work(minutes: int, die_at: int = 0) -> None:
    """Do what waits, as a worker of its own; die by SIGKILL before the n-th statement of the work itself."""
    from watchbell.apps.jobs import services as jobs
    from watchbell.worker.run import Worker

    now, seen, dice = NOON + timedelta(minutes=minutes), 0, random.SystemRandom()

    def deadly(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    worker = Worker(clock=lambda: now, rng=dice, subscriptions=(), is_periodic=False)
    jobs.reap(now=now)
    while held := jobs.claim(owner=f"worker-{os.getpid()}", now=now):
        with connection.execute_wrapper(deadly):
            worker.work_on(held)


def side_by_side(*deeds: Callable[[], None]) -> list[int]:
    """Do these deeds at the same time, each in a process of its own; return how they ended."""
    return [os.waitpid(child, 0)[1] for child in [fork(deed) for deed in deeds]]


def look() -> dict[str, Any]:
    import hashlib

    from watchbell.apps.inventory.models import Part
    from watchbell.apps.jobs.models import Job

    return {
        "digest": hashlib.sha256(repr(stored()).encode()).hexdigest(),
        "matches": len(stored()[0]),
        "left": Job.objects.exclude(state="done").count(),
        "behind": sum(one.until - one.after for one in Part.objects.all()),
    }


def main() -> None:
    import json

    import django

    django.setup()
    small_steps()
    alone(prepare)
    alone(partial(fill, "hospital"))
    found = [ask_child(look)]
    for statement in map(int, sys.argv[1:]):
        alone(begin)
        ended = side_by_side(partial(work, 0, statement), partial(work, 0, statement + 7))
        side_by_side(partial(work, 10), partial(work, 10))
        alone(partial(work, 20))
        found.append({"killed": ended.count(signal.SIGKILL), **ask_child(look)})
    sys.stdout.write(json.dumps(found) + "\n")


@pytest.mark.slow
def test_workers_killed_in_the_middle_of_their_parts_lose_and_double_nothing(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        undisturbed, *disturbed = node.run("tests.apps.test_inventory_parts", "9", "57")

    assert undisturbed["matches"] > PACKAGES
    for one in disturbed:
        assert one == {**undisturbed, "killed": 2}


if __name__ == "__main__":
    main()
