"""What is handed in, item by item, and what is answered for each? Values only; `services` decides and keeps.

An answer is kept as canonical JSON, so that the same upload gets the same answers
whenever it is sent again, and a page can say a refusal in its reader's language.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from watchbell.apps.findings.words import Channel, Outcome, UploadFormat
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import Refusal
from watchbell.domain.sentence import Sentence
from watchbell.formats import strictjson
from watchbell.formats.claimed import Claimed, Item, NotTaken

__all__ = ["Claimed", "Item", "ItemResult", "NotTaken", "Upload", "kept", "told"]

MANY_ITEMS: Final = 500
"""Items of an upload that are taken in at once: a tenth of a second; with more, a job does it."""

MUCH: Final = 1024 * 1024
"""Bytes of an upload that is taken in at once; one that is larger may hold few items, each of them long to read."""

PUBLIC: Final = "public"
CONSOLE: Final = "console"
"""Who hands in when no organisation does."""

_LONGEST_SAID: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload as received; `items` reads it from its beginning each time it is called.

    Unmarked means TLP:AMBER+STRICT, and TLP:AMBER for the public form. `set_aside` counts what its
    own author took back or called no flaw; `number` the items, where that is known without reading
    them all. See `reading.upload` for files.
    """

    content: bytes
    items: Callable[[], Iterable[Item]]
    format: UploadFormat
    channel: Channel
    key: str = ""
    marking: Tlp | None = None
    set_aside: int = 0
    number: int | None = None

    @property
    def total(self) -> int:
        """Return how many items there are."""
        return sum(1 for _ in self.items()) if self.number is None else self.number

    @property
    def is_large(self) -> bool:
        """Return whether taking it in is too much for somebody who waits for the answer."""
        return len(self.content) > MUCH or self.total > MANY_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item; `differs` when your item of this id is here with other words."""

    place: str
    outcome: Outcome
    item_id: str = ""
    finding: str = ""
    differs: bool = False
    needs_evidence: bool = False
    refusal: Refusal | None = None


def kept(results: Sequence[ItemResult]) -> bytes:
    """Return the answers as the canonical bytes that a row keeps."""
    return canonical([_plain(one) for one in results])


def told(octets: bytes) -> list[ItemResult]:
    """Return the answers that `kept` wrote."""
    return [_result(one) for one in strictjson.loads(octets)]


def _plain(result: ItemResult) -> dict[str, Any]:
    """Return what differs from nothing said."""
    said: dict[str, Any] = {"place": result.place, "outcome": result.outcome.value}
    for name in ("item_id", "finding", "differs", "needs_evidence"):
        if value := getattr(result, name):
            said[name] = value
    if result.refusal is not None:
        said["refusal"] = {
            one.name: _packed(text) for one in fields(Refusal) if (text := getattr(result.refusal, one.name))
        }
    return said


def _packed(text: str) -> Any:
    """Return a text of ours, which may quote what was sent, as JSON can hold it and `strictjson` reads it."""
    if isinstance(text, Sentence) and text.values:
        return {"packed": _clean(text.packed(_LONGEST_SAID))}
    return _clean(text)


def _clean(text: str) -> str:
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def _result(said: dict[str, Any]) -> ItemResult:
    why = said.pop("refusal", None)
    refusal = Refusal(**{name: _said(text) for name, text in why.items()}) if why else None
    return ItemResult(**(said | {"outcome": Outcome(said["outcome"])}), refusal=refusal)


def _said(text: Any) -> str:
    return Sentence.unpacked(text["packed"]) if isinstance(text, dict) else Sentence(text)
