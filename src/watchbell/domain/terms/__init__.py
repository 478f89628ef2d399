"""What did a developer and an evaluator agree on? Terms as values, the statements they sign, and their plain words."""

from watchbell.domain.terms.statements import PAYLOAD_TYPE, Statement, admission, agreement, offer, signed_bytes, start
from watchbell.domain.terms.terms import (
    LONGEST_EVIDENCE,
    Bargain,
    EvidenceOnWithdrawal,
    Kept,
    Limits,
    Purpose,
    Routing,
    Safeguards,
    Terms,
    Unacceptable,
)

__all__ = [
    "LONGEST_EVIDENCE",
    "PAYLOAD_TYPE",
    "Bargain",
    "EvidenceOnWithdrawal",
    "Kept",
    "Limits",
    "Purpose",
    "Routing",
    "Safeguards",
    "Statement",
    "Terms",
    "Unacceptable",
    "admission",
    "agreement",
    "offer",
    "signed_bytes",
    "start",
]
