"""Does a flaw found in other people's software go where the signed terms say, is nothing lost, and nobody named?"""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from tests.apps.scene_engagements import DICE, TERMS, agreed, keystore
from tests.apps.scene_evaluation import BEGAN, LATER, Scene, by, signed
from tests.support.cast import CONSOLE, Cast, actor

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import IsOver, NotAllowed, NotYet
from watchbell.apps.evaluation import queries as evaluation
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Flaw as Row
from watchbell.apps.evaluation.models import Run
from watchbell.apps.findings import queries, reading
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.models import Finding, Submission
from watchbell.apps.journal.models import Entry, EntryConcern
from watchbell.apps.notices import queries as notices
from watchbell.apps.orgs import services as orgs
from watchbell.domain.advisory import Activity
from watchbell.domain.evaluation import Flaw, SentAs
from watchbell.domain.handling import Role, Tlp
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import Purpose, Routing
from watchbell.doors import keys as node_keys
from watchbell.formats import strictjson
from watchbell.worker.run import run_until_idle
from watchbell.worker.subscriptions import SUBSCRIPTIONS

pytestmark = pytest.mark.django_db
ONLY_NOTICES = tuple(one for one in SUBSCRIPTIONS if one.kind.startswith("notices.announce"))
FOUND = Flaw(
    title="A long header overruns the buffer of the parser",
    vendor="Acme",
    product="libheader",
    version="2.4.1",
    description="The length is read before it is checked.",
    evidence="Send a header of 70,000 bytes; the process ends with a segmentation fault.",
    model="northlight-1",
)


def found(cast: Cast, routing: Routing) -> Scene:
    """Return a scene whose terms say this about flaws in other people's software."""
    return signed(cast, terms=replace(TERMS, routing=routing))


def report(scene: Scene, cast: Cast, value: Flaw = FOUND, *, key: str = "key-of-the-form", **deed: Any) -> Row:
    how = {**by(cast, now=LATER), **deed}
    return findings.report_flaw(scene.engagement, value, key=key, store=node_keys.blob_store(), **how)


def send_on(row: Row, cast: Cast, how: SentAs, *, who: str = "lab", **deed: Any) -> Row:
    return findings.send_flaw_on(row, how, store=node_keys.blob_store(), **{**by(cast, who, now=LATER), **deed})


def everything_in(room: str) -> str:
    """Return all that the tables of one room hold, as text."""
    rows = [row for model in apps.get_app_config(room).get_models() for row in model._default_manager.values()]
    return " ".join(_text(value) for row in rows for value in row.values())


def _text(value: object) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)


def test_by_the_default_terms_it_goes_without_any_name_and_both_see_that_it_did(cast: Cast) -> None:
    scene = signed(cast)

    row = report(scene, cast)

    finding = Finding.objects.get()
    claim = queries.claim_of(finding)
    assert (row.route, row.sent_as, row.submission) == (Routing.ROUTE_ANONYMISED, SentAs.NAMELESS, "")
    assert (claim.title, claim.product.name, claim.evidence.text) == (FOUND.title, "libheader", FOUND.evidence)
    assert claim.ai_usage.activities == {Activity.DISCOVERY}
    assert (claim.ai_usage.model, claim.ai_usage.model_withheld) == ("", True)
    for party in (cast.lab, cast.evaluator):
        seen = evaluation.flaws_of(row.engagement, party.actor, now=LATER)
        assert [(one.route, one.sent_as) for one in seen] == [("route_anonymised", "nameless")]


def test_what_goes_without_a_name_leads_nowhere_back(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")
    before = set(Entry.objects.values_list("pk", flat=True))

    sampled = replace(FOUND, run=Run.objects.get().public_id, item="patch.traversal.1.0", epoch=1)
    row = report(scene, cast, sampled)

    engagement = scene.engagement
    telling = {
        *(engagement.public_id, engagement.developer, engagement.evaluator, engagement.model.public_id),
        *(engagement.model.digest, scene.protocol.public_id, scene.protocol.digest, row.public_id, row.key),
        *("Northlight", "northlight-1", "patch.traversal", Run.objects.get().public_id),
        *(cast.lab.organisation.name, cast.evaluator.organisation.name),
        *(cast.lab.person.public_id, cast.evaluator.person.public_id, cast.evaluator.person.email),
    }
    entries = Entry.objects.exclude(pk__in=before).exclude(action__startswith="evaluation.")
    public = " ".join(f"{one.__dict__}" for one in entries)
    concerned = set(EntryConcern.objects.filter(entry__in=entries).values_list("organisation_id", flat=True))
    file = queries.submissions_of(CONSOLE, now=LATER).get()
    opened = b"".join(_pieces(file.blob)).decode()
    assert [one.action for one in entries] == ["blob.kept", "submission.received", "finding.received"]
    assert concerned == {cast.coordinator.organisation.public_id}
    for trace in telling:
        assert trace not in everything_in("findings")
        assert trace not in opened
        assert trace not in public
    own = " ".join(str(one) for one in Row.objects.values("route", "submission", "person", "key", "public_id"))
    assert not any(one in own for one in (file.public_id, Finding.objects.get().public_id, file.content_digest))


def _pieces(blob: str) -> Any:
    from watchbell.apps.files import queries as files

    opened = files.open_for(CONSOLE, blob, now=LATER, store=node_keys.blob_store())
    assert opened is not None
    return opened.pieces


def test_the_receipt_code_is_read_by_the_evaluator_and_tells_what_became_of_it(cast: Cast) -> None:
    row = report(signed(cast), cast)

    value, code = services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, now=LATER))

    status = queries.status_by_receipt(code, now=LATER)
    assert value == FOUND
    assert status is not None
    assert len(status.findings) == 1
    assert code not in everything_in("evaluation")


@pytest.mark.parametrize(
    "naming",
    [
        {"description": "Found while NORTHLIGHT-1 was measured."},
        {"title": "What Northlight  1 found"},
        {"evidence": "Ask the people of Fjord Labs."},
    ],
)
def test_a_text_that_names_somebody_is_sent_back_to_be_said_without(cast: Cast, naming: dict[str, str]) -> None:
    scene = signed(cast)
    naming = {name: text.replace("Fjord Labs", cast.lab.organisation.name) for name, text in naming.items()}

    with pytest.raises(Refused) as told:
        report(scene, cast, replace(FOUND, **naming))

    assert told.value.refusal.code == "names-somebody"
    assert (Row.objects.count(), Submission.objects.count()) == (0, 0)


def test_where_the_terms_name_the_model_the_claim_does_and_the_evaluator_hands_it_in(cast: Cast) -> None:
    scene = found(cast, Routing.ROUTE_TO_CVD)

    row = report(scene, cast)

    submission = Submission.objects.get()
    claim = queries.claim_of(Finding.objects.get())
    assert (row.sent_as, row.submission) == (SentAs.NAMED, submission.public_id)
    assert (submission.organisation, Tlp(submission.marking)) == (
        cast.evaluator.organisation.public_id,
        Tlp.AMBER_STRICT,
    )
    assert (claim.ai_usage.model, claim.ai_usage.activities) == ("northlight-1", {Activity.DISCOVERY})
    assert scene.engagement.public_id not in everything_in("findings")
    assert cast.lab.organisation.public_id not in everything_in("findings")


def test_what_comes_back_to_the_developer_is_read_by_nobody_else_and_goes_on_when_it_says_so(cast: Cast) -> None:
    scene = found(cast, Routing.RETURN_TO_LAB)

    row = report(scene, cast)

    assert Submission.objects.count() == 0
    assert services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, "lab", now=LATER)) == (FOUND, "")
    with pytest.raises(NotAllowed):
        services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, now=LATER))
    with pytest.raises(NotAllowed):
        send_on(row, cast, SentAs.NAMED, who="evaluator")

    row = send_on(row, cast, SentAs.NAMED)
    again = send_on(row, cast, SentAs.NAMELESS)

    assert Submission.objects.get().organisation == cast.lab.organisation.public_id
    assert again.sent_as == SentAs.NAMED
    assert Entry.objects.filter(action="evaluation.flaw_sent_on").count() == 1


def test_the_developer_sends_it_on_without_any_name_too(cast: Cast) -> None:
    row = report(found(cast, Routing.RETURN_TO_LAB), cast)

    row = send_on(row, cast, SentAs.NAMELESS)

    assert (Submission.objects.get().submitter, row.submission) == ("public", "")
    assert services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, "lab", now=LATER))[1].startswith("WB-")


def test_the_developer_does_not_send_on_what_went_already_and_does_not_read_it(cast: Cast) -> None:
    row = report(signed(cast), cast)

    with pytest.raises(NotAllowed):
        send_on(row, cast, SentAs.NAMED)
    with pytest.raises(NotAllowed):
        services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, "lab", now=LATER))


@pytest.mark.parametrize("routing", Routing)
def test_reporting_it_again_changes_nothing(cast: Cast, routing: Routing) -> None:
    scene = found(cast, routing)

    first, again = report(scene, cast), report(scene, cast, now=LATER + timedelta(hours=1))

    assert again == first
    assert Row.objects.count() == 1
    assert Finding.objects.count() == (0 if routing is Routing.RETURN_TO_LAB else 1)
    assert Entry.objects.filter(action="evaluation.flaw_reported").count() == 1


@pytest.mark.parametrize("routing", [Routing.ROUTE_TO_CVD, Routing.ROUTE_ANONYMISED])
def test_it_stays_where_it_went_when_the_developer_withdraws_and_the_evidence_goes(
    cast: Cast, routing: Routing
) -> None:
    scene = found(cast, routing)
    row = report(scene, cast)

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    assert queries.claim_of(Finding.objects.get()).title == FOUND.title
    with pytest.raises(IsOver):
        services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, now=LATER))
    with pytest.raises(IsOver):
        report(scene, cast, key="two")


def test_what_is_found_in_the_logs_after_the_window_still_goes_its_way(cast: Cast) -> None:
    scene = signed(cast)
    after = BEGAN + timedelta(days=31)
    access.end_if_over(scene.engagement, now=after, keys=keystore(), rng=DICE)

    report(scene, cast, now=after)

    assert Finding.objects.count() == 1


def test_before_access_began_nothing_was_found(cast: Cast) -> None:
    scene = agreed(cast, now=BEGAN)

    with pytest.raises(NotYet):
        findings.report_flaw(scene.fresh(), FOUND, key="one", store=node_keys.blob_store(), **by(cast, now=BEGAN))


@pytest.mark.parametrize("who", ["lab", "coordinator", "vendor", "hospital"])
def test_only_the_evaluators_named_people_report_one(cast: Cast, who: str) -> None:
    scene = signed(cast)
    person = orgs.create_person("second@evaluator.example", by=CONSOLE, now=LATER, rng=random.Random(2))
    orgs.add_member(person, cast.evaluator.organisation, Role.MEMBER, by=CONSOLE, now=LATER)

    for stranger in (getattr(cast, who).actor, actor(person, LATER)):
        with pytest.raises(NotAllowed):
            report(scene, cast, by=stranger)
        if stranger.organisation != cast.lab.organisation.public_id:
            assert not evaluation.flaws_of(scene.engagement.public_id, stranger, now=LATER).exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"model": "another"}, "no-such-model"),
        ({"run": "0" * 32, "item": "x", "epoch": 1}, "no-such-sample"),
        ({"title": " "}, "no-title"),
        ({"evidence": "SECRET//NOFORN"}, "classified"),
        ({"description": "x" * 2_000_000}, "too-large"),
    ],
)
@pytest.mark.parametrize("routing", Routing)
def test_what_cannot_be_taken_is_refused_before_anything_is_kept(
    cast: Cast, routing: Routing, wrong: dict[str, Any], code: str
) -> None:
    scene = found(cast, routing)

    with pytest.raises(Refused) as told:
        report(scene, cast, replace(FOUND, **wrong))

    assert told.value.refusal.code == code
    assert (Row.objects.count(), Submission.objects.count()) == (0, 0)


def test_when_intake_breaks_the_report_is_not_half_done(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = signed(cast)

    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("watchbell.apps.findings.services.taking._store", broken)
    with pytest.raises(RuntimeError):
        report(scene, cast)

    assert (Row.objects.count(), Submission.objects.count()) == (0, 0)
    assert not Entry.objects.filter(action__in=["evaluation.flaw_reported", "submission.received"]).exists()


def test_the_developer_is_told_at_once_and_reads_who_opened_it(cast: Cast) -> None:
    scene = found(cast, Routing.RETURN_TO_LAB)
    row = report(scene, cast)

    run_until_idle(now=LATER, rng=random.Random(1), subscriptions=ONLY_NOTICES)
    services.open_flaw(row, Purpose.READ_RESULTS, **by(cast, "lab", now=LATER))

    told = [one.kind for one in notices.for_viewer(cast.lab.actor, now=LATER)]
    line = strictjson.loads(bytes(engagements.lines_of(scene.engagement)[0].entry))
    assert "evaluation.flaw_reported" in told
    assert (line["what"], line["material"]) == ("opened", "flaw")


def test_its_text_lies_nowhere_in_the_open(cast: Cast) -> None:
    report(found(cast, Routing.RETURN_TO_LAB), cast)

    tables = " ".join(everything_in(room) for room in ("evaluation", "engagements", "journal", "findings"))
    assert not any(word in tables for word in ("libheader", "overruns", "segmentation"))


def test_the_database_refuses_a_nameless_one_that_names_its_submission(cast: Cast) -> None:
    row = report(signed(cast), cast)

    with pytest.raises(Exception, match="flaw_sent_says_how"), connection.cursor() as cursor:
        cursor.execute("UPDATE evaluation_flaw SET submission = 'x' WHERE id = %s", [row.pk])


def test_a_form_of_the_public_and_a_nameless_flaw_look_alike(cast: Cast) -> None:
    report(signed(cast), cast)
    upload = reading.form(FOUND.claim(SentAs.NAMELESS), b"the form as it was sent")
    findings.report(upload, store=node_keys.blob_store(), by=CONSOLE, now=LATER, rng=DICE)

    columns = ("submitter", "organisation", "person", "channel", "format", "marking", "set_aside", "total")
    one, other = Submission.objects.values(*columns)
    assert one == other
