"""This will kill the deeds of early access at chosen points, and say what a node that goes on afterwards finds.

Run as a program on a throwaway node that `init` made: `python -m tests.support.kill_early_access 5`. A point is a
statement of the database, a commit, or a step of the keystore with a file. Keys and commits are all tried, statements
as many of each deed as the argument says. Every child starts from the same node and has a connection of its own.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import django
from tests.support.kill import alone, ask_child
from tests.support.kill_river import Spare, disconnect

if TYPE_CHECKING:
    from tests.apps.scene_engagements import Scene

STATEMENT, COMMIT, COMMITTED, FILE = "statement", "commit", "committed", "file"
FILE_STEPS = ("os.rename", "os.remove")
STEPS: list[Callable[[], None]] = []
"""What to tell of the keystore's steps while a child watches itself; the hook itself cannot be taken off again."""


def main() -> None:
    """Measure each deed, kill it at its points, and print one line of JSON."""
    django.setup()
    from tests.conftest import NOON
    from tests.support.cast import make_cast

    from watchbell.cli import verify_journal

    assert verify_journal  # loaded once here and not again in every child
    scenes = prepared(make_cast(NOON))
    disconnect()
    spare, statements, found = Spare(), int(sys.argv[1]), []
    for name in DEEDS:
        spare.restore()
        points = ask_child(partial(measured, scenes, name))["points"]
        for at in chosen(points, statements):
            spare.restore()
            was_killed = alone(partial(done, scenes, name, at + 1), may_be_killed=True)
            told = {"deed": name, "at": points[at], "number": at, "was_killed": was_killed}
            found.append(told | ask_child(partial(recovered, spare, scenes, name)))
    spare.remove()
    sys.stdout.write(json.dumps(found) + "\n")


def prepared(cast: Any) -> "dict[str, Scene]":
    """Return an engagement for each deed, with a model of its own."""
    from tests.apps import scene_engagements as scenes

    stages = {"draft": "drafted", "start": "agreed", "withdraw": "started", "release": "started", "round": "started"}
    return {
        name: getattr(scenes, stage)(cast, digest=f"{at:064x}") for at, (name, stage) in enumerate(stages.items(), 1)
    }


def draft(scene: "Scene") -> None:
    """Draft one more engagement."""
    from dataclasses import replace

    from tests.apps.scene_engagements import TERMS

    from watchbell.apps.engagements import services

    terms = replace(TERMS, model_digest=scene.model.digest)
    services.draft(scene.model, scene.evaluator.organisation.public_id, terms, **fresh_dice(scene))


def start(scene: "Scene") -> None:
    """Start it."""
    from watchbell.apps.engagements import services

    signature = scene.sign("lab", services.start_to_sign(scene.engagement))
    services.start(scene.engagement, signature, **fresh_dice(scene))


def withdraw(scene: "Scene") -> None:
    """Withdraw it."""
    from watchbell.apps.engagements import services

    services.withdraw(scene.engagement, **fresh_dice(scene))


def release(scene: "Scene") -> None:
    """Release its model."""
    from watchbell.apps.engagements import services

    services.release(scene.model, services.Release.PARTNERS, **fresh_dice(scene))


def round_at_the_end(scene: "Scene") -> None:
    """Go round when its window has ended."""
    from watchbell.apps.engagements import services

    deed = fresh_dice(scene)
    services.make_round(now=deed["now"] + timedelta(hours=720), keys=deed["keys"], rng=deed["rng"])


def fresh_dice(scene: "Scene") -> dict[str, Any]:
    return {**scene.by("lab"), "rng": random.SystemRandom()}


DEEDS: "dict[str, Callable[[Scene], None]]" = {
    "draft": draft,
    "start": start,
    "withdraw": withdraw,
    "release": release,
    "round": round_at_the_end,
}


def chosen(points: list[str], statements: int) -> list[int]:
    """Return which points to die at: every one of keys and commits, and some statements spread over the deed."""
    plain = [at for at, kind in enumerate(points) if kind == STATEMENT]
    some = plain[:: max(len(plain) // statements, 1)][:statements]
    return sorted({*some, *(at for at, kind in enumerate(points) if kind != STATEMENT)})


def measured(scenes: "dict[str, Scene]", name: str) -> dict[str, Any]:
    """Return the points of a deed that is done to its end, by kind."""
    with watched(0) as seen:
        DEEDS[name](scenes[name])
    return {"points": seen}


def done(scenes: "dict[str, Scene]", name: str, die_at: int) -> None:
    """Do the deed, dying before its n-th point; the last is after its commit, before it could be acknowledged."""
    with watched(die_at):
        DEEDS[name](scenes[name])


@contextmanager
def watched(die_at: int) -> Iterator[list[str]]:
    """Count points by kind, and die before the one that is asked for."""
    from django.conf import settings
    from django.db import connection

    seen: list[str] = []

    def pass_by(kind: str) -> None:
        seen.append(kind)
        if len(seen) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(execute: Callable[..., Any], *rest: Any) -> Any:
        pass_by(STATEMENT)
        return execute(*rest)

    def commit(end: Callable[[], None]) -> None:
        pass_by(COMMIT)
        end()
        pass_by(COMMITTED)

    keys = str(settings.WATCHBELL.keys)

    def step(event: str, arguments: tuple[Any, ...]) -> None:
        if STEPS and event in FILE_STEPS and str(arguments[0]).startswith(keys):
            pass_by(FILE)

    connection.ensure_connection()
    at_the_database: Any = connection
    STEPS.append(lambda: None)
    sys.addaudithook(step)
    at_the_database._commit = partial(commit, at_the_database._commit)
    with connection.execute_wrapper(statement):
        yield seen
    STEPS.clear()
    del at_the_database._commit


def recovered(spare: Spare, scenes: "dict[str, Scene]", name: str) -> dict[str, Any]:
    """Return what is found at the first look, after the next round, and by whoever goes on."""
    from django.db import connection
    from tests.conftest import NOON

    from watchbell.apps.engagements import services
    from watchbell.apps.engagements.models import Engagement
    from watchbell.apps.journal import services as journal
    from watchbell.apps.journal.models import Entry
    from watchbell.cli import verify_journal
    from watchbell.doors.keys import keystore

    scene = scenes[name]
    state, lives = scene.fresh().state, has_access_key(scene)
    services.make_round(now=NOON, keys=keystore(), rng=random.SystemRandom())
    after, lives_after = scene.fresh().state, has_access_key(scene)
    rows = {one.public_id for one in Engagement.objects.all()}
    strays = [one for one in keystore().names() if one.startswith(("access-", "evidence-")) and one[-32:] not in rows]
    entries = Entry.objects.filter(action=ACTIONS[name], subject_id__in=subjects(scene))
    entry = entries.exclude(subject_id=scene.engagement.public_id if name == "draft" else "").exists()
    goes_on = "" if name != "start" else started_again(scene)
    receipts = scene.engagement.receipts.count()
    journal.seal_everything()
    connection.close()
    verdict = verify_journal.verify_node(spare.node)
    return {
        "state": state,
        "lives": lives,
        "after": after,
        "lives_after": lives_after,
        "strays": len(strays),
        "entry": entry,
        "drafts": len(rows) - len(scenes),
        "goes_on": goes_on,
        "receipts": receipts,
        "holds": verdict.holds,
    }


ACTIONS = {
    "draft": "engagement.drafted",
    "start": "engagement.started",
    "withdraw": "engagement.withdrawn",
    "release": "model.partners_released",
    "round": "engagement.ended",
}


def subjects(scene: "Scene") -> set[str]:
    """Return what the deed's entry is about: the engagement, a new one of the same model, or the model."""
    return {scene.model.public_id, *scene.model.engagements.values_list("public_id", flat=True)}


def has_access_key(scene: "Scene") -> bool:
    """Return whether the way in could still be opened."""
    from watchbell.doors.keys import keystore
    from watchbell.outside.keystore import KeyMissing

    try:
        keystore().seal(scene.engagement.access_key, b"", b"")
    except KeyMissing:
        return False
    return True


def started_again(scene: "Scene") -> str:
    """Start it once more where the start was undone, and return how it stands then."""
    if scene.fresh().state == "agreed":
        start(scene)
    return str(scene.fresh().state)


if __name__ == "__main__":
    main()
