"""May this report go to this maintainer now? Their wishes decide, and what we never asked about we keep small.

A project that never spoke to us gets one report at a time, and nothing that was not reproduced. Whoever waits is told
why and, where a date decides, until when; nothing is dropped and nobody is blamed for a pause.
"""

from datetime import datetime, timedelta
from typing import Final

from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.records import record
from watchbell.domain.sentence import Sentence

LEAST: Final = EvidenceLevel.E2_REPRODUCED
"""What is sent by default is at least reproduced by somebody other than its finder."""


@record(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a maintainer asked for; None is no limit. `batch_day` counts from Monday as 0, `paused_until` None is open.

    `opted_out` is a wish to have no reports through us at all; `paused` without a date lasts until they say otherwise.
    """

    open_most: int | None = None
    weekly_most: int | None = None
    batch_day: int | None = None
    least: EvidenceLevel = LEAST
    with_fix: bool = False
    paused: bool = False
    paused_until: datetime | None = None
    opted_out: bool = False


NEVER_SPOKE: Final = Wishes(open_most=1)
"""What holds for a project that has never answered us."""


@record(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is open there, and was sent in the last seven days; `next_free` is when the oldest of that is a week old."""

    open: int
    sent_this_week: int
    next_free: datetime | None = None


@record(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether it goes; otherwise why it waits, and until when where that is known."""

    goes: bool
    why: Sentence = Sentence("It may go.")
    until: datetime | None = None


def may_go(
    *, level: EvidenceLevel, has_fix: bool, wishes: Wishes, standing: Standing, is_stopped: bool, now: datetime
) -> Verdict:
    """Return whether a report may go to a maintainer at this moment (UTC), by the first reason that holds it back."""
    if is_stopped:
        return _waits(Sentence("All reports to maintainers are stopped on this node."))
    if wishes.opted_out:
        return _waits(Sentence("The project asked for no reports."))
    if wishes.paused and (wishes.paused_until is None or now < wishes.paused_until):
        return _waits(Sentence("The project has paused reports."), wishes.paused_until)
    least = max(wishes.least, LEAST)
    if level < least:
        return _waits(
            Sentence("The project asks for {least} or better; this is {level}.", least=least.label, level=level.label)
        )
    if wishes.with_fix and not has_fix:
        return _waits(Sentence("The project asks for reports with a fix attached."))
    if wishes.open_most is not None and standing.open >= wishes.open_most:
        return _waits(
            Sentence("{open} of at most {most} reports are open there.", open=standing.open, most=wishes.open_most)
        )
    if wishes.weekly_most is not None and standing.sent_this_week >= wishes.weekly_most:
        words = Sentence(
            "{sent} of at most {most} reports went there in the last seven days.",
            sent=standing.sent_this_week,
            most=wishes.weekly_most,
        )
        return _waits(words, standing.next_free)
    if wishes.batch_day is not None and now.weekday() != wishes.batch_day:
        return _waits(Sentence("The project takes reports on one day of the week."), _next_day(wishes.batch_day, now))
    return Verdict(goes=True)


def _waits(why: Sentence, until: datetime | None = None) -> Verdict:
    return Verdict(goes=False, why=why, until=until)


def _next_day(weekday: int, now: datetime) -> datetime:
    """Return the next midnight (UTC) that begins this day of the week."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=(weekday - now.weekday()) % 7 or 7)
