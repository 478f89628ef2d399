"""Who opens what, who is told, and what is left? AZ-13, AZ-18, VO-02 to VO-04 at the services."""

import inspect
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core import mail
from tests.apps.scene_engagements import (
    DICE,
    ENDPOINT,
    TERMS,
    Scene,
    admit,
    agreed,
    ask,
    drafted,
    offered,
    started,
    token,
)
from tests.apps.test_engagements_ledger import take_away
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast, Player, actor

from watchbell.apps.engagements import determinations, queries, services
from watchbell.apps.engagements.kept import KEPT
from watchbell.apps.engagements.models import AccessLine, GatewayToken, Signature, TermsVersion
from watchbell.apps.engagements.services import IsOver, NotAllowed, Release
from watchbell.apps.engagements.words import Material
from watchbell.apps.journal import queries as journal
from watchbell.apps.journal import services as record
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Role
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.terms import Limits, Purpose
from watchbell.doors.keys import keystore
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeyMissing

pytestmark = pytest.mark.django_db
NEWCOMERS = random.Random(2)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def second_owner(scene: Scene) -> Player:
    """Return one more owner of the evaluator's, who has no seat."""
    person = orgs.create_person("chief@evaluator.example", by=CONSOLE, now=NOON, rng=NEWCOMERS)
    orgs.add_member(person, scene.evaluator.organisation, Role.OWNER, by=CONSOLE, now=NOON)
    return Player(scene.evaluator.organisation, person, actor(person, NOON))


def opens(scene: Scene, who: Player, at: datetime = NOON, purpose: Purpose = Purpose.AUDIT) -> object:
    return services.open_terms(scene.engagement, purpose, by=who.actor, now=at, keys=keystore(), rng=DICE)


def alarms(scene: Scene) -> list[int]:
    """Return what the alarms said so far: how many openings there were in a day."""
    rows = Entry.objects.filter(subject_id=scene.engagement.public_id, action="engagement.unusual_volume")
    return [row.facts["opened"] for row in rows.order_by("id")]


def test_an_owner_without_a_seat_opens_material_with_a_purpose_and_the_developer_reads_it(cast: Cast) -> None:
    scene = started(cast)
    chief = second_owner(scene)

    opens(scene, chief, purpose=Purpose.INCIDENT)

    newest = queries.lines_of(scene.engagement)[0]
    said = strictjson.loads(bytes(newest.entry))
    assert (newest.what, newest.person) == ("opened", chief.person.public_id)
    assert (said["purpose"], said["material"]) == ("incident", "terms")
    assert inspect.signature(services.open_terms).parameters["purpose"].default is inspect.Parameter.empty
    assert inspect.signature(services.note_opening).parameters["purpose"].default is inspect.Parameter.empty


def test_more_openings_in_a_day_than_usual_alarm_the_developer_alone_and_then_once_for_as_many_again(
    cast: Cast,
) -> None:
    scene = started(cast, replace(TERMS, limits=Limits(opened_a_day=3)))
    chief = second_owner(scene)

    for number in range(11):
        opens(scene, chief, NOON + number * timedelta(minutes=1))

    assert alarms(scene) == [4, 7, 10]
    told = Entry.objects.filter(action="engagement.unusual_volume")[0]
    assert told.actor_id == chief.person.public_id
    concerned = {one.organisation_id for one in told.concerns.all()}
    assert concerned == {cast.lab.organisation.public_id}


def test_a_steady_pace_just_above_what_is_usual_is_no_alarm_at_every_opening(cast: Cast) -> None:
    scene = started(cast, replace(TERMS, limits=Limits(opened_a_day=3)))

    for number in range(12):
        opens(scene, scene.evaluator, NOON + number * 7 * HOUR)

    assert alarms(scene) == [4, 4, 4]


def test_the_developers_own_openings_and_those_of_several_people_are_no_unusual_volume(cast: Cast) -> None:
    scene = started(cast, replace(TERMS, limits=Limits(opened_a_day=3)))
    chief = second_owner(scene)

    for _ in range(3):
        opens(scene, chief)
        opens(scene, scene.evaluator)
        opens(scene, scene.lab)
        opens(scene, scene.lab)

    assert alarms(scene) == []


@pytest.mark.parametrize("who", ["coordinator", "vendor", "hospital", "bank"])
def test_nobody_elses_people_open_anything_nor_learn_whether_it_is_over(cast: Cast, who: str) -> None:
    running, over = started(cast), started(cast, digest="ab" * 32)
    services.withdraw(over.engagement, **over.by("lab"))
    lines = AccessLine.objects.count()

    for scene in (running, over):
        with pytest.raises(NotAllowed):
            opens(scene, getattr(cast, who))

    assert AccessLine.objects.count() == lines


def test_a_draft_is_opened_by_nobody_of_the_evaluator(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        opens(drafted(cast), cast.evaluator)
    assert not AccessLine.objects.filter(what="opened").exists()


@pytest.mark.parametrize("lost", ["removed", "closed account", "inactive account", "closed organisation", "reader"])
def test_whoever_loses_what_let_them_in_opens_and_mints_nothing_more_by_the_same_request(cast: Cast, lost: str) -> None:
    scene = started(cast)
    take_away(scene, lost)
    lines, tokens = AccessLine.objects.count(), GatewayToken.objects.count()

    with pytest.raises(NotAllowed):
        opens(scene, scene.evaluator)
    with pytest.raises(NotAllowed):
        services.mint(scene.engagement, Purpose.RUN, **scene.by("evaluator"))

    assert (AccessLine.objects.count(), GatewayToken.objects.count()) == (lines, tokens)


def test_a_member_whose_seat_ended_opens_nothing_more(cast: Cast) -> None:
    scene = started(cast)
    orgs.add_member(cast.reader_person, cast.evaluator.organisation, Role.MEMBER, by=CONSOLE, now=NOON)
    member = Player(
        cast.evaluator.organisation,
        cast.reader_person,
        replace(cast.evaluator.actor, person=cast.reader_person.public_id, role=Role.MEMBER),
    )
    seat = services.name_person(scene.engagement, cast.reader_person.public_id, **scene.by("evaluator"))
    opens(scene, member)

    services.end_seat(seat, by=cast.evaluator.actor, now=NOON)

    with pytest.raises(NotAllowed):
        opens(scene, member)


def test_a_reader_is_named_for_no_seat(cast: Cast) -> None:
    scene = started(cast)
    orgs.add_member(cast.reader_person, cast.evaluator.organisation, Role.READER, by=CONSOLE, now=NOON)

    with pytest.raises(services.NotYet):
        services.name_person(scene.engagement, cast.reader_person.public_id, **scene.by("evaluator"))


def test_releasing_in_an_open_window_is_recorded_stops_nothing_and_is_told_to_nobody_outside(cast: Cast) -> None:
    scene = started(cast)
    parties = {cast.lab.organisation.public_id, cast.evaluator.organisation.public_id}
    before = Entry.objects.order_by("-id").values_list("id", flat=True)[0]

    services.release(scene.model, Release.PARTNERS, **scene.by("lab"))
    services.release(scene.model, Release.PUBLIC, **scene.by("lab"))

    scene.model.refresh_from_db()
    assert (scene.model.partner_release_at, scene.model.public_release_at) == (NOON, NOON)
    assert scene.fresh().stands is State.RELEASED
    told = Entry.objects.filter(id__gt=before)
    assert {"model.partners_released", "model.public_released"} <= set(told.values_list("action", flat=True))
    assert {one.organisation_id for entry in told for one in entry.concerns.all()} == parties
    assert mail.outbox == []


def nothing(cast: Cast) -> None:
    return None


def declined(cast: Cast) -> Scene:
    scene = offered(cast)
    services.decline(scene.engagement, **scene.by("evaluator"))
    return scene


def withdrawn(cast: Cast) -> Scene:
    scene = started(cast)
    admit(ask(token(scene)))
    services.withdraw(scene.engagement, **scene.by("lab"))
    return scene


def partnered(cast: Cast) -> Scene:
    scene = withdrawn(cast)
    partner = services.choose_partner(
        scene.model, cast.evaluator.organisation.public_id, by=cast.lab.actor, now=NOON, rng=DICE
    )
    services.consent(partner, by=cast.evaluator.actor, now=NOON)
    determinations.note_request(scene.model, by=cast.lab.actor, now=NOON, rng=DICE)
    return scene


WORLDS: dict[str, Callable[[Cast], Scene | None]] = {
    "drafted": drafted,
    "offered": offered,
    "declined": declined,
    "agreed": agreed,
    "running": started,
    "withdrawn": withdrawn,
    "partnered": partnered,
}


def seen_by_others(cast: Cast) -> list[object]:
    """Return all that this room and the record answer to everyone but the two parties."""
    others = [cast.coordinator.actor, cast.vendor.actor, cast.hospital.actor, cast.bank.actor]
    found: list[object] = []
    for viewer in (*others, cast.admin, cast.mallory, cast.reader):
        found += [
            [str(row) for row in queries.visible_to(viewer, now=NOON)],
            [str(row) for row in queries.models_of(viewer, now=NOON)],
            [str(row) for row in queries.partners_of(viewer, now=NOON)],
            [str(row) for row in queries.signing_keys_of(viewer)],
            [str(row) for row in determinations.visible_to(viewer)],
            [(row.action, row.at, row.facts) for row in journal.entries_concerning(viewer, now=NOON)],
        ]
    for viewer in others:
        exported = record.export(by=viewer, now=NOON, keys=keystore())
        found.append((exported.entries, [sorted(strictjson.loads(line)) for line in exported.lines]))
    head = record.publish_head(now=NOON, keys=keystore())
    assert head is not None
    return [*found, head.size]


@pytest.mark.parametrize("world", WORLDS)
def test_for_third_parties_a_lab_that_takes_part_or_declined_or_left_is_one_that_was_never_asked(
    cast: Cast, world: str
) -> None:
    from django.db import transaction

    worlds = []
    for scene_of in (nothing, WORLDS[world]):
        with transaction.atomic():
            scene_of(cast)
            worlds.append(seen_by_others(cast))
            transaction.set_rollback(True)

    assert worlds[0] == worlds[1]


CANARIES = (b"Northlight 1", b"northlight-1", b"sk-canary", b"models.lab.example", b"nl-1-2026-11")
SEALED_FOR_GOOD = {
    "engagements.TermsVersion": "sealed",
    "engagements.Signature": "sealed_payload",
    "engagements.Grant": "sealed_endpoint",
}


def test_after_window_and_evidence_nothing_of_an_engagement_is_left_but_what_is_declared_free_of_content(
    cast: Cast,
) -> None:
    scene = started(cast)
    text = token(scene)
    admit(*[ask(text)] * 3)
    services.open_terms(scene.engagement, Purpose.RUN, **scene.by("evaluator"))
    sealed = {
        "terms": (bytes(TermsVersion.objects.get().sealed), "1", Material.EVIDENCE),
        "endpoint": (bytes(scene.fresh().grant.sealed_endpoint), "", Material.ACCESS),
        **{
            one.kind: (bytes(one.sealed_payload), one.statement_digest, Material.EVIDENCE)
            for one in Signature.objects.all()
        },
    }
    for what, (data, place, key) in sealed.items():
        assert services.open_sealed(scene.engagement, what, data, key=key, place=place, keys=keystore())

    services.make_round(now=NOON + 31 * DAY, keys=keystore(), rng=DICE)
    services.make_round(now=NOON + 31 * DAY + 14 * DAY, keys=keystore(), rng=DICE)

    for what, (data, place, key) in sealed.items():
        with pytest.raises(KeyMissing):
            services.open_sealed(scene.fresh(), what, data, key=key, place=place, keys=keystore())
    with pytest.raises(IsOver):
        services.open_terms(scene.engagement, Purpose.AUDIT, **scene.by("lab"))
    listed = {digest for one in scene.engagement.receipts.all() for digest in digests_in(bytes(one.content))}
    assert listed == set(scene.engagement.sealed_items.values_list("digest", flat=True))
    assert found_in_database(*CANARIES, text.split("_", 2)[2].encode(), ENDPOINT.credential.encode()) == set()
    declared = {row.model: set(row.columns) for row in KEPT}
    assert {name: set(columns) for name, columns in columns_with_content().items()} == {
        name: {column} for name, column in SEALED_FOR_GOOD.items()
    } | {"engagements.ModelVersion": {"sealed_name"}}
    assert all(columns <= declared[name] for name, columns in columns_with_content().items())


def digests_in(content: bytes) -> list[str]:
    return [one["digest"] for one in strictjson.loads(content)["held"]]


def columns_with_content() -> dict[str, set[str]]:
    """Return the columns of this room that hold something sealed, as bytes that name their key."""
    found: dict[str, set[str]] = {}
    for model in apps.get_app_config("engagements").get_models():
        for row in model._default_manager.values():
            for name, value in row.items():
                if isinstance(value, bytes | memoryview) and bytes(value).startswith(b"WBS1"):
                    found.setdefault(f"engagements.{model.__name__}", set()).add(name)
    return found


def found_in_database(*needles: bytes) -> set[tuple[str, str]]:
    """Return in which columns of the whole database any of these stands."""
    found = set()
    for model in apps.get_models():
        for row in model._default_manager.values():
            for name, value in row.items():
                content = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                if any(one in content for one in needles):
                    found.add((model._meta.label, name))
    return found
