"""What may happen next with an engagement, and by whose hand? Early access on the developer's own terms.

Only the developer makes one, and only the developer can make it last or reach further. What ends it is
always possible where it is open: withdrawing and releasing are the developer's, at any moment, with
no reason asked; silence ends it as well. A release is a fact about the developer's own model: it can be
recorded in every state, and where the engagement is over already it changes nothing here.
"""

from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine


class Engagement(StrEnum):
    """Where an engagement stands."""

    DRAFT = "draft"
    OFFERED = "offered"
    AGREED = "agreed"
    ACTIVE = "active"
    RESCINDED = "rescinded"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    ENDED = "ended"

    @property
    def is_open(self) -> bool:
        """Return whether anything may still come of it."""
        return self in (Engagement.DRAFT, Engagement.OFFERED, Engagement.AGREED, Engagement.ACTIVE)

    @property
    def lets_in(self) -> bool:
        """Return whether evaluators may use the model, as long as window and key are there too."""
        return self is Engagement.ACTIVE


class EngagementEvent(StrEnum):
    """What happens to an engagement."""

    OFFER = "offer"
    AGREE = "agree"
    START = "start"
    RESCIND = "rescind"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    DECLINE = "decline"
    LEAVE = "leave"
    LAPSE = "lapse"
    END = "end"


class Party(StrEnum):
    """By whose hand something happens; time is nobody's."""

    DEVELOPER = "developer"
    EVALUATOR = "evaluator"
    TIME = "time"


BY: Final = {
    EngagementEvent.OFFER: Party.DEVELOPER,
    EngagementEvent.AGREE: Party.EVALUATOR,
    EngagementEvent.START: Party.DEVELOPER,
    EngagementEvent.RESCIND: Party.DEVELOPER,
    EngagementEvent.WITHDRAW: Party.DEVELOPER,
    EngagementEvent.RELEASE: Party.DEVELOPER,
    EngagementEvent.DECLINE: Party.EVALUATOR,
    EngagementEvent.LEAVE: Party.EVALUATOR,
    EngagementEvent.LAPSE: Party.TIME,
    EngagementEvent.END: Party.TIME,
}

_OPEN: Final = [state for state in Engagement if state.is_open]

ENGAGEMENT: Final[Machine[Engagement, EngagementEvent]] = Machine(
    name="engagement",
    start=Engagement.DRAFT,
    events=EngagementEvent,
    transitions={
        (Engagement.DRAFT, EngagementEvent.OFFER): Engagement.OFFERED,
        (Engagement.OFFERED, EngagementEvent.OFFER): Engagement.OFFERED,
        (Engagement.AGREED, EngagementEvent.OFFER): Engagement.OFFERED,
        (Engagement.OFFERED, EngagementEvent.AGREE): Engagement.AGREED,
        (Engagement.AGREED, EngagementEvent.START): Engagement.ACTIVE,
        (Engagement.OFFERED, EngagementEvent.RESCIND): Engagement.RESCINDED,
        (Engagement.AGREED, EngagementEvent.RESCIND): Engagement.RESCINDED,
        (Engagement.OFFERED, EngagementEvent.DECLINE): Engagement.DECLINED,
        (Engagement.AGREED, EngagementEvent.LEAVE): Engagement.ENDED,
        (Engagement.ACTIVE, EngagementEvent.LEAVE): Engagement.ENDED,
        (Engagement.OFFERED, EngagementEvent.LAPSE): Engagement.LAPSED,
        (Engagement.AGREED, EngagementEvent.LAPSE): Engagement.LAPSED,
        (Engagement.ACTIVE, EngagementEvent.END): Engagement.ENDED,
        **{(state, EngagementEvent.WITHDRAW): Engagement.WITHDRAWN for state in _OPEN},
        **{(state, EngagementEvent.RELEASE): Engagement.RELEASED for state in _OPEN},
        **{(state, EngagementEvent.RELEASE): state for state in Engagement if not state.is_open},
    },
    explanations={
        Engagement.DRAFT: "Nothing has been offered yet.",
        Engagement.OFFERED: "The evaluator has not signed these terms.",
        Engagement.AGREED: "Both have signed, and the developer has not started it.",
        Engagement.ACTIVE: "Access runs on the terms that both signed.",
        Engagement.RESCINDED: "The developer took the offer back.",
        Engagement.DECLINED: "The evaluator declined.",
        Engagement.LAPSED: "Nobody acted in time, and silence ends.",
        Engagement.WITHDRAWN: "The developer withdrew.",
        Engagement.RELEASED: "The developer released the model.",
        Engagement.ENDED: "Its window is over.",
    },
)
