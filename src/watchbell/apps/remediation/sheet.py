"""What should this operator do this week? At most ten dated actions, and ten from the backlog, each one deed.

Several vulnerabilities that one update ends are one action: rows of one package and one
band go together under the highest version that any of them needs, and whatever else
that version ends is counted with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from django.db.models import QuerySet

from watchbell.apps.inventory.reach import Tier
from watchbell.apps.remediation import queries
from watchbell.apps.remediation.drafts import NO_DATE, readable
from watchbell.apps.remediation.models import WorklistRow
from watchbell.domain.handling import Actor
from watchbell.domain.priority import POLICY, zone_named

MOST_DATED = 10
ROWS_READ = 1000
"""Most rows a sheet looks through of each part; what they hold beyond its ten actions is counted, not listed."""

ROWS_SHOWN = 8
"""Most rows an action carries; `closes` counts all."""

WEEKEND = timedelta(days=2)


class Kind(StrEnum):
    """What an action asks for."""

    UPDATE = "update"
    ASK_VENDOR = "ask the vendor"
    FIND_VERSION = "find out the version"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: `what` is updated to `version`; `rows` are the first lines it closes, its own before others."""

    kind: Kind
    what: str
    version: str
    due_at: datetime | None
    rows: tuple[WorklistRow, ...]
    closes: int

    @property
    def first(self) -> WorklistRow:
        """Return the row that decides how urgent this is."""
        return self.rows[0]

    @property
    def in_kev(self) -> bool:
        """Return whether attackers use any of what it shows."""
        return any(row.in_kev for row in self.rows)


@dataclass(frozen=True, slots=True)
class Sheet:
    """This week: dated actions, then backlog; `can_wait` counts the open lines that neither of them closes."""

    week_ends_at: datetime
    dated: tuple[Step, ...]
    backlog: tuple[Step, ...]
    due_this_week: int
    can_wait: int
    cannot_tell: int


@dataclass(frozen=True, slots=True)
class _Line:
    """What of a row decides with which others it goes together."""

    pk: int
    tier: str
    band: str
    subject: str
    fixed: str
    place: bytes

    @property
    def kind(self) -> Kind:
        """Return what the row asks for by itself."""
        if self.tier == Tier.CANNOT_TELL:
            return Kind.FIND_VERSION
        return Kind.UPDATE if self.fixed else Kind.ASK_VENDOR

    @property
    def key(self) -> tuple[str, ...]:
        """Return what rows of one action have in common: without an order of versions, the very version."""
        is_ordered = self.kind is not Kind.UPDATE or self.place
        return self.kind, self.subject, self.band if is_ordered else self.fixed


@dataclass(frozen=True, slots=True)
class _Plan:
    """An action before its rows are read."""

    line: _Line
    shown: list[int]
    closes: int

    def step(self, rows: dict[int, WorklistRow]) -> Step:
        """Return the action with its rows."""
        held = tuple(rows[pk] for pk in self.shown if pk in rows)
        return Step(self.line.kind, held[0].subject_name, self.line.fixed, held[0].due_at, held, self.closes)


_LINE = ("pk", "tier", "band", "subject_code", "fix_version", "fix_place")


class _Ended:
    """Which open rows would one update end, also those due later or not at all; and which rows are covered so far."""

    def __init__(self, rows: QuerySet[WorklistRow]) -> None:
        self._rows = rows
        self._lines: dict[str, list[_Line]] = {}
        self.covered: set[int] = set()

    def look_up(self, subjects: set[str]) -> None:
        """Read the rows of these subjects in one query."""
        wanted = sorted(subjects - set(self._lines))
        self._lines |= {subject: [] for subject in wanted}
        for values in self._rows.filter(subject_code__in=wanted).values_list(*_LINE):
            line = _Line(*values)
            self._lines[line.subject].append(line)

    def by(self, update: _Line) -> list[int]:
        """Return the rows that this update ends."""
        if update.kind is not Kind.UPDATE:
            return []
        self.look_up({update.subject})
        same = [line for line in self._lines[update.subject] if line.kind is Kind.UPDATE]
        if not update.place:
            return [line.pk for line in same if line.fixed == update.fixed]
        return [line.pk for line in same if bytes(line.place) <= bytes(update.place)]


def this_week(viewer: Actor, *, zone: str, now: datetime) -> Sheet:
    """Return the operator's sheet for the week of `now` in its time zone (Monday to Sunday).

    At the weekend it looks to the end of the next week: what is due on Monday is not "later".
    """
    begins, _ = week_of(now, zone=zone)
    _, ends = week_of(now + WEEKEND, zone=zone)
    rows = queries.visible_to(viewer, now=now).filter(is_settled=False)
    waiting = rows.filter(done_at__isnull=True).order_by("order_at", "rank", "public_id")
    left = max(0, POLICY.backlog_a_week - _backlog_done(viewer, begins, now))
    ended = _Ended(rows)
    dated = _chosen(waiting.filter(order_at__lt=NO_DATE), MOST_DATED, ended)
    backlog = _chosen(waiting.filter(order_at=NO_DATE, backlog=True), left, ended)
    shown = rows.in_bulk({pk for plan in (*dated, *backlog) for pk in plan.shown})
    steps = [plan.step(shown) for plan in dated]
    return Sheet(
        week_ends_at=ends,
        dated=tuple(steps),
        backlog=tuple(plan.step(shown) for plan in backlog),
        due_this_week=sum(step.due_at is not None and step.due_at < ends for step in steps),
        can_wait=rows.count() - len(ended.covered),
        cannot_tell=rows.filter(tier=Tier.CANNOT_TELL).count(),
    )


def week_of(now: datetime, *, zone: str) -> tuple[datetime, datetime]:
    """Return when the week of `now` begins and ends where the operator lives."""
    place = zone_named(readable(zone))
    today = now.astimezone(place).date()
    monday = today - timedelta(days=today.weekday())
    begins, ends = (
        datetime(day.year, day.month, day.day, tzinfo=place) for day in (monday, monday + timedelta(days=7))
    )
    return begins, ends


def _backlog_done(viewer: Actor, begins: datetime, now: datetime) -> int:
    """Return how many backlog actions were done this week: lines that one update closed count once."""
    done = queries.visible_to(viewer, now=now).filter(done_at__gte=begins, backlog=True)
    return done.order_by().values_list("subject_code", "fix_version").distinct()[: POLICY.backlog_a_week].count()


def _chosen(waiting: QuerySet[WorklistRow], most: int, ended: _Ended) -> list[_Plan]:
    """Return the first actions in the order of their first rows, without those that an earlier one does too."""
    together: dict[tuple[str, ...], list[_Line]] = {}
    if most:
        for values in waiting.values_list(*_LINE)[:ROWS_READ]:
            line = _Line(*values)
            together.setdefault(line.key, []).append(line)
    ended.look_up({lines[0].subject for lines in islice(together.values(), 2 * most)})
    chosen: list[_Plan] = []
    for lines in together.values():
        if len(chosen) < most and not ended.covered.issuperset(line.pk for line in lines):
            chosen.append(_planned(lines, ended))
    return chosen


def _planned(lines: Sequence[_Line], ended: _Ended) -> _Plan:
    furthest = max(lines, key=lambda line: (bytes(line.place), line.fixed))
    own = [line.pk for line in lines]
    closes = {*own, *ended.by(furthest)}
    ended.covered |= closes
    others = sorted(closes.difference(own))
    return _Plan(furthest, (own[:ROWS_SHOWN] + others)[:ROWS_SHOWN], len(closes))
