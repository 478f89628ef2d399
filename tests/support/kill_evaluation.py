"""This will kill the import of a long log, and the issuing of a report, at moments drawn by chance, and do them again.

Run as a program on a throwaway node that `init` made: `python -m tests.support.kill_evaluation 6 3`. The first number
is how often the import is killed, the second how often the report. Every child starts from the same node and is the
command line itself, or the service that a page calls; the parent never opens the database.
"""

import hashlib
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import django
from tests.support.kill import alone, ask_child
from tests.support.kill_early_access import COMMIT, watched
from tests.support.kill_river import Spare

SAMPLES = 450
"""More than two pages of an import."""


def main() -> None:
    """Do each deed unbroken, then killed at so many points, and print one line of JSON."""
    django.setup()
    from django.conf import settings

    from watchbell.cli import verify_journal

    assert verify_journal  # loaded once here and not again in every child
    rng, (imports, reports) = random.Random(7), map(int, sys.argv[1:])
    log = Path(f"{settings.WATCHBELL.home}.eval")
    protocol = ask_child(partial(prepared, log))["protocol"]
    told: dict[str, Any] = {"samples": SAMPLES}
    for name, deed, times in (
        ("import", partial(take_in, log, protocol), imports),
        ("report", partial(issue, protocol), reports),
    ):
        spare = Spare()
        points = ask_child(partial(measured, deed))["points"]
        unbroken = ask_child(partial(look, protocol))
        told[name] = {"unbroken": unbroken, "killed": []}
        for at in chosen(points, times, rng):
            spare.restore()
            was_killed = alone(partial(done, deed, at + 1), may_be_killed=True)
            between = ask_child(partial(look, protocol))
            alone(deed)
            found = {"point": at, "at": points[at], "was_killed": was_killed, "between": between}
            told[name]["killed"].append(found | {"after": ask_child(partial(look, protocol))})
        spare.restore()
        alone(deed)
        spare.remove()
    sys.stdout.write(json.dumps(told) + "\n")


def prepared(log: Path) -> dict[str, Any]:
    """Write a long log beside the home, and lock a protocol that has room for it; return its id."""
    from tests.apps.scene_evaluation import signed
    from tests.conftest import NOON
    from tests.support.cast import make_cast
    from tests.support.eval_logs import long_log
    from tests.support.protocols import PATCH, SMALL

    log.write_bytes(long_log(SAMPLES))
    suite = replace(PATCH, levels=(1,), each=SAMPLES)
    return {"protocol": signed(make_cast(NOON), replace(SMALL, suites=(suite,))).protocol.public_id}


def take_in(log: Path, protocol: str) -> None:
    """Take the log in, as the command line does."""
    from watchbell.cli.main import main as run

    sys.argv = ["watchbell", "import", "eval-log", str(log), "--protocol", protocol]
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            run()
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"the import ended with {end.code}") from end


def issue(protocol: str) -> None:
    """Issue the report, as a page does."""
    from tests.conftest import NOON

    from watchbell.apps.evaluation import queries, services
    from watchbell.apps.orgs import queries as orgs
    from watchbell.doors.keys import keystore

    person = orgs.person_by_email("owner@evaluator.example")
    assert person is not None
    by = orgs.actor_for_person(person, None, strong=True, authenticated_at=NOON)
    services.issue_report(queries.named(protocol), by=by, now=NOON, keys=keystore(), rng=random.SystemRandom())


def measured(deed: Callable[[], None]) -> dict[str, Any]:
    """Return the points of a deed that is done to its end, by kind."""
    with watched(0) as seen:
        deed()
    return {"points": seen}


def done(deed: Callable[[], None], die_at: int) -> None:
    """Do the deed, dying before its n-th point."""
    with watched(die_at):
        deed()


def chosen(points: list[str], times: int, rng: random.Random) -> list[int]:
    """Return where to die: before and after the commit in the middle, and anywhere."""
    commits = [at for at, kind in enumerate(points) if kind == COMMIT]
    middle = commits[len(commits) // 2]
    return sorted({middle, middle + 1, *rng.sample(range(len(points)), times - 2)})


def look(protocol: str) -> dict[str, Any]:
    """Return what the node has of the protocol: samples, runs, logs, entries, reports, and whether the record holds."""
    from django.conf import settings
    from django.db import connection

    from watchbell.apps.evaluation import queries, services
    from watchbell.apps.evaluation.models import Report, Run, Sample
    from watchbell.apps.files.models import Blob
    from watchbell.apps.journal import services as journal
    from watchbell.apps.journal.models import Entry
    from watchbell.cli import verify_journal
    from watchbell.doors.keys import keystore
    from watchbell.outside.keystore import verify_signature

    row, keys = queries.named(protocol), keystore()
    cells = sorted(Sample.objects.filter(protocol=row).values_list("item", "epoch", "outcome", "credit", "digest"))
    ran = ("state", "log_digest", "listed", "recovered", "refused", "outcomes", "calls_logged", "tokens_logged")
    reports = list(Report.objects.filter(protocol=row).order_by("number"))
    contents = [services.signed_bytes(one, keys=keys) for one in reports]
    entries = Entry.objects.filter(action__startswith="evaluation.").values_list("action", flat=True)
    found = {
        "samples": len(cells),
        "items": len({cell[:2] for cell in cells}),
        "cells": hashlib.sha256(repr(cells).encode()).hexdigest(),
        "runs": [list(one) for one in Run.objects.filter(protocol=row).values_list(*ran)],
        "logs": Blob.objects.count(),
        "entries": dict(sorted(Counter(entries).items())),
        "reports": [one.number for one in reports],
        "signed": [
            verify_signature(bytes(one.public_key), bytes(one.signature), data)
            for one, data in zip(reports, contents, strict=True)
        ],
        "said": [said_of(data) for data in contents],
    }
    journal.seal_everything()
    connection.close()
    return found | {"holds": verify_journal.verify_node(settings.WATCHBELL).holds}


def said_of(content: bytes) -> str:
    """Return a digest of what a report says, whatever its number."""
    said = json.loads(content)  # noqa: TID251 (what our own service signed)
    return hashlib.sha256(json.dumps(said | {"number": 0}, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main()
