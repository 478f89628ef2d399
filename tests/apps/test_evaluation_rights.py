"""Who sees an evaluation, who opens a transcript, and what is left when the evidence is gone?"""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.apps.scene_engagements import DICE, TERMS, keystore
from tests.apps.scene_evaluation import HELD_OUT, LATER, Scene, by, registered, signed
from tests.support.cast import CONSOLE, Cast, actor
from tests.support.eval_logs import FIRST, files_of

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import IsOver, NotAllowed
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.models import Protocol, Run, Sample
from watchbell.apps.evaluation.services import Happened
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.apps.notices import queries as notices
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Actor, Role
from watchbell.domain.terms import Kept, Purpose
from watchbell.doors import keys as node_keys
from watchbell.formats import strictjson
from watchbell.worker.run import run_until_idle
from watchbell.worker.subscriptions import SUBSCRIPTIONS

pytestmark = pytest.mark.django_db
ONLY_NOTICES = tuple(one for one in SUBSCRIPTIONS if one.kind.startswith("notices.announce"))
LONG_AFTER = LATER + timedelta(days=60)


def whole(cast: Cast, **how: Any) -> Scene:
    """Return a scene with something in every table."""
    scene = signed(cast, **how)
    services.commit_seed(scene.engagement, registered(cast, HELD_OUT), **by(cast))
    scene.take_in("plain.eval")
    services.report_incident(
        scene.engagement, Happened(kind=IncidentKind.OTHER, noticed_at=LATER), **by(cast, now=LATER)
    )
    return scene


def seen_by(scene: Scene, viewer: Actor, *, now: datetime = LATER) -> list[int]:
    """Return how many things this actor finds, by every query there is."""
    row, engagement = scene.protocol, scene.protocol.engagement
    return [
        queries.visible_to(viewer, now=now).count(),
        queries.protocols_of(engagement, viewer, now=now).count(),
        queries.runs_of(row, viewer, now=now).count(),
        queries.samples_of(row, viewer, now=now).count(),
        queries.incidents_of(engagement, viewer, now=now).count(),
        queries.commitments_of(engagement, viewer, now=now).count(),
        int(queries.containment_of(row, viewer, now=now) is not None),
        int(queries.chain_of(row, "northlight-1", viewer, now=now) is not None),
    ]


def opens(scene: Scene, viewer: Actor, *, now: datetime = LATER, purpose: Purpose = Purpose.AUDIT) -> bytes:
    sample = Sample.objects.get(protocol=scene.protocol, item="patch.traversal.1.0")
    deed: dict[str, Any] = {"by": viewer, "now": now, "keys": keystore(), "rng": DICE}
    return services.open_transcript(sample, purpose, store=node_keys.blob_store(), **deed)


def test_both_parties_see_all_of_it_and_for_everyone_else_there_is_none(cast: Cast) -> None:
    scene = whole(cast)

    for party in (cast.lab, cast.evaluator):
        assert seen_by(scene, party.actor) == [1, 1, 1, 6, 1, 1, 1, 1]
    for stranger in (cast.coordinator.actor, cast.vendor.actor, cast.hospital.actor, cast.admin, cast.mallory, CONSOLE):
        assert seen_by(scene, stranger) == [0] * 8


def test_a_stranger_sees_the_same_in_a_world_with_an_evaluation_and_in_one_without(cast: Cast) -> None:
    nothing = Scene(access=None, protocol=Protocol(pk=10**9, engagement="0" * 32, kept=["sample_table"]))  # type: ignore[arg-type]
    strangers = [cast.coordinator.actor, cast.vendor.actor, cast.bank.actor, cast.mallory]
    before = [seen_by(nothing, one) for one in strangers]

    scene = whole(cast)

    assert [seen_by(scene, one) for one in strangers] == before == [[0] * 8] * len(strangers)


def test_a_colleague_without_a_seat_sees_nothing_and_without_a_second_factor_nobody_does(cast: Cast) -> None:
    scene = whole(cast)
    person = orgs.create_person("second@evaluator.example", by=CONSOLE, now=LATER, rng=random.Random(2))
    orgs.add_member(person, cast.evaluator.organisation, Role.MEMBER, by=CONSOLE, now=LATER)

    assert seen_by(scene, actor(person, LATER)) == [0] * 8
    assert seen_by(scene, replace(cast.lab.actor, strong=False)) == [0] * 8
    with pytest.raises(NotAllowed):
        scene.take_in("plain.eval", by=actor(person, LATER))


def test_a_transcript_is_opened_with_a_purpose_and_the_developer_reads_by_whom(cast: Cast) -> None:
    scene = whole(cast)

    found = opens(scene, cast.evaluator.actor, purpose=Purpose.READ_RESULTS)

    assert found == files_of("plain.eval")[FIRST]
    line = engagements.lines_of(scene.engagement)[0]
    said = strictjson.loads(bytes(line.entry))
    assert (line.what, line.person) == ("opened", cast.evaluator.person.public_id)
    assert (said["material"], said["purpose"]) == ("transcript", "read_results")


def test_a_transcript_of_a_json_log_is_opened_too(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("document.json")

    assert strictjson.loads(opens(scene, cast.lab.actor))["id"] == "patch.traversal.1.0"


@pytest.mark.parametrize("who", ["coordinator", "vendor", "hospital"])
def test_nobody_else_opens_a_transcript_or_a_protocol(cast: Cast, who: str) -> None:
    scene = whole(cast)

    with pytest.raises(NotAllowed):
        opens(scene, getattr(cast, who).actor)
    with pytest.raises(NotAllowed):
        services.open_protocol(scene.protocol, Purpose.AUDIT, **by(cast, who, now=LATER))


def test_what_the_model_said_lies_nowhere_in_the_open(cast: Cast) -> None:
    scene = whole(cast)

    rows = [*Sample.objects.values(), *Run.objects.values(), *Protocol.objects.values()]
    said = " ".join(str(value) for row in rows for value in row.values())
    assert not any(word in said for word in ("ANSWER", "Say the number", "northlight", "nl-1-2026"))
    blobs = b"".join(path.read_bytes() for path in (node_keys.blob_store()._folder).rglob("*") if path.is_file())
    assert scene.protocol.digest
    assert b"patch.traversal" not in blobs


def test_on_withdrawal_no_transcript_opens_and_what_the_terms_do_not_keep_is_gone(cast: Cast) -> None:
    scene = whole(cast, terms=replace(TERMS, kept_after_end=(Kept.REPORT,)))

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    with pytest.raises(IsOver):
        opens(scene, cast.evaluator.actor)
    assert queries.samples_of(scene.protocol, cast.evaluator.actor, now=LATER).count() == 0
    services.make_round(now=LATER, keys=keystore())
    assert (Sample.objects.count(), Run.objects.get().outcomes) == (0, {})


def test_what_the_terms_keep_outlives_the_evidence_without_any_text(cast: Cast) -> None:
    scene = whole(cast, terms=replace(TERMS, kept_after_end=(Kept.SCORES, Kept.SAMPLE_TABLE)))

    access.make_round(now=LONG_AFTER, keys=keystore(), rng=DICE)
    access.make_round(now=LONG_AFTER + timedelta(days=30), keys=keystore(), rng=DICE)
    services.make_round(now=LONG_AFTER + timedelta(days=30), keys=keystore())

    assert scene.engagement.evidence_gone_at is not None
    assert queries.samples_of(scene.protocol, cast.lab.actor, now=LONG_AFTER + timedelta(days=30)).count() == 6
    with pytest.raises(IsOver):
        opens(scene, cast.lab.actor, now=LONG_AFTER + timedelta(days=30))


def test_the_receipt_for_the_evidence_lists_protocol_statement_and_log(cast: Cast) -> None:
    scene = whole(cast)

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    receipt = engagements.receipts_of(scene.engagement).get(key="evidence")
    held = {one["what"] for one in strictjson.loads(bytes(receipt.content))["held"]}
    assert {"protocol", "containment", "log"} <= held
    assert Run.objects.get().log_digest in bytes(receipt.content).decode()


def test_an_incident_is_a_notice_to_the_developer_and_nobody_else_hears_of_anything(cast: Cast) -> None:
    scene = whole(cast)

    run_until_idle(now=LATER, rng=DICE, subscriptions=ONLY_NOTICES)

    heard = {one.kind for one in notices.for_viewer(cast.lab.actor, now=LATER)}
    assert {"evaluation.incident", "evaluation.protocol_locked", "evaluation.log_imported"} <= heard
    assert scene.protocol.digest
    for stranger in (cast.coordinator, cast.vendor, cast.hospital, cast.bank):
        assert not {one.kind for one in notices.for_viewer(stranger.actor, now=LATER)}
