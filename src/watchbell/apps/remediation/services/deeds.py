"""This will note what the operator does about a row: plan, wait, mitigate, patch, verify, accept until, reopen."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.journal import services as journal
from watchbell.apps.remediation.models import NOTE_LENGTH, Action, WorklistRow
from watchbell.apps.remediation.words import Change, Closing
from watchbell.domain.handling import Actor, OrganisationKind, Scope
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle import NotPossible, Remediation, RemediationEvent
from watchbell.domain.lifecycle.remediation import advance
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence


class NotAllowed(Exception):
    """You may not do this here; ask an owner of your organisation."""


class ChangedMeanwhile(Exception):
    """Someone changed this row first; reload it and look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was done, seen or decided, in words, and the sealed file that shows it, if any."""

    note: str = ""
    blob_id: str = ""


NOTHING = Evidence()
STILL_TO_DO = (Remediation.OPEN, Remediation.PLANNED)


def plan(*, row: WorklistRow, evidence: Evidence = NOTHING, by: Actor, now: datetime, rng: Dice) -> WorklistRow:
    """Say that the work is planned. Raises NotAllowed, NotPossible, ChangedMeanwhile, as every deed here."""
    return _do(RemediationEvent.PLAN, row, evidence, by=by, now=now, rng=rng)


def wait_on_vendor(
    *, row: WorklistRow, evidence: Evidence = NOTHING, by: Actor, now: datetime, rng: Dice
) -> WorklistRow:
    """Say that the vendor was asked and has to act first; the date stands."""
    return _do(RemediationEvent.WAIT_ON_VENDOR, row, evidence, by=by, now=now, rng=rng)


def mitigate(*, row: WorklistRow, evidence: Evidence, by: Actor, now: datetime, rng: Dice) -> WorklistRow:
    """Say what lowers the risk until a fix is in; it needs a note."""
    return _do(RemediationEvent.MITIGATE, row, evidence, by=by, now=now, rng=rng)


def mark_patched(*, row: WorklistRow, evidence: Evidence, by: Actor, now: datetime, rng: Dice) -> WorklistRow:
    """Say that the fix is in; it needs a note, and somebody still verifies it."""
    return _do(RemediationEvent.PATCH, row, evidence, by=by, now=now, rng=rng)


def verify(*, row: WorklistRow, evidence: Evidence, by: Actor, now: datetime, rng: Dice) -> WorklistRow:
    """Say that the fix was seen to work; it needs a note, and forensic triage where that is required."""
    return _do(RemediationEvent.VERIFY, row, evidence, by=by, now=now, rng=rng)


def accept_until(
    *, row: WorklistRow, until: datetime, evidence: Evidence, by: Actor, now: datetime, rng: Dice
) -> WorklistRow:
    """Accept the risk until a moment in the future, with the reason; then the row opens again by itself."""
    return _do(RemediationEvent.ACCEPT_UNTIL, row, evidence, until=until, by=by, now=now, rng=rng)


def reopen(*, row: WorklistRow, evidence: Evidence = NOTHING, by: Actor, now: datetime, rng: Dice) -> WorklistRow:
    """Take the row up again."""
    return _do(RemediationEvent.REOPEN, row, evidence, by=by, now=now, rng=rng)


@transaction.atomic
def record_forensics(*, row: WorklistRow, evidence: Evidence, by: Actor, now: datetime, rng: Dice) -> WorklistRow:
    """Note what forensic triage found; offered wherever the range reaches it, required where it is known.

    Raises NotAllowed, and NotPossible without a note.
    """
    _require_operator(by, row)
    if not evidence.note.strip():
        raise NotPossible("Forensic triage needs a note of what was looked at and found.")
    WorklistRow.objects.filter(pk=row.pk).update(forensics_done_at=now, updated_at=now)
    _leave(row, Change.FORENSICS_DONE, row.state, evidence, by=by, now=now, rng=rng)
    row.refresh_from_db()
    return row


@transaction.atomic
def _do(
    event: RemediationEvent,
    row: WorklistRow,
    evidence: Evidence,
    *,
    until: datetime | None = None,
    by: Actor,
    now: datetime,
    rng: Dice,
) -> WorklistRow:
    _require_operator(by, row)
    if len(evidence.note) > NOTE_LENGTH:
        raise refuse(
            "too-large",
            "The note is too long",
            place="note",
            expected=Sentence("at most {limit} characters", limit=NOTE_LENGTH),
        )
    if row.closed_because == Closing.QUIETED:
        raise NotPossible("VEX statements keep this quiet; withdraw their document if you doubt them.")
    if row.closed_because:
        raise NotPossible("Nothing in the lists in force is reached by this any more, so there is nothing to do.")
    owed = row.forensics_required and row.forensics_done_at is None
    after = advance(Remediation(row.state), event, evidence=evidence.note, forensics_owed=owed, until=until, now=now)
    claimed = WorklistRow.objects.filter(
        pk=row.pk, state=row.state, updated_at=row.updated_at, closed_because=""
    ).update(
        state=after,
        accepted_until=until if after is Remediation.ACCEPTED_UNTIL else None,
        is_settled=after.is_settled,
        settled_at=now if after.is_settled else None,
        done_at=None if after in STILL_TO_DO else row.done_at or now,
        updated_at=now,
    )
    if not claimed:
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    _leave(row, event.value, after.value, evidence, until=until, by=by, now=now, rng=rng)
    row.refresh_from_db()
    return row


def _leave(
    row: WorklistRow,
    what: str,
    after: str,
    evidence: Evidence,
    *,
    until: datetime | None = None,
    by: Actor,
    now: datetime,
    rng: Dice,
) -> None:
    """This will leave the deed in the row's story and in the journal."""
    Action.objects.create(
        public_id=new_id(rng), row=row, by_kind=by.kind.value, by_id=by.person or by.name, at=now, what=what,
        state_before=row.state, state_after=after, note=evidence.note.strip(), blob_id=evidence.blob_id, until=until,
    )  # fmt: skip
    code = what.replace(" ", "_")
    concerns = [row.organisation_id]
    journal.record(at=now, by=by, action=f"remediation.{code}", subject=row, concerns=concerns, rng=rng)


def _require_operator(by: Actor, row: WorklistRow) -> None:
    is_own = by.organisation == row.organisation_id and by.acts_as(OrganisationKind.OPERATOR)
    if not (is_own and by.writes and by.holds(Scope.REMEDIATE)):
        raise NotAllowed("Only people of this operator who may write change its worklist.")
