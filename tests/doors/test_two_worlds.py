"""Nothing an outsider can ask for tells of an embargoed case, another's finding, or another's inventory."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.doors import worlds
from tests.support.cast import Cast
from tests.support.desk import Desk

from watchbell.apps.inventory import services as inventory
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Scope
from watchbell.domain.priority import Exposure
from watchbell.doors import keys

pytestmark = pytest.mark.django_db

SAME_CLAIM = {"id": "mine-1", "title": "Overflow 1", "product": {"purl": "pkg:pypi/infusepump", "name": "infusepump"}}


def embargoed_case(cast: Cast, rng: random.Random, now: datetime) -> None:
    Desk(cast, keys.blob_store(), now, rng).accepted()


def two_embargoed_cases(cast: Cast, rng: random.Random, now: datetime) -> None:
    desk = Desk(cast, keys.blob_store(), now, rng)
    desk.accepted()
    desk.case()


def inventory_of_another(cast: Cast, rng: random.Random, now: datetime) -> None:
    by = cast.hospital.actor
    details = inventory.NewAsset(name="Whispering Meadow", exposed=Exposure.YES)
    asset = inventory.add_asset(details, organisation=str(by.organisation), by=by, now=now, rng=rng)
    parts = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "requests", "version": "2.1", "purl": "pkg:pypi/requests@2.1"}],
    }
    received = inventory.Received(content=json.dumps(parts).encode())
    inventory.load_sbom(received, asset=asset, by=by, now=now, rng=rng)


def everything(cast: Cast, rng: random.Random, now: datetime) -> None:
    desk = Desk(cast, keys.blob_store(), now, rng)
    desk.accepted()
    desk.finding()
    inventory_of_another(cast, rng, now)


def script(cast: Cast, now: datetime) -> list[worlds.Answer]:
    answers = []
    for name, client in worlds.visitors(cast, now).items():
        answers += worlds.look_everywhere(client, searching=name in ("public", "bank"))
    answers += file_the_same_flaw(cast, now)
    return answers


def file_the_same_flaw(cast: Cast, now: datetime) -> list[worlds.Answer]:
    rng = random.Random(5)
    _, token = orgs.mint_token(
        "script", list(Scope), by=cast.evaluator.actor, lasts=timedelta(days=1), now=now, rng=rng
    )
    answers = []
    for _ in range(2):
        answers.append(
            worlds.asked(
                Client(),
                "post",
                "/api/v1/submissions",
                data=json.dumps(SAME_CLAIM),
                content_type="application/x-ndjson",
                headers={"Authorization": f"Bearer {token}"},
            )
        )
    answers.append(
        worlds.asked(Client(), "get", "/api/v1/submissions/findings", headers={"Authorization": f"Bearer {token}"})
    )
    return answers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other"),
    [(None, everything), (embargoed_case, two_embargoed_cases)],
    ids=["nothing, or a case, a finding and an inventory", "one case or two"],
)
def test_an_outsider_cannot_tell_the_two_worlds_apart(
    one: worlds.Secret | None, other: worlds.Secret, noon: datetime, tmp_path: Path
) -> None:
    first = worlds.seen(one, script, noon, tmp_path / "one")
    second = worlds.seen(other, script, noon, tmp_path / "two")

    assert len(first) == len(second)
    assert [(left.asked, left.status) for left in first] == [(right.asked, right.status) for right in second]
    for left, right in zip(first, second, strict=True):
        assert left == right, left.asked
    assert any(answer.status == 200 for answer in first)
