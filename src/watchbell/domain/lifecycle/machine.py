"""What may happen next, and if something may not, why not and what may instead?

A machine is a table, not code: a reader checks it against the standard by eye, and
a test walks every state with every event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from watchbell.domain.sentence import Sentence

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


class NotPossible(ValueError):
    """A deed that its rules do not allow now; the text says why and, where a table knows, what is possible."""

    def __init__(self, why: str, *, instead: tuple[str, ...] | None = None) -> None:
        self.why = why
        self.instead = instead or ()
        super().__init__(_with_what_is_possible(Sentence(why), instead))


def _with_what_is_possible(why: Sentence, instead: tuple[str, ...] | None) -> Sentence:
    if instead is None:
        return why
    possible = tuple(Sentence(one) for one in instead) or Sentence("nothing, this is where it ends")
    return Sentence("{why}. Possible now: {possible}.", why=why, possible=possible)


@dataclass(frozen=True, slots=True)
class Machine(Generic[State, Event]):
    """States, events and the table between them, with the reason for each refusal worth explaining.

    `explanations` are looked up by (state, event), then by event, then by state.
    """

    name: str
    start: State
    events: type[Event]
    transitions: Mapping[tuple[State, Event], State]
    explanations: Mapping[tuple[State, Event] | Event | State, str]

    @property
    def states(self) -> tuple[State, ...]:
        """Return every state there is."""
        return tuple(type(self.start))

    def next(self, state: State, event: Event) -> State:
        """Return the state after this event; raises NotPossible, which says why and what is possible."""
        after = self.transitions.get((state, event))
        if after is None:
            instead = tuple(each.value for each in self.possible(state))
            raise NotPossible(self._why(state, event), instead=instead)
        return after

    def possible(self, state: State) -> tuple[Event, ...]:
        """Return every event this state allows, in the order the events are written."""
        return tuple(event for event in self.events if (state, event) in self.transitions)

    def _why(self, state: State, event: Event) -> str:
        """Return the best reason we have for this refusal."""
        refused = Sentence(
            "'{event}' is not possible while the {name} is '{state}'.",
            event=Sentence(event.value),
            name=Sentence(self.name),
            state=Sentence(state.value),
        )
        for key in ((state, event), event, state):
            if reason := self.explanations.get(key):
                return Sentence("{refused}. {reason}.", refused=refused, reason=Sentence(reason))
        return refused
