"""How is a window, a budget or a log drawn? As numbers that a template can put into a ring, a meter or a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from watchbell.apps.engagements import queries
from watchbell.apps.engagements.queries import Clock
from watchbell.apps.engagements.words import What
from watchbell.domain.lifecycle.window import LONGEST
from watchbell.domain.terms.aspects import count, money
from watchbell.formats import strictjson
from watchbell.web import moments
from watchbell.web.early_access import words
from watchbell.web.early_access.names import Names

LAST_DAYS = timedelta(days=3)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ring:
    """A window as a ring: which day of how many, how much of it is gone (of a hundred), and its end."""

    day: int
    days: int
    gone: int
    ends_at: datetime
    utc: str
    local: str
    is_open: bool
    is_ending: bool


def ring(clock: Clock | None, zone: str, *, now: datetime) -> Ring | None:
    """Return a window as a ring, with its end in UTC and where the reader is; None where there never was one."""
    if clock is None:
        return None
    utc, here = moments.zone("UTC"), moments.zone(zone)
    local = moments.exactly(clock.ends_at, here)
    return Ring(
        day=clock.day,
        days=max(int(-(-clock.whole // timedelta(days=1))), 1),
        gone=int(100 * (clock.gone / clock.whole)) if clock.whole else 100,
        ends_at=clock.ends_at,
        utc=moments.exactly(clock.ends_at, utc),
        local="" if local == moments.exactly(clock.ends_at, utc) else local,
        is_open=clock.is_open,
        is_ending=clock.is_open and clock.ends_at - now <= LAST_DAYS,
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """One budget: what of it is used; `most` is None where the developer set no bound."""

    name: str
    used: int
    most: int | None
    said: str
    share: int | None


def spent(grant: Any) -> list[Spent]:
    """Return what is used of each budget, reserved calls among it, with the bound as its denominator."""
    budget = grant.budget
    found = [
        _spent(_("Calls"), budget.used.requests, budget.requests, count),
        _spent(_("Tokens"), budget.used.tokens, budget.tokens, count),
    ]
    if grant.currency:
        found.append(_spent(_("Cost"), budget.used.cost, budget.cost, lambda value: _money(value, grant.currency)))
    return found


def _spent(name: str, used: int, most: int | None, write: Any) -> Spent:
    if most is None:
        return Spent(name, used, None, _("%(used)s used, no bound set") % {"used": write(used)}, None)
    share = 100 * used // most if most else 100
    said = _("%(used)s of %(most)s (%(share)s %%)") % {"used": write(used), "most": write(most), "share": share}
    return Spent(name, used, most, said, share)


def _money(millionths: int, currency: str) -> str:
    """Return an amount to the cent: what a call cost to the millionth is for the export."""
    return money(round(millionths, -4), currency)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of an access log as a person reads it."""

    at: datetime
    clock: str
    day: str
    who: str
    said: str


def lines(rows: Iterable[Any], names: Names, zone: str, *, now: datetime) -> list[Told]:
    """Return lines of the access log in words, with the people's names."""
    rows, where = list(rows), moments.zone(zone)
    today = now.astimezone(where).date()
    names.learn(row.person for row in rows)
    told = [(row, strictjson.loads(bytes(row.entry))) for row in rows]
    return [
        Told(
            at=row.at,
            clock=_clock(row.at, where, today),
            day=moments.exactly(row.at, where),
            who=str(words.NAMELESS.get(str(facts.get("material")), "")) or names.person(row.person),
            said=words.line(What(row.what), facts),
        )
        for row, facts in told
    ]


def _clock(at: datetime, where: ZoneInfo, today: date) -> str:
    """Return a time of today to the second, and one of another day with its day."""
    local = at.astimezone(where)
    clock = f"{local:%H:%M:%S}"
    return clock if local.date() == today else f"{date_format(local, 'j M')} {clock}"


@dataclass(frozen=True, slots=True)
class Used:
    """Hours of a model's thirty days: used, spoken for by a running window, and all there are."""

    hours: int
    spoken_for: int
    whole: int


def used(model: Any, *, now: datetime) -> Used:
    """Return what of a model's thirty days is used, and what a running window may still use."""
    gone = queries.time_gone(model, now=now)
    spoken_for = max(LONGEST - queries.time_left(model) - gone, timedelta(0))
    return Used(int(gone / HOUR), int(spoken_for / HOUR), int(LONGEST / HOUR))
