"""Read what an evaluator signs about its own machines, in the only bytes it may be written in (RFC 8785)."""

from watchbell.domain.evaluation import containment_from
from watchbell.domain.terms import Statement
from watchbell.formats import engagement_statements
from watchbell.formats.engagement_statements import dumps

__all__ = ["MARK", "dumps", "loads"]

MARK = b'"statement":"watchbell-containment-1"'
"""What stands in the bytes of every such statement, and of no other one."""


def loads(payload: bytes) -> Statement:
    """Return the statement whose payload this is; raises Refused with a JSON pointer."""
    return engagement_statements.read(payload, containment_from)
