"""A lab in the middle of several offers: one runs, one waits for an answer, one for its start, one is over."""

import html
import random
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from tests.apps import scene_engagements as parties
from tests.apps.scene_engagements import Scene
from tests.support.cast import CONSOLE, Cast, Player

from watchbell.apps.engagements import determinations, queries, services
from watchbell.apps.engagements.services import metering
from watchbell.apps.orgs import queries as orgs_queries
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Person
from watchbell.domain.handling import Role
from watchbell.domain.metering import Admission, Dialect, Ending, Prices, Settlement, Usage
from watchbell.domain.terms import PAYLOAD_TYPE, Limits, Purpose, Terms, signed_bytes
from watchbell.doors.keys import keystore
from watchbell.formats import dsse

RNG = random.Random(304)
DAY = timedelta(days=1)
LIMITS = Limits(
    requests=20_000,
    tokens=6_000_000,
    cost=2_500_000_000,
    currency="USD",
    prices=Prices(3_000_000, 15_000_000),
    per_minute=60,
    at_once=8,
)
TERMS = Terms(
    model_digest=parties.DIGEST,
    models=("northlight-1", "northlight-1-mini"),
    dialects=(Dialect.CHAT, Dialect.MESSAGES),
    limits=LIMITS,
)
TURNS = (
    (Ending.ANSWERED, Usage(1_204, 388)),
    (Ending.ANSWERED, Usage(18_220, 4_096)),
    (Ending.CALLER_LEFT, None),
    (Ending.ANSWERED, Usage(2_048, 912)),
    (Ending.ENDPOINT_SILENT, None),
)


@dataclass
class Early:
    """What tests point at."""

    running: Scene
    drafted: Scene
    offered: Scene
    agreed: Scene
    withdrawn: Scene
    colleagues: list[Person]


def play(cast: Cast, now: datetime) -> Early:
    """Fill the node through the services everyone uses."""
    colleagues = [
        _colleague(cast.evaluator, name, now - 20 * DAY) for name in ("Ana Ruiz", "Ben Okafor", "Chiara Vance")
    ]
    running = _running(cast, colleagues, now)
    withdrawn = parties.started(cast, TERMS, now=now - 6 * DAY, digest="a1" * 32)
    services.withdraw(withdrawn.engagement, by=cast.lab.actor, now=now - 2 * DAY, keys=keystore(), rng=RNG)
    withdrawn.fresh()
    scene = Early(
        running=running,
        drafted=parties.drafted(cast, TERMS, now=now - 1 * DAY, digest="b2" * 32),
        offered=parties.offered(cast, TERMS, now=now - 3 * DAY, digest="c3" * 32),
        agreed=parties.agreed(cast, TERMS, now=now - 4 * DAY, digest="d4" * 32),
        withdrawn=withdrawn,
        colleagues=colleagues,
    )
    _partners(cast, running, now)
    deed = {"by": cast.lab.actor, "now": now - 9 * DAY, "rng": RNG}
    determinations.note_request(running.model, **deed)
    services.plan_release(running.model, services.Release.PARTNERS, now + 25 * DAY, keys=keystore(), **deed)
    running.fresh()
    return scene


def _running(cast: Cast, colleagues: list[Person], now: datetime) -> Scene:
    began = now - 10 * DAY - timedelta(hours=3)
    scene = parties.offered(cast, TERMS, now=began - 2 * DAY)
    people = [cast.evaluator.person.public_id, colleagues[0].public_id]
    signature = scene.sign("evaluator", services.agreement_to_sign(scene.engagement, people))
    their = {"by": cast.evaluator.actor, "keys": keystore(), "rng": RNG}
    our = {"by": cast.lab.actor, "keys": keystore(), "rng": RNG}
    services.agree(scene.engagement, people, signature, now=began - DAY, **their)
    services.start(scene.fresh(), scene.sign("lab", services.start_to_sign(scene.engagement)), now=began, **our)
    names = {"northlight-1": "nl-1-2026-11", "northlight-1-mini": "nl-1-mini"}
    services.set_endpoint(scene.fresh(), replace(parties.ENDPOINT, models=names), now=began, **our)
    services.name_person(scene.fresh(), colleagues[1].public_id, now=now - DAY, **their)
    services.open_terms(scene.fresh(), Purpose.RUN, now=began + DAY, **their)
    for at in range(7):
        use(scene, colleagues[0] if at % 2 else cast.evaluator.person, now=now - timedelta(hours=5 - at / 2))
    services.pause(scene.fresh(), by=cast.lab.actor, now=now - timedelta(minutes=50))
    services.resume(scene.fresh(), by=cast.lab.actor, now=now - timedelta(minutes=41))
    use(scene, colleagues[0], now=now - timedelta(minutes=4))
    scene.fresh()
    return scene


def text_of(answer: Any) -> str:
    """Return what a page says in its middle, without its tags."""
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def address(name: str, scene: Scene, *rest: str) -> str:
    """Return the address of a page about an engagement."""
    return reverse(name, args=[scene.engagement.public_id, *rest])


def envelope(scene: Scene, who: str, payload: bytes) -> bytes:
    """Return what a party's own tool writes: the statement in an envelope, with its signature."""
    signature = dsse.Signature(scene.pens[who].sign(signed_bytes(payload)))
    return dsse.dumps(dsse.Envelope(payload, PAYLOAD_TYPE, (signature,)))


def use(scene: Scene, person: Person, *, now: datetime, calls: int = 5) -> None:
    """Let a person take a token and make some calls through the ledger."""
    by = orgs_queries.actor_for_person(person, None, strong=True, authenticated_at=now)
    text = services.mint(scene.engagement, Purpose.RUN, by=by, now=now, keys=keystore(), rng=RNG).text
    for at in range(calls):
        ending, usage = TURNS[at % len(TURNS)]
        moment = now + timedelta(seconds=7 * at)
        asked = parties.ask(text, most=Usage(30_000, 4_096))
        answer = metering.admit([asked], chain="gateway-1", now=moment, keys=keystore(), rng=RNG)[0]
        if isinstance(answer, Admission):
            end = Settlement(
                call=answer.call, ending=ending, status=200, usage=usage, response_digest="ef" * 32, response_bytes=2048
            )
            metering.settle([end], now=moment + timedelta(seconds=3))
    asked = parties.ask(text, model="northlight-2")
    metering.admit([asked], chain="gateway-1", now=now + timedelta(minutes=1), keys=keystore(), rng=RNG)


def _colleague(player: Player, name: str, now: datetime) -> Person:
    address = f"{name.split()[0].lower()}@evaluator.example"
    person = orgs.create_person(address, by=CONSOLE, now=now, rng=RNG, name=name)
    orgs.add_member(person, player.organisation, Role.MEMBER, by=CONSOLE, now=now)
    return person


def _partners(cast: Cast, scene: Scene, now: datetime) -> None:
    deed = {"by": cast.lab.actor, "now": now - 5 * DAY, "rng": RNG}
    for partner in (cast.vendor, cast.hospital):
        services.choose_partner(scene.model, partner.organisation.public_id, **deed)
    row = queries.partners_of(cast.vendor.actor, now=now).get(partner=cast.vendor.organisation.public_id)
    services.consent(row, by=cast.vendor.actor, now=now - 4 * DAY)


def play_again(cast: Cast, now: datetime) -> Early:
    """Play the same for tests that end what runs."""
    return play(cast, now)
