"""Every change to findings: hand in, triage, show."""

from watchbell.apps.findings.services.evidence import Evidence, NotEvidence, confirm_by_vendor, raise_evidence
from watchbell.apps.findings.services.intake import (
    AlreadyReceived,
    Claimed,
    Item,
    ItemResult,
    KeyTaken,
    NotAllowed,
    NotTaken,
    Received,
    Upload,
    report,
    submit,
)
from watchbell.apps.findings.services.triage import (
    AlreadySettled,
    NotAnOriginal,
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
    "Received",
    "Upload",
    "confirm_by_vendor",
    "confirm_valid",
    "mark_duplicate",
    "raise_evidence",
    "reject",
    "reopen",
    "report",
    "submit",
]
