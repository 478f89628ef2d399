"""Read what an evaluator signs about its own machines, in the only bytes it may be written in (RFC 8785)."""

from watchbell.domain.evaluation import containment_from
from watchbell.domain.refusal import refuse
from watchbell.domain.terms import Statement, Unacceptable
from watchbell.formats import strictjson

MARK = b'"statement":"watchbell-containment-1"'
"""What stands in the bytes of every such statement, and of no other one."""


def loads(payload: bytes) -> Statement:
    """Return the statement whose payload this is; raises Refused with a JSON pointer."""
    try:
        statement = containment_from(strictjson.loads(payload))
    except Unacceptable as error:
        raise refuse("wrong-value", str(error.why), place=error.place) from None
    if statement.payload != payload:
        raise refuse(
            "not-canonical",
            "The statement is not written as it is signed (RFC 8785).",
            expected="No space, no line's end, fields in order",
            todo="Download it from the node again, and sign the file as it came",
        )
    return statement


def dumps(statement: Statement) -> bytes:
    """Return the payload: canonical bytes, the same for equal statements."""
    return statement.payload
