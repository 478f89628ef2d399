"""What did a developer and an evaluator agree on? Terms as values, the statements they sign, and their plain words."""

from watchbell.domain.terms.preview import Point, Way, differences, in_plain_words, what_is_signed
from watchbell.domain.terms.reading import statement_from, terms_from
from watchbell.domain.terms.statements import (
    PAYLOAD_TYPE,
    Statement,
    StatementKind,
    admission,
    agreement,
    offer,
    signed_bytes,
    start,
)
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
    "Point",
    "Purpose",
    "Routing",
    "Safeguards",
    "Statement",
    "StatementKind",
    "Terms",
    "Unacceptable",
    "Way",
    "admission",
    "agreement",
    "differences",
    "in_plain_words",
    "offer",
    "signed_bytes",
    "start",
    "statement_from",
    "terms_from",
    "what_is_signed",
]
