"""Is a finding ever lost, whatever triage decides and takes back? Every deed in any order."""

import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.support.cast import make_cast
from tests.support.desk import blob_store

from watchbell.apps.findings import queries, reading, services
from watchbell.apps.findings.models import Finding
from watchbell.apps.findings.words import Channel, Outcome, RejectionReason, UploadFormat
from watchbell.apps.journal.models import Entry
from watchbell.domain.advisory import Claim, EvidenceLevel
from watchbell.domain.lifecycle import FINDING, FindingEvent, NotPossible
from watchbell.domain.lifecycle import Finding as State
from watchbell.formats import findings_ndjson

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
REFUSALS = (services.AlreadySettled, services.NotAnOriginal, services.NotEvidence, NotPossible)
EVENTS = {
    "finding.valid": FindingEvent.VALIDATE,
    "finding.duplicate": FindingEvent.MARK_DUPLICATE,
    "finding.rejected": FindingEvent.REJECT,
    "finding.reopened": FindingEvent.REOPEN,
}


class TriageRules(RuleBasedStateMachine):
    """Two finders hand in, with repeats; one analyst decides."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.rng = random.Random(1)
        self.cast = make_cast(NOON, self.rng)
        self.store = blob_store(Path(self.folder.name))
        self.handed_in: dict[str, set[str]] = {"lab": set(), "evaluator": set()}

    @initialize()
    def report_the_same_flaw_twice(self) -> None:
        for who in self.handed_in:
            self.hand_in(who=who, flaws=[1])

    @rule(who=st.sampled_from(["lab", "evaluator"]), flaws=st.lists(st.integers(1, 6), min_size=1, max_size=4))
    def hand_in(self, who: str, flaws: list[int]) -> None:
        claims = [Claim(submitter_item_id=f"f-{flaw}", title=f"Flaw {flaw}") for flaw in flaws]
        content = b"\n".join(findings_ndjson.dumps(one) for one in claims)
        upload = reading.upload(content, UploadFormat.NDJSON, channel=Channel.API)
        actor = getattr(self.cast, who).actor
        received = services.submit(upload, store=self.store, by=actor, now=NOON, rng=self.rng)
        assert Outcome.REFUSED not in [one.outcome for one in received.results]
        self.handed_in[who] |= {one.item_id for one in received.results}

    @rule(
        pick=st.integers(0, 5),
        other=st.integers(0, 5),
        deed=st.sampled_from(["valid", "reject", "duplicate", "duplicate", "reopen", "show"]),
    )
    def decide(self, pick: int, other: int, deed: str) -> None:
        rows = list(Finding.objects.order_by("pk"))
        if not rows:
            return
        row, original, by = rows[pick % len(rows)], rows[other % len(rows)], self.cast.coordinator.actor
        try:
            with transaction.atomic():
                if deed == "valid":
                    services.confirm_valid(finding=row, by=by, now=NOON)
                elif deed == "reject":
                    reason = list(RejectionReason)[other % len(RejectionReason)]
                    services.reject(finding=row, reason=reason, note="No.", others_note="Not here.", by=by, now=NOON)
                elif deed == "duplicate":
                    services.mark_duplicate(finding=row, original=original, note="Not here.", by=by, now=NOON)
                elif deed == "show":
                    services.raise_evidence(
                        finding=row, evidence=self.evidence(row, other), by=by, now=NOON, rng=self.rng
                    )
                else:
                    services.reopen(finding=row, by=by, now=NOON)
        except REFUSALS:
            pass

    def evidence(self, row: Finding, other: int) -> services.Evidence:
        party = [self.cast.bank, self.cast.hospital, self.cast.lab, self.cast.evaluator][other % 4]
        return services.Evidence(
            level=EvidenceLevel(min(row.level + 1, EvidenceLevel.E3_REPRODUCED_BY_TWO)),
            party=party.organisation.public_id,
            entry_point="the door",
            controlled_by="anyone",
        )

    @invariant()
    def no_finding_is_lost_and_the_states_add_up(self) -> None:
        for who, items in self.handed_in.items():
            actor = getattr(self.cast, who).actor
            own = queries.visible_to(actor, now=NOON)
            assert set(own.values_list("item_id", flat=True)) == items
            assert sum(queries.counts(actor, now=NOON).values()) == len(items)
        everything = queries.counts(self.cast.coordinator.actor, now=NOON)
        assert sum(everything.values()) == sum(map(len, self.handed_in.values()))

    @invariant()
    def no_finder_learns_of_the_other_and_no_links_run_in_a_circle(self) -> None:
        for row in Finding.objects.select_related("submission"):
            who = "lab" if row.submitter == self.cast.lab.organisation.public_id else "evaluator"
            shown = queries.shown(row, getattr(self.cast, who).actor)  # would not return from a circle
            own = queries.visible_to(getattr(self.cast, who).actor, now=NOON)
            assert not shown.original or own.filter(public_id=shown.original).exists()
            assert shown.state is not State.DUPLICATE or shown.original

    @invariant()
    def what_a_finder_sees_is_what_their_own_record_says_happened(self) -> None:
        for row in Finding.objects.select_related("submission"):
            who = "lab" if row.submitter == self.cast.lab.organisation.public_id else "evaluator"
            viewer = getattr(self.cast, who).actor
            shown, state, level, reason = queries.shown(row, viewer), State.RECEIVED, 0, ""
            entries = Entry.objects.filter(subject_id=row.public_id, concerns__organisation_id=viewer.organisation)
            for entry in entries.order_by("pk"):
                if entry.action in EVENTS:
                    state = FINDING.next(state, EVENTS[entry.action])
                reason = str(entry.facts.get("reason", "")) if entry.action in EVENTS else reason
                level = max(level, int(entry.facts.get("level") or 0))
            assert (shown.state, shown.rejection) == (state, reason)
            assert shown.level <= level
            assert bool(shown.rejection_note) == (state is State.REJECTED)
            assert shown.rejection_note in ("", "No." if row.state == State.REJECTED else "Not here.")

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)
        self.folder.cleanup()


@pytest.mark.django_db
def test_nothing_that_was_handed_in_is_ever_lost() -> None:
    run_state_machine_as_test(
        TriageRules,
        settings=settings(
            max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
