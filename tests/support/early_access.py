"""Deeds of the two parties on a node of a test's own: `python -m tests.support.early_access DEED ...` prints JSON."""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def main() -> None:
    """Do one deed on the node that the environment names."""
    from watchbell.cli import boot

    boot.boot()
    deed, *words = sys.argv[1:]
    now = datetime.now(UTC)  # noqa: TID251 (a process of its own lives in the present)
    sys.stdout.write(json.dumps(DEEDS[deed](now, *words)) + "\n")


def begin(now: datetime, base_url: str) -> dict[str, Any]:
    """Make the cast and a running engagement with this endpoint; return its id and a token for the gateway."""
    from tests.apps.scene_engagements import ENDPOINT, TERMS, agreed, token
    from tests.support.cast import make_cast

    from watchbell.apps.engagements import services
    from watchbell.domain.terms import Limits
    from watchbell.doors.keys import keystore

    limits = Limits(requests=200, tokens=400_000, at_once=20)
    scene = agreed(make_cast(now), replace(TERMS, limits=limits), now=now)
    deed: dict[str, Any] = {"by": scene.lab.actor, "now": now, "keys": keystore(), "rng": random.Random(1)}
    services.start(scene.engagement, scene.sign("lab", services.start_to_sign(scene.engagement)), **deed)
    endpoint = replace(ENDPOINT, base_url=base_url)
    services.set_endpoint(scene.fresh(), endpoint, allow=[base_url], **deed)
    return {"engagement": scene.engagement.public_id, "token": token(scene, now=now), "lab": scene.lab.person.email}


def by_the_lab(deed: Callable[..., object]) -> Callable[..., dict[str, Any]]:
    """Return the deed as the lab's owner does it."""

    def done(now: datetime, engagement: str, email: str) -> dict[str, Any]:
        from watchbell.apps.engagements import queries
        from watchbell.apps.orgs import queries as orgs
        from watchbell.doors.keys import keystore

        person = orgs.person_by_email(email)
        assert person is not None
        actor = orgs.actor_for_person(person, None, strong=True, authenticated_at=now)
        deed(queries.named(engagement), by=actor, now=now, keys=keystore())
        return look(now, engagement)

    return done


def _withdraw(engagement: Any, **deed: Any) -> None:
    from watchbell.apps.engagements import services

    services.withdraw(engagement, rng=random.Random(2), **deed)


def _pause(engagement: Any, *, by: Any, now: datetime, keys: Any) -> None:
    from watchbell.apps.engagements import services

    services.pause(engagement, by=by, now=now)


def _resume(engagement: Any, *, by: Any, now: datetime, keys: Any) -> None:
    from watchbell.apps.engagements import services

    services.resume(engagement, by=by, now=now)


def _export(engagement: Any, *, by: Any, now: datetime, keys: Any) -> None:
    from django.conf import settings

    from watchbell.apps.engagements import services

    lines = services.export(engagement, by=by, now=now, keys=keys)
    Path(settings.WATCHBELL.home, "access-log.ndjson").write_bytes(b"".join(lines))


def look(now: datetime, engagement: str) -> dict[str, Any]:
    """Return what the node knows of an engagement: state, counts, log lines by kind, receipts."""
    from collections import Counter

    from watchbell.apps.engagements import queries

    found = queries.named(engagement)
    lines = list(queries.lines_of(found))
    return {
        "state": found.state,
        "used": [found.grant.requests_used, found.grant.tokens_used],
        "running": found.calls.count(),
        "lines": Counter(one.what for one in lines),
        "chains": sorted({one.chain.writer for one in lines}),
        "receipts": [one.key for one in queries.receipts_of(found)],
        "entries": " ".join(bytes(one.entry).decode() for one in lines),
    }


DEEDS: dict[str, Callable[..., dict[str, Any]]] = {
    "begin": begin,
    "look": look,
    "withdraw": by_the_lab(_withdraw),
    "pause": by_the_lab(_pause),
    "resume": by_the_lab(_resume),
    "export": by_the_lab(_export),
}

if __name__ == "__main__":
    main()
