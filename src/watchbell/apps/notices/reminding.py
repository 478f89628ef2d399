"""Who is to be reminded of which date at this moment? One reminder a slot of the table and an organisation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchbell.apps.cases import queries as cases
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle.reminders import FARTHEST, Awaited, open_slot

KINDS: Final = {Awaited.ANSWER: "embargo.answer_due", Awaited.EMBARGO_END: "embargo.end_near"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One date that one organisation is to hear of; `key` names the date, the slot and the organisation."""

    kind: str
    organisation: str
    case: str
    marking: Tlp
    key: str


def due(*, now: datetime) -> Iterator[Reminder]:
    """Yield every reminder whose slot is open; a date agreed anew has slots of its own."""
    until = now + FARTHEST
    waiting = {
        Awaited.ANSWER: cases.waiting_for_an_answer(now=now, until=until),
        Awaited.EMBARGO_END: cases.embargoes_ending(now=now, until=until),
    }
    for awaited, dates in waiting.items():
        for one in dates:
            slot = open_slot(awaited, due_at=one.at, since=one.since, now=now)
            if slot is None:
                continue
            for organisation in dict.fromkeys(one.organisations):
                yield Reminder(
                    kind=KINDS[awaited],
                    organisation=organisation,
                    case=one.case,
                    marking=one.marking,
                    key=f"{awaited.name}:{one.name}:{one.at:%Y%m%dT%H%M%S}:{slot.ahead.days}:{organisation}",
                )


def is_moot(kind: str, key: str, *, now: datetime) -> bool:
    """Return whether a notice is a reminder of what was done, agreed anew or has passed since it was made."""
    return kind in KINDS.values() and all(one.key != key for one in due(now=now))
