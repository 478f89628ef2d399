"""Deeds of an evaluation on a node of a test's own: `python -m tests.support.evaluation DEED ...` prints JSON."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def main() -> None:
    """Do one deed on the node that the environment names."""
    from watchbell.cli import boot

    boot.boot()
    deed, *words = sys.argv[1:]
    deeds: dict[str, Callable[..., dict[str, Any]]] = {"begin": begin, "look": look, "suites": suites}
    sys.stdout.write(json.dumps(deeds[deed](*words)) + "\n")


def begin() -> dict[str, Any]:
    """Make the cast, running access and a protocol whose statement is signed; return its id."""
    from tests.apps.scene_evaluation import signed
    from tests.conftest import NOON
    from tests.support.cast import make_cast

    return {"protocol": signed(make_cast(NOON)).protocol.public_id}


def look(protocol: str) -> dict[str, Any]:
    """Return what the node has of a protocol, as the developer sees it."""
    from watchbell.apps.evaluation import queries
    from watchbell.apps.orgs import queries as orgs

    person = orgs.person_by_email("owner@lab.example")
    assert person is not None
    now = datetime.now(UTC)  # noqa: TID251 (a process of its own lives in the present)
    viewer = orgs.actor_for_person(person, None, strong=True, authenticated_at=now)
    row = queries.named(protocol)
    runs = queries.runs_of(row, viewer, now=now)
    return {
        "samples": queries.samples_of(row, viewer, now=now).count(),
        "runs": [[run.state, run.recovered, run.calls_logged, run.calls_admitted] for run in runs],
    }


def suites() -> dict[str, Any]:
    """Return the registered benchmarks' names and digests, and how many entries of the record say so."""
    from watchbell.apps.evaluation.models import Benchmark
    from watchbell.apps.journal.models import Entry

    rows = list(Benchmark.objects.order_by("pk"))
    entries = Entry.objects.filter(action="evaluation.benchmark_registered").count()
    return {"names": [row.name for row in rows], "digests": {row.name: row.digest for row in rows}, "entries": entries}


if __name__ == "__main__":
    main()
