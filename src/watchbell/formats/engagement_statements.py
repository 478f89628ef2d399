"""Read what a party signs about an engagement: one of four statements, in the only bytes it may be written in.

Bytes that say the same in another way (a space, another order, a line's end) are refused: their signature would be
over something that nobody can make again from what it says. `docs/standards/engagement-statements.md` has the bytes.
"""

from collections.abc import Callable, Iterable
from typing import Any

from watchbell.domain.refusal import refuse
from watchbell.domain.terms import PAYLOAD_TYPE, Statement, Unacceptable, statement_from
from watchbell.formats import dsse, strictjson
from watchbell.formats.dsse import Check, Envelope


def loads(payload: bytes) -> Statement:
    """Return the statement whose payload this is; raises Refused with a JSON pointer."""
    return read(payload, statement_from)


def read(payload: bytes, statement_of: Callable[[Any], Statement]) -> Statement:
    """Return the statement that these bytes are, read by what knows its kind; raises Refused with a JSON pointer."""
    try:
        statement = statement_of(strictjson.loads(payload))
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


def signed(envelope: Envelope, *, trusted: Iterable[str], check: Check) -> tuple[Statement, frozenset[str]]:
    """Return the statement in an envelope and which of the trusted keys signed it, at least one.

    Raises Refused when none of them did, before anything is made of what the envelope holds.
    """
    keys = dsse.signers(envelope, payload_type=PAYLOAD_TYPE, trusted=trusted, check=check)
    if not keys:
        raise refuse(
            "not-signed",
            "No signature here was made with a key that is known for this.",
            place="/signatures",
            todo="Sign with the key whose public half the node holds, or register its public half first",
        )
    return loads(envelope.payload), keys
