"""This will make an operator's worklist say what is published and what is run today; people's own deeds stay.

Nothing is ever removed. A row whose vulnerability no longer reaches anything is settled
with the reason; a date moves only by a rule, and the move is an action with its name.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from watchbell.apps.inventory import reach
from watchbell.apps.inventory.reach import Reach
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.journal import services as journal
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.remediation.drafts import Draft, draft, is_strict
from watchbell.apps.remediation.models import Action, Desk, WorklistRow
from watchbell.apps.remediation.services.closing import Ending, endings
from watchbell.apps.remediation.words import Change, Clock, Closing, MovedBecause
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle import REMEDIATION, Remediation, RemediationEvent
from watchbell.domain.lifecycle.remediation import has_run_out

ROWS_AT_ONCE = 200

RAN_OUT = "The acceptance ran out."
STILL_THERE = "A list loaded after the fix was verified still holds an affected version."
BACK = "It reaches something in the lists in force again."
QUIET = "VEX statements say of everything it reaches here that it is not affected, or fixed."
NOT_QUIET = "The VEX statements that kept it quiet no longer speak of everything it reaches here."


class Overtaken(Exception):
    """Another refresh of this worklist began later and writes what this one would have written, from newer facts."""


@dataclass(slots=True)
class Refreshed:
    """How many rows a refresh found, changed, and closed."""

    found: int = 0
    changed: int = 0
    closed: int = 0


@dataclass(slots=True)
class _Refresh:
    """One refresh at work; `turn` is its right to write."""

    organisation: str
    turn: int
    strict: bool
    by: Actor
    now: datetime
    rng: Dice
    result: Refreshed = field(default_factory=Refreshed)

    def action(self, row: int, what: str, before: str, after: str, **more: Any) -> Action:
        """Return the action that this refresh leaves on a row."""
        return Action(
            public_id=new_id(self.rng), row_id=row, by_kind=self.by.kind.value, by_id=self.by.name, at=self.now,
            what=what, state_before=before, state_after=after, **more,
        )  # fmt: skip

    def hold(self) -> None:
        """Keep others from beginning until this transaction is over; raises Overtaken when one has begun."""
        if not Desk.objects.filter(organisation_id=self.organisation, turn=self.turn).update(turn=self.turn):
            raise Overtaken(str(Overtaken.__doc__))


def refresh(
    *,
    organisation: str,
    by: Actor,
    now: datetime,
    rng: Dice,
    groups: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Refreshed:
    """Bring this operator's rows up to date, all or those of some vulnerabilities; repeating it changes nothing.

    Raises Overtaken, which leaves nothing undone: the later refresh does it.
    """
    desk = _take_turn(organisation)
    work = _Refresh(organisation, desk.turn, desk.strict_since is not None, by, now, rng)
    reached = reach.of(organisation)
    if groups is not None:
        reached = {group: one for group, one in reached.items() if group in set(groups)}
    zone = orgs.organisation(organisation).time_zone
    total = len(reached)
    for at, part in enumerate(bulk.slices(sorted(reached), ROWS_AT_ONCE)):
        if progress is not None:
            progress.report(done=at * ROWS_AT_ONCE, total=total)
            progress.checkpoint()
        facts = published.facts_for(part)
        drafts = {
            group: draft(reached[group], facts[group], zone=zone, now=now, strict=work.strict)
            for group in part
            if group in facts and facts[group].public_id == group  # one that was merged answers under the other
        }
        _write(work, drafts, reached)
    _close_absent(work, set(reached), groups)
    _finish(work)
    return work.result


@transaction.atomic
def _take_turn(organisation: str) -> Desk:
    Desk.objects.bulk_create([Desk(organisation_id=organisation)], ignore_conflicts=True)
    Desk.objects.filter(organisation_id=organisation).update(turn=F("turn") + 1)
    return Desk.objects.get(organisation_id=organisation)


@transaction.atomic
def _write(work: _Refresh, drafts: dict[str, Draft], reached: dict[str, Reach]) -> None:
    work.hold()
    there = {
        row.group_id: row
        for row in WorklistRow.objects.select_for_update().filter(
            organisation_id=work.organisation, group_id__in=list(drafts)
        )
    }
    actions: list[Action] = []
    changed: list[WorklistRow] = []
    fresh = [_fresh(work, one, reached[group]) for group, one in drafts.items() if group not in there]
    for group, row in there.items():
        before = {name: getattr(row, name) for name in _WRITTEN}
        actions += _apply(work, row, drafts[group], reached[group])
        if any(_differs(before[name], getattr(row, name)) for name in _WRITTEN):
            row.updated_at = work.now
            changed.append(row)
    WorklistRow.objects.bulk_create(fresh, batch_size=100)
    _update(changed)
    actions += [work.action(row.pk, Change.FOUND, row.state, row.state, due_after=row.due_at) for row in fresh]
    actions += [_note_quiet(work, row) for row in fresh if row.closed_because]
    Action.objects.bulk_create(actions, batch_size=100)
    work.result.found += len(fresh)
    work.result.changed += len(changed)


def _update(rows: list[WorklistRow]) -> None:
    """This will write the rows one statement each: bulk_update costs ten times as much for this many columns."""
    names = {*_WRITTEN, "updated_at"}
    fields = [one for one in WorklistRow._meta.concrete_fields if one.name in names]
    columns = ", ".join(f"{one.column} = %s" for one in fields)
    values = [
        (*(one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields), row.pk) for row in rows
    ]
    bulk.run_many(f"UPDATE {WorklistRow._meta.db_table} SET {columns} WHERE id = %s", values)  # noqa: S608


def _fresh(work: _Refresh, one: Draft, how: Reach) -> WorklistRow:
    row = WorklistRow(
        public_id=new_id(work.rng),
        organisation_id=work.organisation,
        first_seen_at=work.now,
        updated_at=work.now,
        **one.columns(),
    )
    if how.is_quiet:
        _close_quietly(work, row)
    return row


def _close_quietly(work: _Refresh, row: WorklistRow) -> None:
    row.closed_because, row.is_settled, row.settled_at = Closing.QUIETED.value, True, work.now


def _note_quiet(work: _Refresh, row: WorklistRow) -> Action:
    return work.action(row.pk, Change.QUIETED, row.state, row.state, note=QUIET)


def _quieten(work: _Refresh, row: WorklistRow) -> list[Action]:
    """This will take a row that statements speak free off the page, unless its operator settled it already."""
    ran_out = has_run_out(Remediation(row.state), until=row.accepted_until, now=work.now)
    is_settled = _is_over(row) and not row.closed_because and not ran_out
    if row.closed_because == Closing.QUIETED or is_settled:
        return []
    _close_quietly(work, row)
    return [_note_quiet(work, row)]


def _apply(work: _Refresh, row: WorklistRow, one: Draft, how: Reach) -> list[Action]:
    """This will write the draft into the row, but neither a later date without a rule nor over a person's deed."""
    actions: list[Action] = []
    values = one.columns()
    moved = _moved_because(row, one)
    if row.due_at != one.due_at and moved is None:
        for name in ("due_at", "order_at", "clock_started_at"):
            values.pop(name)
    elif row.due_at != one.due_at and moved is not None:
        move = {"note": moved.value, "due_before": row.due_at, "due_after": one.due_at}
        actions.append(work.action(row.pk, Change.DATE_MOVED, row.state, row.state, **move))
    for name, value in values.items():
        setattr(row, name, value)
    if how.is_quiet:
        return [*actions, *_quieten(work, row)]
    why = _opens_again(row, how, work.now)
    if why:
        keeps_deed = row.closed_because == Closing.QUIETED and not _is_over(row)
        after = REMEDIATION.next(Remediation(row.state), RemediationEvent.REOPEN) if _is_over(row) else row.state
        actions.append(work.action(row.pk, Change.FOUND_AGAIN, row.state, after, note=why))
        row.state, row.accepted_until, row.closed_because = after, None, ""
        row.is_settled, row.settled_at, row.done_at = False, None, row.done_at if keeps_deed else None
    return actions


def _is_over(row: WorklistRow) -> bool:
    return Remediation(row.state).is_settled


def _opens_again(row: WorklistRow, how: Reach, now: datetime) -> str:
    """Return why a row that left the page comes back, or ""."""
    if row.closed_because:
        return NOT_QUIET if row.closed_because == Closing.QUIETED else BACK
    if has_run_out(Remediation(row.state), until=row.accepted_until, now=now):
        return RAN_OUT
    later = how.listed_at is not None and row.settled_at is not None and how.listed_at > row.settled_at
    return STILL_THERE if row.state == Remediation.VERIFIED and later else ""


def _moved_because(row: WorklistRow, one: Draft) -> MovedBecause | None:
    """Return the rule that moves the date, or None where none does: then an earlier date stands."""
    if is_strict(row.reason) != is_strict(one.reason) and row.outcome != one.outcome:
        return MovedBecause.STRICTNESS
    if row.due_at is None or one.due_at is None:
        return MovedBecause.DATED if one.due_at else MovedBecause.UNDATED
    if row.outcome != one.outcome:
        return MovedBecause.OUTCOME
    if one.clock == Clock.FIX and (row.clock, row.clock_started_at) != (one.clock, one.clock_started_at):
        return MovedBecause.FIX_KNOWN
    if row.clock_started_at == one.clock_started_at:
        return MovedBecause.ZONE
    return MovedBecause.EARLIER if one.due_at < row.due_at else None


def _differs(one: Any, other: Any) -> bool:
    return bytes(one) != bytes(other) if isinstance(other, bytes | memoryview) else one != other


_WRITTEN = (
    *(name for name in Draft.__dataclass_fields__ if name != "group_id"),
    "state", "accepted_until", "closed_because", "is_settled", "settled_at", "done_at",
)  # fmt: skip


def _close_absent(work: _Refresh, reached: set[str], groups: Collection[str] | None) -> None:
    """This will settle the rows whose vulnerability reaches nothing any more, each with the reason."""
    rows = WorklistRow.objects.filter(organisation_id=work.organisation, closed_because__in=["", Closing.QUIETED])
    open_rows = rows if groups is None else rows.filter(group_id__in=list(groups))
    absent = [pk for pk, group in open_rows.values_list("pk", "group_id") if group not in reached]
    for part in bulk.slices(absent, ROWS_AT_ONCE):
        _close(work, WorklistRow.objects.filter(pk__in=part))


@transaction.atomic
def _close(work: _Refresh, rows: QuerySet[WorklistRow]) -> None:
    work.hold()
    actions: list[Action] = []
    for row, ending in endings(list(rows.select_for_update()), now=work.now):
        actions.append(_end(work, row, ending))
    Action.objects.bulk_create(actions, batch_size=100)


def _end(work: _Refresh, row: WorklistRow, ending: Ending) -> Action:
    WorklistRow.objects.filter(pk=row.pk).update(**ending.values, updated_at=work.now)
    if ending.values.get("is_settled"):
        work.result.closed += 1
    else:
        work.result.changed += 1
    return work.action(row.pk, ending.what, row.state, ending.after(row), note=ending.note)


def _finish(work: _Refresh) -> None:
    result = work.result
    with transaction.atomic():
        work.hold()
        Desk.objects.filter(organisation_id=work.organisation).update(refreshed_at=work.now)
        if not (result.found or result.changed or result.closed):
            return
        journal.record(
            at=work.now,
            by=work.by,
            action="remediation.refreshed",
            subject=journal.Subject("orgs.organisation", work.organisation),
            concerns=[work.organisation],
            facts={"found": result.found, "changed": result.changed, "closed": result.closed},
            rng=work.rng,
        )
