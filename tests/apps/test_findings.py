"""Findings: what a submitter is told item by item, what triage decides, and what nobody may learn of others."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cast import CONSOLE, Cast
from tests.support.desk import blob_store

from watchbell.apps.findings import claims, kept, queries, reading, services
from watchbell.apps.findings.banners import has_banner
from watchbell.apps.findings.models import Answers, EvidenceReceipt, Finding, Submission
from watchbell.apps.findings.services import taking
from watchbell.apps.findings.words import Channel, Outcome, RejectionReason, UploadFormat
from watchbell.apps.journal.models import Entry
from watchbell.domain.advisory import (
    Activity,
    AiUsage,
    Claim,
    ClaimedEvidence,
    ClaimedProduct,
    Credit,
    EvidenceLevel,
    Location,
    Severity,
)
from watchbell.domain.advisory.written import plain, restored
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import ANONYMOUS, Actor, Role, Tlp
from watchbell.domain.lifecycle import Finding as State
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.refusal import Refused
from watchbell.formats import findings_ndjson, strictjson
from watchbell.outside.blobs import BlobStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return blob_store(tmp_path)


def claim(number: int = 1, **said: object) -> Claim:
    product = ClaimedProduct(purl="pkg:pypi/infusepump@2.1.0", vendor="Acme", name="infusepump")
    details = {"submitter_item_id": f"f-{number}", "title": f"Overflow number {number}", "products": (product,), **said}
    return Claim(**details)  # type: ignore[arg-type]


def lines(*found: Claim) -> bytes:
    return b"\n".join(findings_ndjson.dumps(one) for one in found)


def ndjson(*found: Claim, key: str = "", content: bytes | None = None) -> services.Upload:
    return reading.upload(content or lines(*found), UploadFormat.NDJSON, channel=Channel.API, key=key)


class Desk:
    """Hand in as somebody, with the test's store, clock and dice."""

    def __init__(self, store: BlobStore, now: datetime, rng: random.Random) -> None:
        self.store, self.now, self.rng = store, now, rng

    def submit(self, upload: services.Upload, by: Actor) -> services.Received:
        return services.submit(upload, store=self.store, by=by, now=self.now, rng=self.rng)

    def report(self, upload: services.Upload) -> tuple[services.Received, str]:
        return services.report(upload, store=self.store, by=ANONYMOUS, now=self.now, rng=self.rng)

    def one(self, by: Actor, found: Claim | None = None) -> Finding:
        received = self.submit(ndjson(found or claim()), by)
        return Finding.objects.get(public_id=received.results[0].finding)


@pytest.fixture
def desk(store: BlobStore, noon: datetime, rng: random.Random) -> Desk:
    return Desk(store, noon, rng)


def outcomes(received: services.Received) -> list[Outcome]:
    return [one.outcome for one in received.results]


def test_each_item_of_an_upload_is_stored_or_refused_by_its_line(cast: Cast, desk: Desk) -> None:
    content = lines(claim(1)) + b'\n{"id": "f-2"}\n' + lines(claim(3))

    received = desk.submit(ndjson(content=content), cast.lab.actor)

    assert outcomes(received) == [Outcome.STORED, Outcome.REFUSED, Outcome.STORED]
    assert received.results[1].refusal is not None
    assert received.results[1].refusal.place.startswith("line 2")
    assert (received.submission.stored, received.submission.refused) == (2, 1)
    assert Finding.objects.count() == 2


def test_handing_in_the_same_upload_again_changes_nothing_and_says_the_same(cast: Cast, desk: Desk) -> None:
    first = desk.submit(ndjson(claim(1), claim(2), key="monday"), cast.lab.actor)
    entries = Entry.objects.count()

    again = desk.submit(ndjson(claim(1), claim(2), key="monday"), cast.lab.actor)

    assert again.results == first.results
    assert Entry.objects.count() == entries
    assert Submission.objects.count() == 1


def test_an_upload_broken_off_in_the_middle_is_finished_by_sending_it_again(cast: Cast, desk: Desk) -> None:
    upload = ndjson(*(claim(number) for number in range(7)), key="monday")
    real, calls = taking._store, []

    def fails_at_the_second_chunk(*args: object, **more: object) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError("power is gone")
        return real(*args, **more)  # type: ignore[arg-type]

    with patch.object(taking, "CHUNK", 3):
        with patch.object(taking, "_store", fails_at_the_second_chunk), pytest.raises(ConnectionError):
            desk.submit(upload, cast.lab.actor)
        half = Finding.objects.count()
        received = desk.submit(upload, cast.lab.actor)

    assert half == 3
    assert outcomes(received) == [Outcome.STORED] * 7
    assert received.submission.stored == 7
    assert Finding.objects.count() == 7


def test_the_same_flaw_in_another_upload_is_the_same_as_one_of_yours(cast: Cast, desk: Desk) -> None:
    desk.submit(ndjson(claim(1)), cast.lab.actor)

    by_name = desk.submit(ndjson(claim(1, title="Reworded"), claim(2)), cast.lab.actor)
    by_content = desk.submit(ndjson(claim(1, submitter_item_id="renamed")), cast.lab.actor)

    assert outcomes(by_name) == [Outcome.SAME, Outcome.STORED]
    assert by_name.results[0].differs
    assert outcomes(by_content) == [Outcome.SAME]
    assert not by_content.results[0].differs


def test_an_item_repeated_within_one_upload_is_stored_once(cast: Cast, desk: Desk) -> None:
    received = desk.submit(ndjson(claim(1), claim(1)), cast.lab.actor)

    assert outcomes(received) == [Outcome.STORED, Outcome.SAME]
    assert received.results[0].finding == received.results[1].finding


def test_one_key_for_two_different_uploads_is_refused(cast: Cast, desk: Desk) -> None:
    desk.submit(ndjson(claim(1), key="monday"), cast.lab.actor)

    with pytest.raises(services.KeyTaken, match="monday"):
        desk.submit(ndjson(claim(2), key="monday"), cast.lab.actor)

    assert Finding.objects.count() == 1


def test_two_labs_may_use_the_same_key_and_the_same_ids(cast: Cast, desk: Desk) -> None:
    first = desk.submit(ndjson(claim(1), key="monday"), cast.lab.actor)
    second = desk.submit(ndjson(claim(1), key="monday"), cast.evaluator.actor)

    assert outcomes(first) == outcomes(second) == [Outcome.STORED]


def test_the_answer_does_not_tell_whether_somebody_else_reported_the_same(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    original = desk.one(cast.lab.actor)
    services.confirm_valid(finding=original, by=cast.coordinator.actor, now=noon)

    known = desk.submit(ndjson(claim(1)), cast.evaluator.actor)
    novel = desk.submit(ndjson(claim(2)), cast.vendor.actor)

    same_but_for_ids = [(one.outcome, one.differs, one.needs_evidence, one.refusal) for one in known.results]
    assert same_but_for_ids == [(one.outcome, one.differs, one.needs_evidence, one.refusal) for one in novel.results]


def test_a_duplicate_of_somebody_elses_report_looks_to_its_finder_like_the_only_one(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    original, second = desk.one(cast.lab.actor), desk.one(cast.evaluator.actor)
    services.confirm_valid(finding=original, by=cast.coordinator.actor, now=noon)
    services.mark_duplicate(finding=second, original=original, by=cast.coordinator.actor, now=noon + timedelta(hours=1))

    to_its_finder = queries.shown(second, cast.evaluator.actor)
    to_triage = queries.shown(second, cast.coordinator.actor)

    assert (to_its_finder.state, to_its_finder.original) == (State.VALID, "")
    assert to_its_finder.settled_at == noon + timedelta(hours=1)
    assert (to_triage.state, to_triage.original) == (State.DUPLICATE, original.public_id)
    assert queries.counts(cast.evaluator.actor, now=noon)[State.DUPLICATE] == 0
    told = Entry.objects.filter(concerns__organisation_id=cast.evaluator.organisation.public_id)
    assert not told.filter(action="finding.duplicate").exists()


def test_a_duplicate_of_ones_own_report_is_shown_as_such(cast: Cast, desk: Desk, noon: datetime) -> None:
    original, second = desk.one(cast.lab.actor, claim(1)), desk.one(cast.lab.actor, claim(2))

    services.mark_duplicate(finding=second, original=original, by=cast.coordinator.actor, now=noon)

    shown = queries.shown(second, cast.lab.actor)
    assert (shown.state, shown.original) == (State.DUPLICATE, original.public_id)


def test_the_second_analyst_is_told_that_the_first_already_settled_it(cast: Cast, desk: Desk, noon: datetime) -> None:
    finding = desk.one(cast.lab.actor)
    seen_by_the_second = Finding.objects.get(pk=finding.pk)
    services.confirm_valid(finding=finding, by=cast.coordinator.actor, now=noon)

    with pytest.raises(services.AlreadySettled):
        services.reject(
            finding=seen_by_the_second,
            reason=RejectionReason.NOT_A_FLAW,
            note="",
            by=cast.coordinator.actor,
            now=noon,
        )


def test_two_findings_never_become_duplicates_of_each_other(cast: Cast, desk: Desk, noon: datetime) -> None:
    one, other = desk.one(cast.lab.actor, claim(1)), desk.one(cast.lab.actor, claim(2))
    services.mark_duplicate(finding=one, original=other, by=cast.coordinator.actor, now=noon)

    with pytest.raises(services.NotAnOriginal):
        services.mark_duplicate(finding=other, original=one, by=cast.coordinator.actor, now=noon)
    with pytest.raises(services.NotAnOriginal):
        services.mark_duplicate(finding=other, original=other, by=cast.coordinator.actor, now=noon)


def test_a_decision_can_be_taken_back_and_nothing_is_lost(cast: Cast, desk: Desk, noon: datetime) -> None:
    finding = desk.one(cast.lab.actor)
    by = cast.coordinator.actor
    services.reject(finding=finding, reason=RejectionReason.OUT_OF_SCOPE, note="Not ours.", by=by, now=noon)

    services.reopen(finding=finding, by=by, now=noon)

    assert (finding.state, finding.rejection, finding.settled_at) == (State.RECEIVED, "", None)
    assert queries.claim_of(finding).title == "Overflow number 1"
    with pytest.raises(NotPossible, match="waits for a decision"):
        services.reopen(finding=finding, by=by, now=noon)


def test_only_coordinators_settle_and_only_the_finder_and_they_see(cast: Cast, desk: Desk, noon: datetime) -> None:
    finding = desk.one(cast.lab.actor)

    seers = [
        name
        for name in ("lab", "evaluator", "coordinator", "vendor", "hospital")
        if queries.visible_to(getattr(cast, name).actor, now=noon).exists()
    ]

    assert seers == ["lab", "coordinator"]
    assert not queries.visible_to(cast.admin, now=noon).exists()
    assert not queries.visible_to(cast.mallory, now=noon).exists()
    assert not queries.triage_queue(cast.lab.actor, now=noon).exists()
    for outsider in (cast.lab.actor, cast.vendor.actor, cast.admin, cast.mallory):
        with pytest.raises(services.NotAllowed):
            services.confirm_valid(finding=finding, by=outsider, now=noon)


def test_readers_and_people_without_an_organisation_hand_nothing_in(cast: Cast, desk: Desk) -> None:
    for someone in (cast.reader, cast.mallory, ANONYMOUS):
        with pytest.raises(services.NotAllowed):
            desk.submit(ndjson(claim()), someone)

    assert cast.reader.role is Role.READER
    assert not Submission.objects.exists()


def test_the_console_imports_for_nobody(cast: Cast, desk: Desk) -> None:
    received = desk.submit(ndjson(claim()), CONSOLE)

    assert outcomes(received) == [Outcome.STORED]
    assert received.submission.organisation == ""


def test_a_public_report_is_found_again_by_its_receipt_code_alone(cast: Cast, desk: Desk, noon: datetime) -> None:
    upload = reading.form(claim(1, submitter_item_id=""), b"title=Overflow")

    received, code = desk.report(upload)
    status = queries.status_by_receipt(code.lower().replace("-", " "), now=noon)

    assert status is not None
    assert [one.state for one in status.findings] == [State.RECEIVED]
    assert received.submission.marking == Tlp.AMBER
    assert code not in str(list(Submission.objects.values()))
    assert queries.status_by_receipt("WB-AAAAA-BBBBB", now=noon) is None
    assert queries.status_by_receipt("", now=noon) is None


def test_a_form_sent_twice_is_kept_once(cast: Cast, desk: Desk) -> None:
    upload = reading.form(claim(1, submitter_item_id=""), b"title=Overflow", key="nonce")
    desk.report(upload)

    with pytest.raises(services.AlreadyReceived):
        desk.report(upload)

    assert Finding.objects.count() == 1


def test_two_strangers_may_report_the_same_words(cast: Cast, desk: Desk) -> None:
    upload = reading.form(claim(1, submitter_item_id=""), b"title=Overflow")

    first, second = desk.report(upload), desk.report(upload)

    assert outcomes(first[0]) == outcomes(second[0]) == [Outcome.STORED]
    assert first[1] != second[1]


def test_the_uploaded_bytes_lie_sealed_and_open_again(cast: Cast, desk: Desk, store: BlobStore, noon: datetime) -> None:
    from watchbell.apps.files import queries as files

    received = desk.submit(ndjson(claim()), cast.lab.actor)

    opened = files.open_for(CONSOLE, received.submission.blob, now=noon, store=store)
    assert opened is not None
    assert b"".join(opened.pieces) == lines(claim())


@pytest.mark.parametrize(
    "banner", ["SECRET", "TOP SECRET//SI//NOFORN", "SECRET//REL TO USA, FVEY", "CONFIDENTIAL//NOFORN", "CUI//SP-CTI"]
)
def test_an_upload_with_a_classification_banner_is_refused_whole(cast: Cast, desk: Desk, banner: str) -> None:
    bad = claim(2, description=f"Notes\n  {banner}\nmore")

    with pytest.raises(Refused) as refused:
        desk.submit(ndjson(claim(1), bad), cast.lab.actor)

    assert (refused.value.refusal.code, refused.value.refusal.place) == ("classified", "line 2")
    assert not Submission.objects.exists()
    assert not Finding.objects.exists()


@pytest.mark.parametrize("prose", ["The SECRET key leaks", "secret", "CONFIDENTIAL", "AWS_SECRET=", "Top secret sauce"])
def test_prose_about_secrets_is_no_banner(prose: str) -> None:
    assert not has_banner(f"First line\n{prose}\nlast line")


def test_a_red_upload_is_refused_with_what_to_do(cast: Cast, desk: Desk) -> None:
    upload = reading.upload(lines(claim()), UploadFormat.NDJSON, channel=Channel.API, marking=Tlp.RED)

    with pytest.raises(Refused, match=r"AMBER\+STRICT"):
        desk.submit(upload, cast.lab.actor)


def test_an_unmarked_upload_is_amber_strict(cast: Cast, desk: Desk) -> None:
    assert desk.one(cast.lab.actor).marking == Tlp.AMBER_STRICT


def evidence(level: EvidenceLevel, party: str = "", entry: str = "POST /import") -> services.Evidence:
    who = "anyone on the network" if entry else ""
    return services.Evidence(level=level, party=party, entry_point=entry, controlled_by=who)


def test_evidence_climbs_only_with_other_parties_who_name_entry_and_control(
    cast: Cast, desk: Desk, noon: datetime, rng: random.Random
) -> None:
    finding, by = desk.one(cast.lab.actor), cast.coordinator.actor
    e2, e3 = EvidenceLevel.E2_REPRODUCED, EvidenceLevel.E3_REPRODUCED_BY_TWO
    lab, evaluator = cast.lab.organisation.public_id, cast.evaluator.organisation.public_id

    def note(what: services.Evidence) -> EvidenceReceipt:
        return services.raise_evidence(finding=finding, evidence=what, by=by, now=noon, rng=rng)

    with pytest.raises(services.NotEvidence, match="finder cannot"):
        note(evidence(e2, party=lab))
    with pytest.raises(services.NotEvidence, match="entry point"):
        note(evidence(e2, entry=""))
    with pytest.raises(services.NotEvidence, match="two parties"):
        note(evidence(e3))
    note(evidence(e2))
    with pytest.raises(services.NotEvidence, match="two parties"):
        note(evidence(e3))
    note(evidence(e3, party=evaluator))
    with pytest.raises(services.NotEvidence, match="Only the vendor"):
        note(evidence(EvidenceLevel.E4_VENDOR_CONFIRMED))
    services.confirm_by_vendor(public_id=finding.public_id, by=cast.vendor.actor, now=noon, rng=rng)

    finding.refresh_from_db()
    assert finding.level == EvidenceLevel.E4_VENDOR_CONFIRMED
    assert [one.level for one in finding.receipts.order_by("pk")] == [2, 3, 4]


def test_look_alikes_are_shown_to_coordinators_only(cast: Cast, desk: Desk, noon: datetime) -> None:
    place = (Location(uri="src/pump.c", line=10),)
    first = desk.one(cast.lab.actor, claim(1, locations=place, cwes=("CWE-121",)))
    moved = (Location(uri="./src/pump.c", line=99),)
    second = desk.one(cast.evaluator.actor, claim(2, locations=moved, cwes=("CWE-121",)))

    assert queries.look_alikes(second, cast.coordinator.actor, now=noon) == [first]
    assert queries.look_alikes(second, cast.evaluator.actor, now=noon) == []


WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)


@given(
    st.builds(
        Claim,
        submitter_item_id=WORDS,
        title=WORDS,
        products=st.lists(st.builds(ClaimedProduct, purl=WORDS, name=WORDS)).map(tuple),
        severities=st.lists(st.builds(Severity, vector=WORDS)).map(tuple),
        evidence=st.builds(ClaimedEvidence, text=WORDS, level=st.sampled_from(EvidenceLevel)),
        ai_usage=st.builds(AiUsage, activities=st.none() | st.frozensets(st.sampled_from(Activity))),
        credits=st.lists(st.builds(Credit, name=WORDS)).map(tuple),
        fingerprints=st.lists(st.tuples(WORDS, WORDS)).map(tuple),
        extra=st.dictionaries(WORDS, st.integers(-(2**53) + 1, 2**53 - 1) | WORDS),
    )
)
def test_a_claim_comes_back_from_storage_as_it_was(one: Claim) -> None:
    assert restored(Claim, strictjson.loads(canonical(plain(one)))) == one


@pytest.mark.parametrize("extra", [{"x": "\x00"}, {"x\x00": 1}, {"x": 2**60}])
def test_a_claim_that_cannot_be_kept_is_refused_and_the_others_are_stored(
    cast: Cast, desk: Desk, extra: dict[str, object]
) -> None:
    items = [services.Claimed("line 1", claim(1, extra=extra)), services.Claimed("line 2", claim(2))]
    upload = services.Upload(content=b"x", items=lambda: iter(items), format=UploadFormat.NDJSON, channel=Channel.API)

    received = desk.submit(upload, cast.lab.actor)

    assert outcomes(received) == [Outcome.REFUSED, Outcome.STORED]


@given(st.integers(1, 50), st.integers(1, 50))
def test_what_a_finder_calls_a_claim_is_no_part_of_its_identity(one: int, other: int) -> None:
    first = claim(1, submitter_item_id=f"a-{one}")
    second = claim(1, submitter_item_id=f"b-{other}")

    assert claims.identity(first) == claims.identity(second)


def test_every_column_of_this_room_has_its_fate_written_down() -> None:
    declared = {row.model: set(row.columns) for row in kept.KEPT}

    for model in (Submission, Answers, Finding, EvidenceReceipt):
        columns = {column.attname for column in model._meta.concrete_fields}
        assert declared[model._meta.label] == columns
