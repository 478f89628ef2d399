"""Findings: whoever reports what somebody else reported first sees and hears what they would have alone."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.cast import Cast, Player
from tests.support.desk import Desk, blob_store

from watchbell.apps.cases import services as cases
from watchbell.apps.findings import queries, reading, services
from watchbell.apps.findings.models import Finding
from watchbell.apps.findings.words import Channel, RejectionReason, UploadFormat
from watchbell.apps.journal.models import Entry
from watchbell.apps.notices import queries as notices
from watchbell.domain.advisory import Claim, EvidenceLevel
from watchbell.domain.lifecycle import Finding as State
from watchbell.formats import findings_ndjson
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db

E1, E2, E3 = list(EvidenceLevel)[1:4]
DECISIONS = {"valid": "finding.valid", "reject": "finding.rejected", "reopen": "finding.reopened"}
STORIES = [
    ("valid", "E2", "E3"),
    ("E2", "valid", "reopen", "reject"),
    ("reject", "reopen", "valid"),
    ("E1", "reject"),
]


@pytest.fixture
def desk(cast: Cast, tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(cast, blob_store(tmp_path), noon, rng)


def filed(desk: Desk, player: Player) -> Finding:
    octets = findings_ndjson.dumps(Claim(submitter_item_id="mine", title="Overflow"))
    upload = reading.upload(octets, UploadFormat.NDJSON, channel=Channel.API)
    received = services.submit(upload, store=desk.store, by=player.actor, now=desk.now, rng=desk.rng)
    return Finding.objects.get(public_id=received.results[0].finding)


def do(desk: Desk, deed: str, finding: Finding, now: datetime) -> None:
    row, by = Finding.objects.get(pk=finding.pk), desk.by
    parties = {"E1": desk.cast.hospital, "E2": desk.cast.hospital, "E3": desk.cast.vendor}
    if deed in parties:
        evidence = services.Evidence(
            level={"E1": E1, "E2": E2, "E3": E3}[deed],
            party=parties[deed].organisation.public_id,
            entry_point="POST /import",
            controlled_by="anyone",
        )
        services.raise_evidence(finding=row, evidence=evidence, by=by, now=now, rng=desk.rng)
    elif deed == "reject":
        reason = RejectionReason.OUT_OF_SCOPE
        services.reject(finding=row, reason=reason, note="Mine alone.", others_note="For you.", by=by, now=now)
    else:
        settle: dict[str, Callable[..., object]] = {"valid": services.confirm_valid, "reopen": services.reopen}
        settle[deed](finding=row, by=by, now=now)


def shown(finding: Finding, player: Player) -> dict[str, Any]:
    """Return all that a finder is shown, save which finding it is; whose words the note is in differs on purpose."""
    seen = queries.shown(Finding.objects.get(pk=finding.pk), player.actor)
    named = {name: getattr(seen, name) for name in seen.__slots__ if name != "public_id"}
    return named | {"rejection_note": bool(seen.rejection_note)}


def heard(finding: Finding, player: Player) -> list[tuple[Any, ...]]:
    """Return what the finder's own record says happened to it, in order, and the kinds of notices they got."""
    about = Entry.objects.filter(concerns__organisation_id=player.actor.organisation, subject_id=finding.public_id)
    told = [
        (one.action, one.at, one.actor_kind, one.actor_id, one.organisation_id, sorted(_comparable(one.facts)))
        for one in about.order_by("pk")
    ]
    return [*told, *sorted((one.kind, one.at) for one in notices.for_viewer(player.actor, now=finding.received_at))]


def _comparable(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, "one of its own" if name == "receipt" else str(value)) for name, value in facts.items()]


@pytest.mark.parametrize("story", STORIES, ids="-".join)
def test_the_second_finder_sees_and_hears_what_a_lone_one_does(desk: Desk, cast: Cast, story: tuple[str, ...]) -> None:
    alone, second, original = filed(desk, cast.bank), filed(desk, cast.evaluator), filed(desk, cast.lab)
    services.mark_duplicate(finding=second, original=original, by=desk.by, now=desk.now)

    for at, deed in enumerate(story):
        for finding in (alone, original):
            do(desk, deed, finding, desk.now + timedelta(hours=at))

        run_until_idle(now=desk.now, rng=desk.rng)
        assert shown(second, cast.evaluator) == shown(alone, cast.bank), deed
        assert heard(second, cast.evaluator) == heard(alone, cast.bank), deed
    assert len(heard(second, cast.evaluator)) > len(story) - 1


@pytest.mark.parametrize("story", STORIES, ids="-".join)
def test_a_report_linked_late_hears_of_the_decision_that_stands_and_of_nothing_that_led_there(
    desk: Desk, cast: Cast, story: tuple[str, ...]
) -> None:
    second, original = filed(desk, cast.evaluator), filed(desk, cast.lab)
    for deed in story:
        do(desk, deed, original, desk.now)
    later = desk.now + timedelta(days=1)

    services.mark_duplicate(finding=second, original=original, note="For you.", by=desk.by, now=later)

    first, last = shown(original, cast.lab), shown(second, cast.evaluator)
    actions = [one[0] for one in heard(second, cast.evaluator)]
    assert {name: last[name] for name in ("state", "rejection", "rejection_note")} == {
        name: first[name] for name in ("state", "rejection", "rejection_note")
    }
    assert (last["settled_at"], last["original"], last["level"]) == (later, "", EvidenceLevel.E0_ASSERTED)
    assert actions == [DECISIONS[{State.VALID: "valid", State.REJECTED: "reject"}[last["state"]]]]


def test_nothing_the_second_finder_can_read_names_the_first_report_or_its_receipts(desk: Desk, cast: Cast) -> None:
    second, original = filed(desk, cast.evaluator), filed(desk, cast.lab)
    services.mark_duplicate(finding=second, original=original, by=desk.by, now=desk.now)
    for deed in ("valid", "E2", "reopen", "reject"):
        do(desk, deed, original, desk.now)

    entries = Entry.objects.filter(concerns__organisation_id=cast.evaluator.organisation.public_id)

    secrets = {original.public_id, original.submission.public_id, str(cast.lab.organisation.public_id)}
    secrets |= set(original.receipts.values_list("public_id", flat=True))
    said = [(one.subject_id, *one.facts.values(), *one.digests.values()) for one in entries]
    assert len(said) > 4
    assert not [words for words in said if secrets & set(map(str, words))]
    told = {one.organisation_id for entry in entries for one in entry.concerns.all()}
    assert told == {cast.evaluator.organisation.public_id, cast.coordinator.organisation.public_id}


def test_the_note_to_the_first_finder_is_hidden_from_the_second_who_reads_their_own(desk: Desk, cast: Cast) -> None:
    second, original = filed(desk, cast.evaluator), filed(desk, cast.lab)
    services.mark_duplicate(finding=second, original=original, by=desk.by, now=desk.now)

    with pytest.raises(services.WordsMissing):
        services.reject(
            finding=original, reason=RejectionReason.NOT_A_FLAW, note="As you wrote ...", by=desk.by, now=desk.now
        )
    do(desk, "reject", original, desk.now)

    notes = [
        queries.shown(Finding.objects.get(pk=row.pk), player.actor).rejection_note
        for row, player in ((original, cast.lab), (second, cast.evaluator))
    ]
    assert notes == ["Mine alone.", "For you."]


def test_the_vendors_word_on_the_first_report_stays_in_its_case(desk: Desk, cast: Cast) -> None:
    case = desk.case(original := desk.finding())
    second = filed(desk, cast.evaluator)
    later = desk.now + timedelta(hours=1)
    services.mark_duplicate(finding=second, original=original, by=desk.by, now=later)
    before = heard(second, cast.evaluator)
    desk.send(case, desk.invite(case))

    cases.accept_report(case, by=cast.vendor.actor, now=later, rng=desk.rng)

    original.refresh_from_db()
    assert original.level == EvidenceLevel.E4_VENDOR_CONFIRMED
    assert shown(second, cast.evaluator)["level"] == EvidenceLevel.E0_ASSERTED
    assert heard(second, cast.evaluator) == before


def test_what_the_second_finder_showed_is_no_evidence_for_their_own_report(desk: Desk, cast: Cast) -> None:
    second, original = filed(desk, cast.hospital), filed(desk, cast.lab)
    services.mark_duplicate(finding=second, original=original, by=desk.by, now=desk.now)

    do(desk, "E2", original, desk.now)

    assert shown(original, cast.lab)["level"] == EvidenceLevel.E2_REPRODUCED
    assert shown(second, cast.hospital)["level"] == EvidenceLevel.E0_ASSERTED


def test_a_duplicate_of_ones_own_report_stays_one_when_that_joins_somebody_elses(desk: Desk, cast: Cast) -> None:
    own, first = filed(desk, cast.evaluator), filed(desk, cast.lab)
    again = desk.finding(by=cast.evaluator.actor)
    services.mark_duplicate(finding=again, original=own, by=desk.by, now=desk.now)
    before = (shown(again, cast.evaluator), heard(again, cast.evaluator))

    services.mark_duplicate(finding=own, original=first, by=desk.by, now=desk.now)
    do(desk, "valid", first, desk.now)

    assert (shown(again, cast.evaluator), heard(again, cast.evaluator)) == before
    assert before[0]["original"] == own.public_id
    assert shown(own, cast.evaluator)["state"] is State.VALID
