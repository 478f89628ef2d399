"""Take entries out of a parsed lock file, softly: a wrong shape counts as an entry that cannot be read."""

from collections.abc import Iterator
from typing import Any

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields
from watchbell.formats.fields import Json
from watchbell.formats.sbom import Collected

CUT_OFF = Sentence("The list ends too early; it may be cut off.")
"""For lists whose last part is always written and is not there."""


def each(document: Json, key: str, found: Collected, place: str = "") -> Iterator[tuple[Json, str]]:
    """Yield each object of the list at `key` with its pointer; others are counted as unreadable."""
    for index, one in enumerate(fields.items(document, key, place)):
        where = f"{place}/{key}/{index}"
        if isinstance(one, dict):
            yield one, where
        else:
            found.unreadable(str(one), where)


def named(document: Json, key: str, found: Collected, place: str = "") -> Iterator[tuple[str, Json, str]]:
    """Yield (key, object, pointer) of each object in the object at `key`; others are counted as unreadable."""
    for name, one in fields.mapping(document, key, place).items():
        where = fields.pointer(place, key, name)
        if isinstance(one, dict):
            yield name, one, where
        else:
            found.unreadable(name, where)


def said(holder: Any, key: str) -> str:
    """Return the text at `key`; "" where there is no object, nothing or something else."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value.strip() if isinstance(value, str) else ""


def note_missing(needed: set[str], listed: set[str], found: Collected) -> None:
    """Note what entries need and the list does not have: the sign of a list that was cut off or edited."""
    for name in sorted(needed - listed)[:100]:
        message = Sentence("{name} is needed by something on the list and is not on it.", name=repr(name[:100]))
        found.note("missing-package", message, "")


def unsupported(what: str, found: object, supported: str, place: str) -> Refused:
    """Return the refusal for a version of a lock file that nobody has taught us yet."""
    return fields.unsupported(what, str(found), supported, place=place)


def not_toml(why: str, place: str) -> Refused:
    """Return the refusal for a text that TOML's parser will not have."""
    return refuse("not-toml", Sentence("This is not TOML: {why}.", why=why), place=place)
