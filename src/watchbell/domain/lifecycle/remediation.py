"""What is one organisation doing about one vulnerability? Nothing is ever lost: no state is an end.

Every settled row opens again when the flaw comes back, an acceptance runs out, or
someone looks again; and whatever reduces the risk needs evidence or a reason.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine, NotPossible
from watchbell.domain.sentence import Sentence


class Remediation(StrEnum):
    """Where a row of the worklist stands."""

    OPEN = "open"
    PLANNED = "planned"
    WAITING_ON_VENDOR = "waiting on vendor"
    MITIGATED = "mitigated"
    PATCHED = "patched"
    VERIFIED = "verified"
    ACCEPTED_UNTIL = "accepted until"

    @property
    def is_settled(self) -> bool:
        """Return whether the row leaves the list of things to do: by proof of the fix, or by a dated decision."""
        return self in (Remediation.VERIFIED, Remediation.ACCEPTED_UNTIL)


class RemediationEvent(StrEnum):
    """What the operator does, or what happens."""

    PLAN = "plan"
    WAIT_ON_VENDOR = "wait on vendor"
    MITIGATE = "mitigate"
    PATCH = "patch"
    VERIFY = "verify"
    ACCEPT_UNTIL = "accept until"
    REOPEN = "reopen"


_WORKING: Final = (
    Remediation.OPEN,
    Remediation.PLANNED,
    Remediation.WAITING_ON_VENDOR,
    Remediation.MITIGATED,
    Remediation.ACCEPTED_UNTIL,
)
_DEEDS: Final = {
    RemediationEvent.PLAN: Remediation.PLANNED,
    RemediationEvent.WAIT_ON_VENDOR: Remediation.WAITING_ON_VENDOR,
    RemediationEvent.MITIGATE: Remediation.MITIGATED,
    RemediationEvent.PATCH: Remediation.PATCHED,
    RemediationEvent.ACCEPT_UNTIL: Remediation.ACCEPTED_UNTIL,
}

REMEDIATION: Final[Machine[Remediation, RemediationEvent]] = Machine(
    name="row",
    start=Remediation.OPEN,
    events=RemediationEvent,
    transitions={
        **{(state, event): after for state in _WORKING for event, after in _DEEDS.items()},
        (Remediation.PATCHED, RemediationEvent.VERIFY): Remediation.VERIFIED,
        **{
            (state, RemediationEvent.REOPEN): Remediation.OPEN for state in Remediation if state is not Remediation.OPEN
        },
    },
    explanations={
        (Remediation.OPEN, RemediationEvent.REOPEN): "It is open already.",
        (Remediation.PATCHED, RemediationEvent.PATCH): "The patch is on record; verify that it works, or reopen.",
        (Remediation.VERIFIED, RemediationEvent.VERIFY): "The fix was verified already.",
        RemediationEvent.VERIFY: "Only a patch can be verified; record the patch first.",
        Remediation.PATCHED: "The patch is on record; verify that it works, or reopen if it does not.",
        Remediation.VERIFIED: "The fix was verified; reopen it if the flaw is back.",
    },
)

NEEDS_EVIDENCE: Final = frozenset(
    {
        RemediationEvent.MITIGATE,
        RemediationEvent.PATCH,
        RemediationEvent.VERIFY,
        RemediationEvent.ACCEPT_UNTIL,
    }
)
"""Deeds that lower the shown risk: each carries a note of what was done, seen or decided."""


def advance(
    state: Remediation,
    event: RemediationEvent,
    *,
    evidence: str = "",
    forensics_owed: bool = False,
    until: datetime | None = None,
    now: datetime,
) -> Remediation:
    """Return the state after this deed, with its conditions.

    `forensics_owed`: triage is required and not on record yet. `until` ends an acceptance and
    lies in the future. Raises NotPossible where a condition is not met.
    """
    after = REMEDIATION.next(state, event)
    others = tuple(each.value for each in REMEDIATION.possible(state) if each is not event)
    if event in NEEDS_EVIDENCE and not evidence.strip():
        raise NotPossible(
            Sentence("'{event}' needs a note of what was done, seen or decided.", event=Sentence(event.value)),
            instead=others,
        )
    if after.is_settled and forensics_owed:
        raise NotPossible("Forensic triage is required here and is not on record yet.", instead=others)
    if event is RemediationEvent.ACCEPT_UNTIL and (until is None or until <= now):
        raise NotPossible("A risk is accepted until a date in the future, never for good.", instead=others)
    return after


def has_run_out(state: Remediation, *, until: datetime | None, now: datetime) -> bool:
    """Return whether an acceptance has come to its end and the row opens again."""
    return state is Remediation.ACCEPTED_UNTIL and (until is None or until <= now)
