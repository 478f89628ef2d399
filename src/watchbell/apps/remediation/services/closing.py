"""What becomes of a row whose vulnerability reaches nothing any more? Settled with the reason, or it stays unsure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.inventory.nameless import word_of
from watchbell.apps.inventory.reach import Tier
from watchbell.apps.remediation.models import WorklistRow
from watchbell.apps.remediation.words import Change, Closing
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Facts
from watchbell.domain.lifecycle import NotPossible, Remediation, RemediationEvent
from watchbell.domain.lifecycle.remediation import advance

NOTES = {
    Closing.WITHDRAWN: "Every record of this vulnerability was withdrawn.",
    Closing.MERGED: "It turned out to be the same vulnerability as another one on the list.",
    Closing.GONE: "The lists in force no longer hold anything it reaches.",
}
FIXED = "The lists in force no longer hold an affected version."
HIDDEN = "A list names this without saying which package it is, so nobody can tell whether it is still affected."


@dataclass(frozen=True, slots=True)
class Ending:
    """What happens to one row: the columns that change, and the words for its story."""

    values: dict[str, Any]
    what: Change
    note: str

    def after(self, row: WorklistRow) -> str:
        """Return the state the row is in then."""
        return str(self.values.get("state", row.state))


def endings(rows: Sequence[WorklistRow], *, now: datetime) -> list[tuple[WorklistRow, Ending]]:
    """Return what becomes of these rows of one operator; those that stay as they are are left out."""
    if not rows:
        return []
    facts = published.facts_for({row.group_id for row in rows})
    words = {row.pk: _words(row) for row in rows}
    unsure = inventory.words_not_assessed(rows[0].organisation_id, {word for some in words.values() for word in some})
    found = [
        (row, _ending(row, _fate(row, facts.get(row.group_id)), bool(words[row.pk] & unsure), now)) for row in rows
    ]
    return [(row, ending) for row, ending in found if ending is not None]


def _fate(row: WorklistRow, facts: Facts | None) -> Closing | None:
    """Return what became of the vulnerability itself, if anything."""
    if facts is None or facts.is_withdrawn:
        return Closing.WITHDRAWN
    return None if facts.public_id == row.group_id else Closing.MERGED


_BY_NAME = (Tier.PROBABLE, Tier.POSSIBLE)


def _words(row: WorklistRow) -> set[str]:
    """Return the names under which a list could still hold what this row is about."""
    return {word_of(name) for name in row.subject_name.split(", ")} if row.tier not in _BY_NAME else set()


def _is_of_a_product(row: WorklistRow) -> bool:
    """Return whether a list may hold what it is about and not say so any more: a new one without the digest, say."""
    return "product:" in row.subject_code


def _ending(row: WorklistRow, fate: Closing | None, is_unsure: bool, now: datetime) -> Ending | None:
    if fate:
        return _closed(fate, now)
    if is_unsure:
        hidden: dict[str, Any] = {"tier": Tier.CANNOT_TELL.value, "exposures": 0, "undetermined": 1}
        if row.closed_because:  # no statement speaks of what a list does not name
            hidden |= {"closed_because": "", "is_settled": False, "settled_at": None}
        is_new = any(getattr(row, name) != value for name, value in hidden.items())
        return Ending(hidden, Change.CANNOT_TELL, HIDDEN) if is_new else None
    if row.tier != Tier.EXACT or row.closed_because or _is_of_a_product(row):
        return _closed(Closing.GONE, now)
    return _fixed(row, now)


def _closed(why: Closing, now: datetime) -> Ending:
    values = {"closed_because": why.value, "is_settled": True, "settled_at": now}
    return Ending(values, Change.CLOSED, NOTES[why])


def _fixed(row: WorklistRow, now: datetime) -> Ending | None:
    """Return the row patched and verified by the list itself; where forensic triage is owed it waits for that."""
    state = Remediation(row.state)
    owed = row.forensics_required and row.forensics_done_at is None
    try:
        if state not in (Remediation.PATCHED, Remediation.VERIFIED):
            state = advance(state, RemediationEvent.PATCH, evidence=FIXED, now=now)
        if state is Remediation.PATCHED:
            state = advance(state, RemediationEvent.VERIFY, evidence=FIXED, forensics_owed=owed, now=now)
    except NotPossible:
        values = {"state": state.value, "accepted_until": None, "is_settled": False, "settled_at": None}
        return Ending(values, Change.CLOSED, FIXED) if row.state != state else None
    closed = {"closed_because": Closing.GONE.value, "is_settled": True, "settled_at": row.settled_at or now}
    closed["done_at"] = row.done_at or now
    return Ending({"state": state.value, "accepted_until": None} | closed, Change.CLOSED, FIXED)
