"""Deeds of the evaluator's people with runs of a node of a test's own: `python -m tests.support.own_runs DEED ...`.

`work` is a worker as `watchbell worker` is, but for two things: a lease of three seconds, and that the run's process
may be root where only root may read this Python.
"""

import json
import random
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

LEASE = timedelta(seconds=3)


def main() -> None:
    """Do one deed on the node that the environment names."""
    from watchbell.cli import boot

    boot.boot()
    deed, *words = sys.argv[1:]
    if deed == "work":
        return work()
    deeds: dict[str, Callable[..., dict[str, Any]]] = {"shorten": shorten, "start": start}
    sys.stdout.write(json.dumps(deeds.get(deed, partial(change, deed))(*words)) + "\n")
    return None


def start(protocol: str, arm: str) -> dict[str, Any]:
    """Start a run of the protocol's first suite and budget for one model, by the evaluator's owner."""
    from watchbell.apps.evaluation import queries, services
    from watchbell.doors.keys import keystore

    row = queries.named(protocol)
    value = services.opened(row, keys=keystore())
    part = services.Part(suite=value.suites[0].benchmark, arm=int(arm), budget=value.budgets[0])
    return _told(services.start_run(row, part, **_deed("owner@evaluator.example")))


def change(deed: str, protocol: str, arm: str) -> dict[str, Any]:
    """Pause, cancel or go on with the newest run of a model."""
    from watchbell.apps.evaluation import queries, services

    how = _deed("owner@evaluator.example")
    row = queries.named(protocol)
    run = queries.own_runs_of(row, how["by"], now=how["now"]).filter(arm=int(arm))[0]
    if deed == "pause":
        return _told(services.pause_run(run, by=how["by"], now=how["now"]))
    if deed == "cancel":
        return _told(services.cancel_run(run, by=how["by"], now=how["now"], rng=how["rng"]))
    return _told(services.go_on_with_run(run, **how))


def shorten(engagement: str, seconds: str) -> dict[str, Any]:
    """Let the developer end the window so many seconds from now."""
    from watchbell.apps.engagements import queries
    from watchbell.apps.engagements import services as access

    how = _deed("owner@lab.example")
    access.shorten(queries.named(engagement), how["now"] + timedelta(seconds=int(seconds)), **how)
    return {}


def work() -> None:
    """Work until SIGTERM."""
    from tests.support.inspect_runs import only_root_may

    from watchbell.apps.evaluation import jobs
    from watchbell.apps.evaluation.services import CARRY
    from watchbell.apps.jobs import registry
    from watchbell.outside import inspect_runner
    from watchbell.worker.run import run

    jobs.BEGIN = partial(inspect_runner.resume, as_root=only_root_may())
    registry._KINDS[CARRY] = replace(registry.kind_named(CARRY), lease=LEASE)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(stop)


def _deed(email: str) -> dict[str, Any]:
    from watchbell.apps.orgs import queries as orgs
    from watchbell.doors.keys import keystore

    now = datetime.now(UTC)  # noqa: TID251 (a process of its own lives in the present)
    person = orgs.person_by_email(email)
    assert person is not None
    by = orgs.actor_for_person(person, None, strong=True, authenticated_at=now)
    return {"by": by, "now": now, "keys": keystore(), "rng": random.SystemRandom()}


def _told(run: Any) -> dict[str, Any]:
    return {"run": run.public_id, "state": run.state}


if __name__ == "__main__":
    main()
