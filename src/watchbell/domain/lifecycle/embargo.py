"""Is there an agreement to keep quiet, and who has joined it? Embargo management (EM) and consent (PEC).

Source: CERT/CC Vultron: EM is one machine for a case, PEC one for each participant.
"""

from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine


class Embargo(StrEnum):
    """Where a case stands with its embargo."""

    NONE = "none"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REVISE = "revise"
    EXITED = "exited"

    @property
    def is_in_force(self) -> bool:
        """Return whether participants are bound now; a proposed revision does not loosen it."""
        return self in (Embargo.ACTIVE, Embargo.REVISE)


class EmbargoEvent(StrEnum):
    """What happens to an embargo."""

    PROPOSE = "propose"
    REJECT = "reject"
    ACCEPT = "accept"
    TERMINATE = "terminate"


EMBARGO: Final = Machine(
    name="embargo",
    start=Embargo.NONE,
    events=EmbargoEvent,
    transitions={
        (Embargo.NONE, EmbargoEvent.PROPOSE): Embargo.PROPOSED,
        (Embargo.PROPOSED, EmbargoEvent.PROPOSE): Embargo.PROPOSED,
        (Embargo.PROPOSED, EmbargoEvent.REJECT): Embargo.NONE,
        (Embargo.PROPOSED, EmbargoEvent.ACCEPT): Embargo.ACTIVE,
        (Embargo.ACTIVE, EmbargoEvent.PROPOSE): Embargo.REVISE,
        (Embargo.ACTIVE, EmbargoEvent.TERMINATE): Embargo.EXITED,
        (Embargo.REVISE, EmbargoEvent.PROPOSE): Embargo.REVISE,
        (Embargo.REVISE, EmbargoEvent.REJECT): Embargo.ACTIVE,
        (Embargo.REVISE, EmbargoEvent.ACCEPT): Embargo.ACTIVE,
        (Embargo.REVISE, EmbargoEvent.TERMINATE): Embargo.EXITED,
    },
    explanations={
        (Embargo.NONE, EmbargoEvent.ACCEPT): "Nobody has proposed one.",
        (Embargo.NONE, EmbargoEvent.REJECT): "Nobody has proposed one.",
        (Embargo.NONE, EmbargoEvent.TERMINATE): "There is none to end.",
        (Embargo.PROPOSED, EmbargoEvent.TERMINATE): "It has not begun; reject the proposal instead.",
        (Embargo.ACTIVE, EmbargoEvent.ACCEPT): "No revision has been proposed.",
        (Embargo.ACTIVE, EmbargoEvent.REJECT): "An embargo that was accepted is ended, not rejected.",
        Embargo.EXITED: "An embargo that has ended never begins again.",
    },
)


class Consent(StrEnum):
    """Where a participant stands with the case's embargo."""

    NO_EMBARGO = "no embargo"
    INVITED = "invited"
    SIGNATORY = "signatory"
    LAPSED = "lapsed"
    DECLINED = "declined"


class ConsentEvent(StrEnum):
    """What happens to a participant's consent."""

    INVITE = "invite"
    ACCEPT = "accept"
    DECLINE = "decline"
    REVISE = "revise"
    RESET = "reset"


CONSENT: Final = Machine(
    name="consent",
    start=Consent.NO_EMBARGO,
    events=ConsentEvent,
    transitions={
        (Consent.NO_EMBARGO, ConsentEvent.INVITE): Consent.INVITED,
        (Consent.LAPSED, ConsentEvent.INVITE): Consent.INVITED,
        (Consent.DECLINED, ConsentEvent.INVITE): Consent.INVITED,
        (Consent.NO_EMBARGO, ConsentEvent.ACCEPT): Consent.SIGNATORY,
        (Consent.INVITED, ConsentEvent.ACCEPT): Consent.SIGNATORY,
        (Consent.LAPSED, ConsentEvent.ACCEPT): Consent.SIGNATORY,
        (Consent.NO_EMBARGO, ConsentEvent.DECLINE): Consent.DECLINED,
        (Consent.INVITED, ConsentEvent.DECLINE): Consent.DECLINED,
        (Consent.LAPSED, ConsentEvent.DECLINE): Consent.DECLINED,
        (Consent.SIGNATORY, ConsentEvent.REVISE): Consent.LAPSED,
        **{(state, ConsentEvent.RESET): Consent.NO_EMBARGO for state in Consent},
    },
    explanations={
        (Consent.SIGNATORY, ConsentEvent.INVITE): "They have joined already.",
        (Consent.SIGNATORY, ConsentEvent.ACCEPT): "They have joined already.",
        (Consent.SIGNATORY, ConsentEvent.DECLINE): "They have joined; leaving a case is its own deed and ends nothing.",
        (Consent.INVITED, ConsentEvent.INVITE): "They have been asked already and have not answered.",
        (Consent.DECLINED, ConsentEvent.ACCEPT): "They declined; invite them again first.",
        (Consent.DECLINED, ConsentEvent.DECLINE): "They declined already.",
        ConsentEvent.REVISE: "Only someone who has joined can be asked to agree to new terms.",
    },
)
