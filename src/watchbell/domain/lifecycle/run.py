"""What may happen next with a run of an evaluation? It ends or is halted, and nothing starts it again."""

from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine


class Run(StrEnum):
    """Where a run stands."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    ENDED = "ended"
    HALTED = "halted"

    @property
    def is_over(self) -> bool:
        """Return whether nothing more comes of it."""
        return self in (Run.ENDED, Run.HALTED)


class RunEvent(StrEnum):
    """What happens to a run."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    END = "end"
    HALT = "halt"


RUN: Final[Machine[Run, RunEvent]] = Machine(
    name="run",
    start=Run.PLANNED,
    events=RunEvent,
    transitions={
        (Run.PLANNED, RunEvent.START): Run.RUNNING,
        (Run.PLANNED, RunEvent.PAUSE): Run.PAUSED,
        (Run.RUNNING, RunEvent.PAUSE): Run.PAUSED,
        (Run.PAUSED, RunEvent.RESUME): Run.RUNNING,
        **{(state, RunEvent.CANCEL): Run.STOPPING for state in (Run.PLANNED, Run.RUNNING, Run.PAUSED)},
        **{(state, RunEvent.END): Run.ENDED for state in Run if not state.is_over},
        **{(state, RunEvent.HALT): Run.HALTED for state in Run if not state.is_over},
    },
    explanations={
        Run.PLANNED: "It has not begun.",
        Run.STOPPING: "It was cancelled; what is finished comes in.",
        Run.ENDED: "It is over, and what came of it is there.",
        Run.HALTED: "It left its scope and was halted; the developer has the incident.",
    },
)
