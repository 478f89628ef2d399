"""Others read a report while its developer consents, never longer, and never more than the developer looked at."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.apps.scene_engagements import DICE, TERMS, keystore
from tests.apps.scene_evaluation import LATER, Scene, by, signed
from tests.support.cast import Cast

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.models import AccessLine
from watchbell.apps.engagements.services import IsOver, NotAllowed, NotYet
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.models import HandedOn, Report
from watchbell.apps.journal.models import Entry
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.terms import Kept
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeyMissing, verify_signature

pytestmark = pytest.mark.django_db
PUBLIC = Actor(kind=ActorKind.ANONYMOUS)
SEALED = replace(TERMS, kept_after_end=(Kept.SCORES,))


def issued(cast: Cast, terms: Any = TERMS) -> tuple[Scene, Report]:
    scene = signed(cast, terms=terms)
    scene.take_in("plain.eval")
    return scene, services.issue_report(scene.fresh(), **by(cast, now=LATER))


def consented(cast: Cast, reader: Reader, terms: Any = TERMS) -> tuple[Scene, Report]:
    scene, report = issued(cast, terms)
    return scene, services.consent(report, reader, **by(cast, "lab", now=LATER))


def partner(cast: Cast, scene: Scene, who: str = "vendor") -> None:
    chosen = access.choose_partner(
        scene.engagement.model, getattr(cast, who).organisation.public_id, by=cast.lab.actor, now=LATER, rng=DICE
    )
    access.consent(chosen, by=getattr(cast, who).actor, now=LATER)


def read(copy: HandedOn, actor: Actor = PUBLIC, now: Any = LATER) -> dict[str, Any]:
    return strictjson.loads(services.open_handed_on(copy, by=actor, now=now, keys=keystore(), rng=DICE))


def seen_by(actor: Actor, now: Any = LATER) -> list[str]:
    return [one.reader for one in queries.handed_on_to(actor, now=now)]


def test_what_is_handed_on_is_byte_for_byte_what_the_developer_looked_at(cast: Cast) -> None:
    _scene, report = issued(cast)
    looked_at = services.preview(report, Reader.PUBLIC, **by(cast, "lab", now=LATER))

    services.consent(report, Reader.PUBLIC, **by(cast, "lab", now=LATER + timedelta(hours=1)))

    copy = HandedOn.objects.get()
    content = services.open_handed_on(copy, by=PUBLIC, now=LATER, keys=keystore(), rng=DICE)
    assert content == canonical(looked_at)
    assert verify_signature(bytes(copy.public_key), bytes(copy.signature), content)


def test_only_the_developer_looks_consents_and_withdraws(cast: Cast) -> None:
    _scene, report = issued(cast)
    evaluator = by(cast, now=LATER)
    without = {name: evaluator[name] for name in ("by", "now")}

    with pytest.raises(NotAllowed):
        services.preview(report, Reader.PUBLIC, **evaluator)
    with pytest.raises(NotAllowed):
        services.consent(report, Reader.PUBLIC, **evaluator)
    services.consent(report, Reader.PUBLIC, **by(cast, "lab", now=LATER))
    with pytest.raises(NotAllowed):
        services.withdraw_consent(report, Reader.PUBLIC, **without)

    assert report.consents == ["public"]


def test_everybody_reads_what_the_public_may_and_only_a_partner_by_mutual_consent_what_partners_may(cast: Cast) -> None:
    scene, report = consented(cast, Reader.PARTNER)
    chosen = access.choose_partner(
        scene.engagement.model, cast.vendor.organisation.public_id, by=cast.lab.actor, now=LATER, rng=DICE
    )
    before = [seen_by(one) for one in (PUBLIC, cast.vendor.actor, cast.hospital.actor)]

    access.consent(chosen, by=cast.vendor.actor, now=LATER)
    as_partner = [seen_by(one) for one in (PUBLIC, cast.vendor.actor, cast.hospital.actor)]
    services.consent(report, Reader.PUBLIC, **by(cast, "lab", now=LATER))
    as_public = [sorted(seen_by(one)) for one in (PUBLIC, cast.vendor.actor, cast.hospital.actor)]
    access.end_partnership(chosen, by=cast.vendor.actor, now=LATER)

    assert before == [[], [], []]
    assert as_partner == [[], ["partner"], []]
    assert as_public == [["public"], ["partner", "public"], ["public"]]
    assert seen_by(cast.vendor.actor) == ["public"]


def test_a_partner_without_a_second_factor_reads_what_everybody_reads(cast: Cast) -> None:
    scene, _report = consented(cast, Reader.PARTNER)
    partner(cast, scene)

    assert seen_by(replace(cast.vendor.actor, strong=False)) == []


def test_a_withdrawn_consent_leaves_nothing_to_read_and_asks_for_no_reason(cast: Cast) -> None:
    _scene, report = consented(cast, Reader.PUBLIC)

    for _again in range(2):
        services.withdraw_consent(report, Reader.PUBLIC, by=cast.lab.actor, now=LATER)

    assert seen_by(PUBLIC) == []
    assert bytes(HandedOn.objects.get().content) == b""
    assert Entry.objects.filter(action="evaluation.report_consent_withdrawn").count() == 1
    with pytest.raises(NotYet):
        services.handed_on(report, Reader.PUBLIC, **by(cast, now=LATER))


def test_a_consent_given_again_has_an_address_of_its_own(cast: Cast) -> None:
    _scene, report = consented(cast, Reader.PUBLIC)
    services.withdraw_consent(report, Reader.PUBLIC, by=cast.lab.actor, now=LATER)

    services.consent(report, Reader.PUBLIC, **by(cast, "lab", now=LATER))

    assert len({one.public_id for one in HandedOn.objects.all()}) == 2
    assert seen_by(PUBLIC) == ["public"]


def test_a_later_comment_stands_in_what_others_read_too_signed_anew(cast: Cast) -> None:
    _scene, report = consented(cast, Reader.PUBLIC)
    first = read(HandedOn.objects.get())

    services.comment(report, "We disagree.", **by(cast, "lab", now=LATER, rng=False))

    copy = HandedOn.objects.get()
    content = services.open_handed_on(copy, by=PUBLIC, now=LATER, keys=keystore(), rng=DICE)
    assert (first["comment"], read(copy)["comment"]) == ("", "We disagree.")
    assert verify_signature(bytes(copy.public_key), bytes(copy.signature), content)


@pytest.mark.parametrize("terms", [SEALED, TERMS], ids=["sealed", "kept"])
def test_what_is_read_through_a_seal_is_a_line_that_names_nobody(cast: Cast, terms: Any) -> None:
    scene, report = consented(cast, Reader.PUBLIC, terms)
    services.consent(report, Reader.PARTNER, **by(cast, "lab", now=LATER))
    partner(cast, scene)
    before = AccessLine.objects.count()
    public, shared = (HandedOn.objects.get(reader=reader) for reader in ("public", "partner"))

    for at in (0, 1, 16):
        read(public, now=LATER + timedelta(minutes=at))
    read(shared, cast.vendor.actor)

    lines = [strictjson.loads(bytes(one.entry)) for one in AccessLine.objects.order_by("pk")[before:]]
    assert [one["material"] for one in lines] == ["report_public", "report_public", "report_partner"]
    assert {one["person"] + one["organisation"] for one in lines} == {""}
    told = Entry.objects.get(action="evaluation.report_read")
    assert cast.vendor.organisation.public_id in str(told.facts)


@pytest.mark.parametrize("terms", [SEALED, TERMS], ids=["sealed", "kept"])
def test_after_the_evidence_is_gone_others_read_only_what_the_terms_keep(cast: Cast, terms: Any) -> None:
    scene, _report = consented(cast, Reader.PUBLIC, terms)
    copy = HandedOn.objects.get()

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER + timedelta(hours=1)))
    later = LATER + timedelta(hours=2)

    if terms is TERMS:
        assert (seen_by(PUBLIC, later), read(copy, now=later)["for"]) == (["public"], "public")
    else:
        assert (seen_by(PUBLIC, later), b"solved" in bytes(copy.content)) == ([], False)
        with pytest.raises((IsOver, KeyMissing)):
            read(copy, now=later)
