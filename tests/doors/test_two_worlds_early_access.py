"""Never engaged, offered, running and withdrawn look the same to everyone but the two (V11), and V10 where a lab is.

The engagement is between the cast's lab and an evaluator who is nobody's acquaintance; outsiders are everyone else:
another evaluator, another lab that registers the very same model, a coordinator, a hospital, the public.
"""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from tests.apps import scene_engagements as scene
from tests.doors import routes, worlds
from tests.support.cast import Cast, Player, another
from tests.support.visitors import ELSEWHERE, signed_in

from watchbell.apps.engagements import services as engagements
from watchbell.apps.engagements.models import Engagement
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import OrganisationKind, Scope
from watchbell.doors import keys
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db
NOBODY = "0" * 32


def as_party(cast: Cast, rng: random.Random, now: datetime) -> Cast:
    """Return the cast with an evaluator who is there in every world."""
    return replace(cast, evaluator=another(OrganisationKind.EVALUATOR, now, rng))


def never(cast: Cast, rng: random.Random, now: datetime) -> None:
    as_party(cast, rng, now)


def offered(cast: Cast, rng: random.Random, now: datetime) -> None:
    scene.offered(as_party(cast, rng, now), now=now)


def running(cast: Cast, rng: random.Random, now: datetime) -> None:
    played = scene.started(as_party(cast, rng, now), now=now)
    scene.admit(scene.ask(scene.token(played, now=now)), now=now)


def withdrawn(cast: Cast, rng: random.Random, now: datetime) -> None:
    played = scene.started(as_party(cast, rng, now), now=now)
    engagements.withdraw(played.engagement, **{**played.by("lab"), "now": now})


def outsiders(cast: Cast, now: datetime) -> dict[str, Player]:
    """Return everyone who has an account and no part in it."""
    names = ("evaluator", "coordinator", "hospital")
    found: dict[str, Player] = {name: getattr(cast, name) for name in names}
    return found | {"other lab": another(OrganisationKind.LAB, now, random.Random(6))}


def script(cast: Cast, now: datetime) -> list[worlds.Answer]:
    people = outsiders(cast, now)
    answers = worlds.look_everywhere(Client(REMOTE_ADDR=ELSEWHERE), searching=True)
    for player in people.values():
        answers += worlds.look_everywhere(signed_in(player.person, now), searching=False)
    for name, player in people.items():
        answers += programs(name, player, now)
    run_until_idle(now=now, rng=random.Random(96), signer=keys.keystore())
    return answers + [worlds.exported(one.actor, now) for one in people.values()]


def programs(name: str, player: Player, now: datetime) -> list[worlds.Answer]:
    """Ask for everything that a program may ask of early access, by the ids that there are where there is something."""
    _, token = orgs.mint_token(
        "script", list(Scope), by=player.actor, lasts=scene.LASTS, now=now, rng=random.Random(name)
    )
    real = Engagement.objects.first()
    ids = {"engagement": real.public_id, "model": real.model.public_id} if real else {}
    answers = []
    if name == "other lab":
        body = {"name": "Ours", "digest": scene.DIGEST}
        answers.append(asked(token, "post", "/api/v1/models", body))
    for operation in routes.operations():
        if operation.path.startswith(("/engagements", "/models", "/partnerships")):
            path = f"/api/v1{operation.path}".format_map(Ids(ids)) + "?purpose=audit"
            answer = asked(token, operation.method.lower(), path, {})
            answers.append(replace(answer, asked=operation.name))
    return answers


class Ids(dict[str, str]):
    """Ids by the names that addresses give them; nobody's where there is none."""

    def __missing__(self, name: str) -> str:
        return "offer" if name == "statement" else NOBODY


def asked(token: str, method: str, path: str, body: object) -> worlds.Answer:
    headers = {"Authorization": f"Bearer {token}"}
    sent = {} if method == "get" else {"data": json.dumps(body), "content_type": "application/json"}
    return worlds.asked(Client(), method, path, headers=headers, **sent)


@pytest.mark.slow
def test_never_engaged_offered_running_and_withdrawn_cannot_be_told_apart_by_a_third_party(
    noon: datetime, tmp_path: Path
) -> None:
    secrets: list[Callable[..., None]] = [never, offered, running, withdrawn]
    first, *others = [worlds.seen(one, script, noon, tmp_path / one.__name__) for one in secrets]

    for other in others:
        assert [(left.asked, left.status) for left in first] == [(right.asked, right.status) for right in other]
        for left, right in zip(first, other, strict=True):
            assert left == right, left.asked
    assert sum(answer.status == 200 for answer in first) > 50
    assert any(answer.asked == "post /api/v1/models" and answer.status == 200 for answer in first)
