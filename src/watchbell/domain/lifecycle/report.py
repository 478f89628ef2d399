"""How far has one participant taken a report? Report management (RM), one machine for each participant.

Source: CERT/CC Vultron, report management: six states and eleven transitions.
"""

from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine, NotPossible


class Report(StrEnum):
    """Where a participant stands with a report."""

    START = "start"
    RECEIVED = "received"
    INVALID = "invalid"
    VALID = "valid"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class ReportEvent(StrEnum):
    """What a participant does with a report."""

    RECEIVE = "receive"
    VALIDATE = "validate"
    INVALIDATE = "invalidate"
    ACCEPT = "accept"
    DEFER = "defer"
    CLOSE = "close"


REPORT: Final = Machine(
    name="report",
    start=Report.START,
    events=ReportEvent,
    transitions={
        (Report.START, ReportEvent.RECEIVE): Report.RECEIVED,
        (Report.RECEIVED, ReportEvent.VALIDATE): Report.VALID,
        (Report.RECEIVED, ReportEvent.INVALIDATE): Report.INVALID,
        (Report.INVALID, ReportEvent.VALIDATE): Report.VALID,
        (Report.INVALID, ReportEvent.CLOSE): Report.CLOSED,
        (Report.VALID, ReportEvent.ACCEPT): Report.ACCEPTED,
        (Report.VALID, ReportEvent.DEFER): Report.DEFERRED,
        (Report.DEFERRED, ReportEvent.ACCEPT): Report.ACCEPTED,
        (Report.DEFERRED, ReportEvent.CLOSE): Report.CLOSED,
        (Report.ACCEPTED, ReportEvent.DEFER): Report.DEFERRED,
        (Report.ACCEPTED, ReportEvent.CLOSE): Report.CLOSED,
    },
    explanations={
        (Report.VALID, ReportEvent.CLOSE): "A valid report is accepted or deferred first, so that nobody loses it.",
        (Report.VALID, ReportEvent.INVALIDATE): "It was found valid; defer it if nothing is to be done now.",
        ReportEvent.RECEIVE: "It has arrived already.",
        Report.START: "It has not arrived yet.",
        Report.RECEIVED: "Say first whether it is valid.",
        Report.INVALID: "It was found invalid; find it valid first if that was a mistake.",
        Report.VALID: "It was found valid already.",
        Report.DEFERRED: "It was found valid and set aside.",
        Report.ACCEPTED: "It was found valid and is being worked on.",
        Report.CLOSED: "A closed report stays closed; new facts are a new report.",
    },
)

ACTIVE: Final = frozenset({Report.RECEIVED, Report.VALID, Report.ACCEPTED})
"""Reports that someone is working on, in which an embargo may begin."""


def settle_duplicate(state: Report, event: ReportEvent) -> Report:
    """Return the next state of a report known to be a duplicate, which is never called invalid.

    A duplicate describes a real flaw: it becomes valid and is then deferred to the first report.
    """
    if event is ReportEvent.INVALIDATE:
        instead = tuple(each.value for each in REPORT.possible(state) if each is not event)
        raise NotPossible("A duplicate describes a real flaw: find it valid, then defer it.", instead=instead)
    return REPORT.next(state, event)
