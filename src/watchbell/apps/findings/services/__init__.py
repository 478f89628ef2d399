"""Every change to findings: hand in, triage, show, compare."""

from watchbell.apps.findings.items import Claimed, Item, ItemResult, NotTaken, Upload
from watchbell.apps.findings.services.arriving import PieceSent, WrongPlace, forget, joined, take_piece
from watchbell.apps.findings.services.comparing import compare_new
from watchbell.apps.findings.services.echoes import AlreadySettled
from watchbell.apps.findings.services.evidence import Evidence, NotEvidence, confirm_by_vendor, raise_evidence
from watchbell.apps.findings.services.from_evaluations import report_flaw, send_flaw_on
from watchbell.apps.findings.services.intake import (
    AlreadyReceived,
    KeyTaken,
    NotAllowed,
    NotThere,
    Received,
    TooManyWaiting,
    hand_in,
    interrupt,
    report,
    resume,
    submit,
    take_in,
)
from watchbell.apps.findings.services.ordering import order_queue
from watchbell.apps.findings.services.triage import (
    NotAnOriginal,
    WordsMissing,
    confirm_valid,
    mark_duplicate,
    reject,
    reopen,
)

__all__ = [
    "AlreadyReceived",
    "AlreadySettled",
    "Claimed",
    "Evidence",
    "Item",
    "ItemResult",
    "KeyTaken",
    "NotAllowed",
    "NotAnOriginal",
    "NotEvidence",
    "NotTaken",
    "NotThere",
    "PieceSent",
    "Received",
    "TooManyWaiting",
    "Upload",
    "WordsMissing",
    "WrongPlace",
    "compare_new",
    "confirm_by_vendor",
    "confirm_valid",
    "forget",
    "hand_in",
    "interrupt",
    "joined",
    "mark_duplicate",
    "order_queue",
    "raise_evidence",
    "reject",
    "reopen",
    "report",
    "report_flaw",
    "resume",
    "send_flaw_on",
    "submit",
    "take_in",
    "take_piece",
]
