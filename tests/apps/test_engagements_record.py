"""Does every deed of early access leave one entry with who and what, and none without it? KY-04 to KY-08, TM-12."""

import hashlib
import inspect
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.db.models import F
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
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast

from watchbell.apps.engagements import determinations, services
from watchbell.apps.engagements.models import (
    AccessChain,
    AccessLine,
    Engagement,
    GatewayToken,
    Grant,
    ModelVersion,
    Partner,
    Seat,
    SigningKey,
)
from watchbell.apps.engagements.services import Release, log, metering
from watchbell.apps.engagements.words import Outcome
from watchbell.apps.journal.models import Entry
from watchbell.apps.journal.services import recording
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Role
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Admission, Ending, Settlement
from watchbell.domain.sealing.chain import GENESIS, chain
from watchbell.domain.terms import Purpose
from watchbell.doors.keys import keystore

pytestmark = pytest.mark.django_db
NEWCOMERS = random.Random(2)
DAY = timedelta(days=1)
ON = date(2026, 11, 3)
Deed = Callable[[Scene], object]


def colleague(scene: Scene) -> str:
    """Return one more person of the evaluator's."""
    person = orgs.create_person("colleague@evaluator.example", by=CONSOLE, now=NOON, rng=NEWCOMERS)
    orgs.add_member(person, scene.evaluator.organisation, Role.MEMBER, by=CONSOLE, now=NOON)
    return person.public_id


def agreeing(scene: Scene) -> object:
    people = [scene.evaluator.person.public_id]
    signature = scene.sign("evaluator", services.agreement_to_sign(scene.engagement, people))
    return services.agree(scene.engagement, people, signature, **scene.by("evaluator"))


def offering(scene: Scene) -> object:
    signature = scene.sign("lab", services.offer_to_sign(scene.engagement, keys=keystore()))
    return services.offer(scene.engagement, signature, **without_dice(scene, "lab"))


def starting(scene: Scene) -> object:
    signature = scene.sign("lab", services.start_to_sign(scene.engagement))
    return services.start(scene.engagement, signature, **scene.by("lab"))


def without_dice(scene: Scene, who: str) -> dict[str, Any]:
    return {name: value for name, value in scene.by(who).items() if name != "rng"}


def plain(scene: Scene, who: str) -> dict[str, Any]:
    return {name: value for name, value in scene.by(who).items() if name in ("by", "now")}


def with_dice(scene: Scene, who: str) -> dict[str, Any]:
    return {name: value for name, value in scene.by(who).items() if name != "keys"}


def admission(scene: Scene) -> object:
    seat = Seat.objects.get(admitted_at__isnull=True)
    signature = scene.sign("lab", services.admission_to_sign(seat))
    return services.admit_person(seat, signature, **without_dice(scene, "lab"))


def named(cast: Cast) -> Scene:
    scene = started(cast)
    services.name_person(scene.engagement, colleague(scene), **scene.by("evaluator"))
    return scene


def minted(cast: Cast) -> Scene:
    scene = started(cast)
    token(scene)
    return scene


def chosen(cast: Cast) -> Scene:
    scene = drafted(cast)
    partner = cast.vendor.organisation.public_id
    services.choose_partner(scene.model, partner, by=cast.lab.actor, now=NOON, rng=DICE)
    return scene


def requested(cast: Cast) -> Scene:
    scene = drafted(cast)
    determinations.note_request(scene.model, by=cast.lab.actor, now=NOON, rng=DICE)
    return scene


def paused(cast: Cast) -> Scene:
    scene = started(cast)
    services.pause(scene.engagement, by=cast.lab.actor, now=NOON)
    return scene


def withdrawn(cast: Cast) -> Scene:
    scene = drafted(cast)
    services.withdraw(scene.engagement, **scene.by("lab"))
    return scene


WEEK = NOON + 7 * DAY
DEEDS: dict[str, tuple[Callable[[Cast], Scene], str, Deed]] = {
    "model.registered": (
        drafted,
        "lab",
        lambda one: services.register_model("Another", "cd" * 32, **one.by("lab")),
    ),
    "signing_key.added": (
        drafted,
        "lab",
        lambda one: services.add_signing_key(bytes(range(32)), **with_dice(one, "lab")),
    ),
    "signing_key.retired": (
        drafted,
        "lab",
        lambda one: services.retire_signing_key(
            SigningKey.objects.filter(organisation=one.lab.organisation.public_id)[0], **plain(one, "lab")
        ),
    ),
    "engagement.drafted": (
        drafted,
        "lab",
        lambda one: services.draft(one.model, one.evaluator.organisation.public_id, TERMS, **one.by("lab")),
    ),
    "engagement.terms_written": (
        drafted,
        "lab",
        lambda one: services.change_terms(one.engagement, replace(TERMS, hours=1), **without_dice(one, "lab")),
    ),
    "engagement.offered": (drafted, "lab", offering),
    "engagement.rescinded": (offered, "lab", lambda one: services.rescind(one.engagement, **one.by("lab"))),
    "engagement.agreed": (offered, "evaluator", agreeing),
    "engagement.declined": (offered, "evaluator", lambda one: services.decline(one.engagement, **one.by("evaluator"))),
    "engagement.started": (agreed, "lab", starting),
    "engagement.ended": (started, "evaluator", lambda one: services.leave(one.engagement, **one.by("evaluator"))),
    "engagement.endpoint_set": (
        started,
        "lab",
        lambda one: services.set_endpoint(one.engagement, ENDPOINT, **one.by("lab")),
    ),
    "engagement.paused": (started, "lab", lambda one: services.pause(one.engagement, **plain(one, "lab"))),
    "engagement.resumed": (paused, "lab", lambda one: services.resume(one.engagement, **plain(one, "lab"))),
    "engagement.shortened": (started, "lab", lambda one: services.shorten(one.engagement, WEEK, **one.by("lab"))),
    "engagement.person_named": (
        started,
        "evaluator",
        lambda one: services.name_person(one.engagement, colleague(one), **one.by("evaluator")),
    ),
    "engagement.person_admitted": (named, "lab", admission),
    "engagement.seat_ended": (
        started,
        "lab",
        lambda one: services.end_seat(one.engagement.seats.get(), **plain(one, "lab")),
    ),
    "engagement.token_made": (
        started,
        "evaluator",
        lambda one: services.mint(one.engagement, Purpose.RUN, **one.by("evaluator")),
    ),
    "engagement.token_ended": (
        minted,
        "evaluator",
        lambda one: services.end_token(GatewayToken.objects.get(), **plain(one, "evaluator")),
    ),
    "engagement.withdrawn": (started, "lab", lambda one: services.withdraw(one.engagement, **one.by("lab"))),
    "model.partners_released": (
        withdrawn,
        "lab",
        lambda one: services.release(one.model, Release.PARTNERS, **one.by("lab")),
    ),
    "model.public_planned": (
        drafted,
        "lab",
        lambda one: services.plan_release(one.model, Release.PUBLIC, WEEK, **one.by("lab")),
    ),
    "partner.chosen": (
        drafted,
        "lab",
        lambda one: services.choose_partner(one.model, one.cast.vendor.organisation.public_id, **with_dice(one, "lab")),
    ),
    "partner.ended": (chosen, "lab", lambda one: services.end_partnership(Partner.objects.get(), **plain(one, "lab"))),
    "determination.requested": (
        drafted,
        "lab",
        lambda one: determinations.note_request(one.model, **with_dice(one, "lab")),
    ),
    "determination.retracted": (
        requested,
        "lab",
        lambda one: determinations.retract_request(one.model.determinations.get(), **plain(one, "lab")),
    ),
    "determination.noted": (
        requested,
        "lab",
        lambda one: determinations.note_outcome(
            one.model.determinations.get(),
            Outcome.COVERED,
            on=date(2026, 11, 3),
            signer="An office",
            **plain(one, "lab"),
        ),
    ),
}
NO_DEEDS = {
    *(
        "agreement_to_sign",
        "admission_to_sign",
        "offer_to_sign",
        "start_to_sign",
        "offered_terms",
        "models_in_scope",
        "name_of",
        "terms_of",
    ),
    *("seal", "list_sealed", "open_sealed", "evidence_is_due", "evidence_is_lost"),
    *("require_own_people", "require_reader", "was_offered"),
}
BY_THE_CLOCK = {"make_round", "end_if_over", "destroy_evidence_if_due", "anchor"}
LINES_ONLY = {
    *("note_opening", "note_reading", "note_sitting", "export"),
    *("open_terms", "open_version", "open_offer", "open_models"),
}
SAME_AS = {"consent": "partner.consented", "end_every_token": "engagement.token_ended"}


def done(action: str, cast: Cast) -> list[Entry]:
    """Return the entries that its doer wrote by a deed."""
    scene_of, who, deed = DEEDS[action]
    scene = scene_of(cast)
    before = Entry.objects.order_by("-id").values_list("id", flat=True)[0]
    deed(scene)
    own = Entry.objects.filter(id__gt=before, organisation_id=getattr(cast, who).organisation.public_id)
    return list(own.exclude(actor_kind="system"))


@pytest.mark.parametrize("action", DEEDS)
def test_each_deed_leaves_exactly_one_entry_that_names_its_doer_and_its_object(cast: Cast, action: str) -> None:
    entries = done(action, cast)

    assert [one.action for one in entries] == [action]
    doer = getattr(cast, DEEDS[action][1])
    assert (entries[0].actor_id, entries[0].organisation_id) == (
        doer.person.public_id,
        doer.organisation.public_id,
    )
    assert len(entries[0].subject_id) == 32
    assert doer.organisation.public_id in entries[0].concerns.values_list("organisation_id", flat=True)


def test_every_service_that_changes_something_is_among_the_deeds_above() -> None:
    source = inspect.getsource(inspect.getmodule(test_every_service_that_changes_something_is_among_the_deeds_above))  # type: ignore[arg-type]
    offered_by_the_room = (
        {name for name in services.__all__ if inspect.isfunction(getattr(services, name))}
        - NO_DEEDS
        - BY_THE_CLOCK
        - LINES_ONLY
        - set(SAME_AS)
    )

    assert {name for name in offered_by_the_room if f"services.{name}(" not in source} == set()


def everything() -> list[list[tuple[object, ...]]]:
    """Return every row of this room, so that a deed that did not happen is seen not to have happened."""
    models = apps.get_app_config("engagements").get_models()
    return [
        [tuple(map(comparable, row)) for row in model._default_manager.order_by("pk").values_list()] for model in models
    ]


def comparable(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def refuse(*_: object, **__: object) -> None:
    raise DatabaseError("no room left on the device")


@pytest.mark.parametrize("action", DEEDS)
def test_a_deed_whose_entry_cannot_be_written_does_not_happen(
    cast: Cast, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene_of, _, deed = DEEDS[action]
    scene = scene_of(cast)
    before, keys = everything(), set(keystore().names())
    monkeypatch.setattr(Entry, "save", refuse)

    with pytest.raises(DatabaseError), transaction.atomic():
        deed(scene)

    assert everything() == before
    assert keys <= set(keystore().names())
    assert recording.Entry is Entry


LOGGED = {
    "engagement.started",
    "engagement.endpoint_set",
    "engagement.paused",
    "engagement.resumed",
    "engagement.shortened",
    "engagement.person_admitted",
    "engagement.seat_ended",
    "engagement.token_made",
    "engagement.token_ended",
    "engagement.withdrawn",
    "engagement.ended",
    "engagement.declined",
    "engagement.rescinded",
}


@pytest.mark.parametrize("action", sorted(LOGGED))
def test_a_touch_whose_line_cannot_be_written_does_not_happen(
    cast: Cast, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene_of, _, deed = DEEDS[action]
    scene = scene_of(cast)
    before, keys = everything(), set(keystore().names())
    monkeypatch.setattr(log, "chain", refuse)

    with pytest.raises(DatabaseError), transaction.atomic():
        deed(scene)

    assert everything() == before
    assert keys <= set(keystore().names())


def test_no_call_is_admitted_settled_or_opened_without_its_line(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = started(cast)
    text = token(scene)
    answer = admit(ask(text))[0]
    assert isinstance(answer, Admission)
    before = everything()
    monkeypatch.setattr(log, "write", refuse)
    end = Settlement(
        call=answer.call, ending=Ending.ANSWERED, status=200, usage=None, response_digest="", response_bytes=0
    )

    for attempt in (
        lambda: admit(ask(text)),
        lambda: metering.settle([end], now=NOON),
        lambda: services.open_terms(scene.engagement, Purpose.RUN, **scene.by("evaluator")),
        lambda: services.export(scene.engagement, by=cast.lab.actor, now=NOON, keys=keystore()),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()

    assert everything() == before


HOLDS = ("hold", "holds", "retain", "retention", "quarantine", "legal", "litigation", "freeze", "keep", "delay")


def test_no_parameter_and_no_column_of_early_access_can_hold_a_destruction_back() -> None:
    named = {
        f"{function.__name__}({parameter})"
        for name in services.__all__
        if inspect.isfunction(function := getattr(services, name))
        for parameter in inspect.signature(function).parameters
        if set(parameter.split("_")) & set(HOLDS)
    }
    columns = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("engagements").get_models()
        for field in model._meta.get_fields()
        if set(field.name.split("_")) & set(HOLDS)
    }

    assert (named, columns) == (set(), set())
    assert not {one.related_model for one in (*Engagement._meta.fields, *Grant._meta.fields)} - {
        Engagement,
        ModelVersion,
        None,
    }


@pytest.mark.parametrize("how", ["withdrawn", "evidence is due"])
def test_a_running_export_of_the_log_neither_delays_a_destruction_nor_breaks(cast: Cast, how: str) -> None:
    scene = started(cast)
    text = token(scene)
    admit(*[ask(text)] * 30)
    lines = services.export(scene.engagement, by=cast.lab.actor, now=NOON, keys=keystore())
    begun = [next(lines) for _ in range(5)]

    if how == "withdrawn":
        services.withdraw(scene.engagement, **scene.by("lab"))
    else:
        services.make_round(now=NOON + 31 * DAY, keys=keystore(), rng=DICE)
        services.make_round(now=NOON + 61 * DAY, keys=keystore(), rng=DICE)

    assert {one.key for one in scene.engagement.receipts.all()} == {"access", "evidence"}
    assert scene.fresh().stands in (State.WITHDRAWN, State.ENDED)
    rest = [*begun, *lines]
    assert len(rest) - 1 == int(rest[0].split(b'"lines":')[1].split(b",")[0])


TAMPERED: dict[str, Callable[[list[AccessLine]], None]] = {
    "a bit of a line": lambda lines: change(lines[2], entry=bytes(lines[2].entry)[:-2] + b"x}"),
    "a line is gone": lambda lines: remove(lines[3]),
    "the last line is gone": lambda lines: remove(lines[-1]),
    "two lines change places": lambda lines: swap(lines[1], lines[2]),
    "all is hashed anew, heads too": lambda lines: rewrite(lines),
}


def change(line: AccessLine, **columns: object) -> None:
    AccessLine.objects.filter(pk=line.pk).update(**columns)


def remove(line: AccessLine) -> None:
    AccessLine.objects.filter(pk=line.pk).delete()


def swap(one: AccessLine, other: AccessLine) -> None:
    for line, entry in ((one, other.entry), (other, one.entry)):
        change(line, entry=bytes(entry))


def rewrite(lines: list[AccessLine]) -> None:
    """Do what whoever runs the database could: take a line out and make every hash and the head fit again."""
    remove(lines.pop(1))
    head = GENESIS
    for seq, line in enumerate(lines, -100):
        head = chain(head, hashlib.sha256(bytes(line.entry)).digest())
        change(line, seq=seq, hash=head)
    AccessLine.objects.filter(seq__lt=0).update(seq=F("seq") + 100)
    AccessChain.objects.filter(pk=lines[0].chain_id).update(size=len(lines), anchored_size=len(lines), head=head)


def anchors_that_hold(scene: Scene) -> list[bool]:
    """Return for every anchor in the record whether the lines as they stand now lead to its head."""
    found = []
    for anchor in Entry.objects.filter(action="engagement.log_anchored").order_by("id"):
        lines = AccessLine.objects.filter(chain__engagement=scene.engagement, chain__writer=anchor.facts["chain"])
        head, counted = GENESIS, 0
        for line in lines.filter(seq__lt=anchor.facts["size"]).order_by("seq"):
            head, counted = chain(head, hashlib.sha256(bytes(line.entry)).digest()), counted + 1
        found.append((counted, head.hex()) == (anchor.facts["size"], anchor.digests["head"]))
    return found


@pytest.mark.parametrize("how", TAMPERED)
def test_whatever_is_changed_in_the_access_log_no_longer_leads_to_the_anchors_in_the_record(
    cast: Cast, how: str
) -> None:
    scene = started(cast)
    text = token(scene)
    for writer in ("gateway-2", "gateway-1"):
        admit(*[ask(text)] * 3, chain=writer)
        services.make_round(now=NOON, keys=keystore(), rng=DICE)
    admit(*[ask(text)] * 3)
    services.make_round(now=NOON, keys=keystore(), rng=DICE)
    assert all(anchors_that_hold(scene))

    TAMPERED[how](list(AccessLine.objects.filter(chain__writer="gateway-1").order_by("seq")))

    assert not all(anchors_that_hold(scene))
