"""How do bytes from outside become a list of what somebody runs? Through the bounded reader, by their shape."""

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from watchbell.domain.refusal import refuse
from watchbell.outside.reader import UPLOAD, Limits, open_document

_MARK = b"\xef\xbb\xbf"


class Kind(StrEnum):
    """A bill of materials for one asset, or a table of many."""

    BILL = "bill of materials"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Taken:
    """One document, inflated, and what its first letter says it is; its codec decides whether it can be read."""

    content: bytes
    kind: Kind


def take(source: BinaryIO | bytes, *, name: str, limits: Limits = UPLOAD) -> Taken:
    """Return the one document in what was sent; compressed ones are inflated within the limits. Raises Refused."""
    members = open_document(source, name, limits)
    content = next(members).content()
    if next(members, None) is not None:
        raise refuse("one-document", "The archive holds several documents.", place=name, todo="Send them one by one")
    first = content.removeprefix(_MARK).lstrip()[:1]
    return Taken(content, Kind.BILL if first in (b"{", b"[", b"<") else Kind.TABLE)
