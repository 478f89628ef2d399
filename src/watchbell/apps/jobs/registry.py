"""Which kinds of work are there, and which come round by themselves? Each room's `jobs.py` says so here."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from watchbell.apps.jobs.progress import Progress
from watchbell.apps.journal.body import Scalar
from watchbell.domain.identity import Dice

Args = Mapping[str, Scalar]


class Work(Protocol):
    """A function that does one kind of work; it may run twice and must not mind."""

    def __call__(self, args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        """Do the work, in transactions of its own; see Progress.step."""


class Missed(Enum):
    """What happens to slots that passed while no worker ran."""

    EACH = auto()  # every slot gets its job: each covers its own span of time
    LATEST = auto()  # only the latest: the work looks at the present anyway


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work and how patiently it is tried.

    That a job of an `apart` kind exists would itself tell something to those who look after the node's work, so
    it is not listed unless it gave up and waits for them. Work that `is_long` goes on for hours: it has lanes of its
    own, so that it never keeps a worker from tending the record.
    """

    name: str
    work: Work
    max_attempts: int = 5
    lease: timedelta = timedelta(minutes=2)
    is_apart: bool = False
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work that comes round: one job a slot, slots counted in UTC from 2020, so that summer time changes nothing."""

    name: str
    kind: str
    every: timedelta
    args: Args = field(default_factory=dict)
    missed: Missed = Missed.EACH


class UnknownKind(LookupError):
    """No room offers this kind of work."""


_KINDS: dict[str, Kind] = {}
_SCHEDULES: dict[str, Schedule] = {}


def job(
    kind: str,
    *,
    max_attempts: int = 5,
    lease: timedelta = timedelta(minutes=2),
    is_apart: bool = False,
    is_long: bool = False,
) -> Callable[[Work], Work]:
    """Return the decorator that offers a function as the work of this kind (`room.verb`).

    `lease` is how long a silent worker keeps a job; a running one renews it in time.
    Raises ValueError when two functions claim one kind.
    """

    def offer(work: Work) -> Work:
        there = _KINDS.get(kind)
        if there is not None and there.work is not work:
            raise ValueError(f"Two functions offer the work {kind!r}; rename one of them.")
        _KINDS[kind] = Kind(kind, work, max_attempts, lease, is_apart, is_long)
        return work

    return offer


def periodic(schedule: Schedule) -> None:
    """This will make the schedule known; raises ValueError when its name is taken by another."""
    if _SCHEDULES.setdefault(schedule.name, schedule) != schedule:
        raise ValueError(f"Two schedules are named {schedule.name!r}; rename one of them.")


def kind_named(name: str) -> Kind:
    """Return the kind of work with this name; raises UnknownKind."""
    try:
        return _KINDS[name]
    except KeyError:
        near = difflib.get_close_matches(name, _KINDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownKind(
            f"No room offers the work {name!r}.{hint} Register it with @job in the room's jobs.py."
        ) from None


def kinds_apart() -> list[str]:
    """Return the kinds whose jobs are not listed among others."""
    return sorted(name for name, kind in _KINDS.items() if kind.is_apart)


def long_kinds() -> list[str]:
    """Return the kinds of work that go on for hours."""
    return sorted(name for name, kind in _KINDS.items() if kind.is_long)


def schedules() -> list[Schedule]:
    """Return every schedule, by name."""
    return [_SCHEDULES[name] for name in sorted(_SCHEDULES)]
