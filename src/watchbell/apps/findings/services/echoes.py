"""This will tell the finders of linked reports what was decided about the first, as if it were about theirs.

Each hears, in an entry of their own about their own finding, what they would have heard had
nobody else reported the flaw; so nobody learns from what stays unsaid.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from watchbell.apps.findings import alone
from watchbell.apps.findings.alone import Seen
from watchbell.apps.findings.models import Finding
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import Scalar
from watchbell.domain.handling import Actor
from watchbell.domain.identity import new_id
from watchbell.domain.lifecycle import FINDING, FindingEvent

ACTIONS: Final = {
    FindingEvent.VALIDATE: "finding.valid",
    FindingEvent.MARK_DUPLICATE: "finding.duplicate",
    FindingEvent.REJECT: "finding.rejected",
    FindingEvent.REOPEN: "finding.reopened",
}
Facts = dict[str, Scalar]


class AlreadySettled(Exception):
    """Someone settled this finding first; reload it and look again."""


def hold(*findings: Finding) -> dict[int, Finding]:
    """Return these findings and the reports they lead to, by key, locked in one order whoever asks.

    With the first report held, nobody links another to it before we have told those linked.
    Raises AlreadySettled when one was linked further while we waited.
    """
    wanted = {row.pk for one in findings for row in alone.links(Finding.objects.defer("claim").get(pk=one.pk))}
    locked = Finding.objects.select_for_update().filter(pk__in=wanted).defer("claim").order_by("pk")
    rows = {row.pk: row for row in locked}
    if any(row.duplicate_of_id and row.duplicate_of_id not in rows for row in rows.values()):
        raise AlreadySettled(str(AlreadySettled.__doc__))
    return rows


@contextmanager
def echoed(finding: Finding, *, by: Actor, now: datetime) -> Iterator[None]:
    """Tell, when the block has ended, each finder of a report linked to this one what changed for them."""
    before = {row.pk: alone.seen(row) for row in alone.followers(finding)}
    yield
    for row in alone.followers(finding):
        if row.pk in before:
            tell(row, before[row.pk], alone.seen(row), by=by, now=now)


def tell(finding: Finding, before: Seen, after: Seen, *, by: Actor, now: datetime) -> None:
    """Write what changed for its finder, who reads the journal only when they belong to an organisation."""
    organisation = finding.submission.organisation
    for action, facts in _steps(before, after) if organisation else ():
        journal.record(at=now, by=by, action=action, subject=finding, concerns=[organisation], facts=facts)


def _steps(before: Seen, after: Seen) -> Iterator[tuple[str, Facts]]:
    """Yield the deeds that lead from one sight to the other, as the table of decisions allows them."""
    if (before.state, before.original, before.rejection) != (after.state, after.original, after.rejection):
        for event in _way(before, after):
            reason: Facts = {"reason": after.rejection} if event is FindingEvent.REJECT else {}
            yield ACTIONS[event], reason
    if after.level > before.level:
        # the receipt belongs to the other report; its id would join two finders who compare their records
        yield "finding.shown", {"level": int(after.level), "receipt": new_id(journal.SALTS)}


def _way(before: Seen, after: Seen) -> Iterator[FindingEvent]:
    direct = [event for event in FindingEvent if FINDING.transitions.get((before.state, event)) == after.state]
    if direct:
        yield direct[0]
        return
    yield FindingEvent.REOPEN
    reopened = FINDING.next(before.state, FindingEvent.REOPEN)
    yield from (event for event in FindingEvent if FINDING.transitions.get((reopened, event)) == after.state)
