"""A report is the same for both parties from the same moment, says what the samples say, and is signed."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.apps.scene_engagements import TERMS, keystore
from tests.apps.scene_evaluation import LATER, Scene, by, locked, signed
from tests.support.cast import Cast
from tests.support.protocols import PROTOCOL

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import IsOver, NotAllowed, NotYet
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Report
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.apps.journal.models import Entry
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.terms import Kept
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeyMissing, verify_signature

pytestmark = pytest.mark.django_db


def issued(cast: Cast, scene: Scene) -> Report:
    return services.issue_report(scene.fresh(), **by(cast, now=LATER))


def read(cast: Cast, report: Report, who: str = "lab", reader: Reader = Reader.DEVELOPER, now=LATER):
    return services.open_report(report, reader, **by(cast, who, now=now))


def measured(cast: Cast) -> Scene:
    scene = signed(cast)
    scene.take_in("plain.eval")
    return scene


def test_a_report_counts_what_is_there_and_what_is_missing(cast: Cast) -> None:
    report = issued(cast, measured(cast))

    found = read(cast, report)

    own = next(one for one in found["completeness"] if one["model"] == "northlight-1")
    assert own["outcomes"]["solved"] == 3
    assert own["expected"] == sum(own["outcomes"].values()) == 24
    assert own["open"] is True
    assert [one["word"] for one in found["comparisons"]] == ["inconclusive"]
    assert found["comparisons"][0]["reasons"] != []
    assert len(found["samples"]) == 6


def test_a_report_says_what_nobody_looked_for(cast: Cast) -> None:
    found = read(cast, issued(cast, measured(cast)))["validity"]

    said = " ".join(found["not_checked"])
    assert "sandbagging: a model that holds back on purpose looks like one that cannot" in said
    assert "evaluation awareness: whether the model behaves otherwise when it takes nothing for a test" in said
    assert "may bring out more" in said


def test_what_was_signed_is_what_both_parties_read(cast: Cast) -> None:
    report = issued(cast, measured(cast))

    signed_content = services.signed_bytes(report, keys=keystore())
    both = [read(cast, report, who) for who in ("lab", "evaluator")]

    assert verify_signature(bytes(report.public_key), bytes(report.signature), signed_content)
    assert report.digest == hashlib.sha256(signed_content).hexdigest()
    without = [{name: one[name] for name in one if name not in ("for", "comment", "digest")} for one in both]
    assert without[0] == without[1] == strictjson.loads(signed_content)
    assert [one["for"] for one in both] == ["developer", "evaluator"]


def test_a_report_asked_for_again_is_the_one_there_is_until_there_is_more_to_say(cast: Cast) -> None:
    scene = measured(cast)
    first = issued(cast, scene)

    again = services.issue_report(scene.fresh(), **by(cast, now=LATER + timedelta(hours=1)))
    deed = by(cast, now=LATER)
    happened = services.Happened(kind=IncidentKind.OTHER, noticed_at=LATER)
    services.report_incident(scene.engagement, replace(happened, run=scene.protocol.runs.first()), **deed)
    later = services.issue_report(scene.fresh(), **deed)

    assert again.pk == first.pk
    assert (later.number, read(cast, later)["validity"]["open_flags"][0]) == (2, "incident: other")
    assert Entry.objects.filter(action="evaluation.report_issued").count() == 2


def test_nobody_but_the_parties_reads_a_report_and_nobody_but_the_evaluator_issues_one(cast: Cast) -> None:
    scene = measured(cast)
    report = issued(cast, scene)

    for who in ("coordinator", "vendor", "hospital"):
        with pytest.raises(NotAllowed):
            read(cast, report, who)
    with pytest.raises(NotAllowed):
        services.issue_report(scene.fresh(), **by(cast, "lab", now=LATER))


def test_a_report_needs_a_protocol_that_was_locked(cast: Cast) -> None:
    scene = locked(cast)
    value = replace(PROTOCOL, budgets=(5000,))
    draft = services.amend(scene.protocol, value, "another budget", **by(cast, now=LATER))

    with pytest.raises(NotYet):
        services.issue_report(draft, **by(cast, now=LATER))


def test_others_read_only_what_the_developer_consented_to_and_only_less_of_it(cast: Cast) -> None:
    report = issued(cast, measured(cast))
    with pytest.raises(NotYet):
        read(cast, report, reader=Reader.PUBLIC)
    with pytest.raises(NotAllowed):
        services.consent(report, Reader.PUBLIC, **by(cast, now=LATER))

    report = services.consent(report, Reader.PUBLIC, **by(cast, "lab", now=LATER))
    found = read(cast, report, reader=Reader.PUBLIC)

    assert not {"samples", "runs", "engagement", "chain"} & set(found)
    assert {cell["generalised"] for cell in found["profile"]} == {None}
    with pytest.raises(NotYet):
        read(cast, report, reader=Reader.PARTNER)


def test_what_is_handed_on_to_others_is_signed_as_it_is_and_no_sooner_than_the_developer_consents(cast: Cast) -> None:
    report = issued(cast, measured(cast))
    deed = by(cast, "evaluator", now=LATER)
    with pytest.raises(NotYet):
        services.handed_on(report, Reader.PUBLIC, **deed)
    report = services.consent(report, Reader.PUBLIC, **by(cast, "lab", now=LATER))

    content, public_key, signature = services.handed_on(report, Reader.PUBLIC, **deed)

    assert verify_signature(public_key, signature, content)
    assert public_key == bytes(report.public_key)
    found = strictjson.loads(content)
    assert (found["for"], "samples" in found, found["digest"]) == ("public", False, report.digest)


def test_the_developers_comment_stands_beside_the_report_word_for_word(cast: Cast) -> None:
    report = issued(cast, measured(cast))
    said = "We disagree.\n<script>alert(1)</script> \u202eand say so"
    with pytest.raises(NotAllowed):
        services.comment(report, said, **by(cast, "evaluator", now=LATER, rng=False))

    report = services.comment(report, said, **by(cast, "lab", now=LATER, rng=False))

    assert read(cast, report, "evaluator")["comment"] == said
    assert report.digest == read(cast, report)["digest"]


@pytest.mark.parametrize("kept", [True, False])
def test_after_the_evidence_is_gone_a_report_is_read_only_where_the_terms_keep_it(cast: Cast, kept: bool) -> None:
    what = (Kept.SCORES, Kept.REPORT) if kept else (Kept.SCORES,)
    scene = signed(cast, terms=replace(TERMS, kept_after_end=what))
    scene.take_in("plain.eval")
    report = issued(cast, scene)

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER + timedelta(hours=1)))
    later = LATER + timedelta(hours=2)

    if kept:
        assert read(cast, report, now=later)["digest"] == report.digest
    else:
        assert b"solved" not in bytes(report.content)
        with pytest.raises((IsOver, KeyMissing)):
            read(cast, report, now=later)
