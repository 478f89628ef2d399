"""How do bytes from outside become a list of what somebody runs? Through the bounded reader, by their shape."""

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from watchbell.domain.refusal import refuse
from watchbell.formats.installed import recognising
from watchbell.formats.sbom import SbomFormat
from watchbell.outside.reader import UPLOAD, Limits, open_document

_MARK = b"\xef\xbb\xbf"


class Kind(StrEnum):
    """A bill of materials or another list for one asset, or a table of many."""

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
    return Taken(content, _kind(content))


def _kind(content: bytes) -> Kind:
    """Return what the content looks like; text that is nothing we know is a table, whose reader says what is wrong."""
    head = content[: recognising.HEAD].removeprefix(_MARK).lstrip()
    if head[:1] in (b"{", b"[", b"<"):
        return Kind.BILL
    text = head.decode("utf-8", errors="replace")
    is_list = recognising.is_toml(text) or recognising.of_text(text) not in (None, SbomFormat.CSV)
    return Kind.BILL if is_list else Kind.TABLE
