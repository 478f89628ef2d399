"""Take a field out of a parsed document, or say exactly where it is not what it should be.

`place` is the JSON pointer (RFC 6901) of the object that holds the field; "" is the root.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence

Json = dict[str, Any]

_WORDS = {
    str: Sentence("a text"),
    dict: Sentence("an object"),
    list: Sentence("a list"),
    int: Sentence("a whole number"),
    float: Sentence("a number"),
    bool: Sentence("true or false"),
}


def pointer(place: str, *parts: str | int) -> str:
    """Return the JSON pointer of a part below `place`, escaped as RFC 6901 asks."""
    return place + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def wrong_type(place: str, expected: type, found: object) -> Refused:
    """Return the refusal for a value of another JSON type than the standard gives it."""
    message = Sentence(
        "Expected {wanted}, found {found}.", wanted=_WORDS[expected], found=_WORDS.get(type(found), "null")
    )
    return refuse("wrong-type", message, place=place or "/", todo="Correct this field and send the document again")


def missing(place: str, key: str) -> Refused:
    """Return the refusal for a field the standard requires."""
    return refuse(
        "missing-field",
        Sentence('The field "{key}" is required.', key=key),
        place=pointer(place, key),
        todo="Add the field",
    )


def root(value: Any) -> Json:
    """Return `value` as the document's object, or refuse."""
    if type(value) is not dict:
        raise wrong_type("", dict, value)
    return value


def text(holder: Json, key: str, place: str = "") -> str:
    """Return the text at `key`; "" when it is absent or null."""
    value = holder.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        raise wrong_type(pointer(place, key), str, value)
    return value


def required_text(holder: Json, key: str, place: str = "") -> str:
    """Return the text at `key`, which must be there and not be blank."""
    value = text(holder, key, place)
    if not value.strip():
        raise missing(place, key)
    return value


def mapping(holder: Json, key: str, place: str = "") -> Json:
    """Return the object at `key`; an empty one when it is absent or null."""
    value = holder.get(key)
    if value is None:
        return {}
    if type(value) is not dict:
        raise wrong_type(pointer(place, key), dict, value)
    return value


def items(holder: Json, key: str, place: str = "") -> list[Any]:
    """Return the list at `key`; an empty one when it is absent or null."""
    value = holder.get(key)
    if value is None:
        return []
    if type(value) is not list:
        raise wrong_type(pointer(place, key), list, value)
    return value


def objects(holder: Json, key: str, place: str = "") -> Iterator[tuple[Json, str]]:
    """Yield each object of the list at `key` with its own pointer."""
    for index, value in enumerate(items(holder, key, place)):
        where = pointer(place, key, index)
        if type(value) is not dict:
            raise wrong_type(where, dict, value)
        yield value, where


def only(holder: Json, known: Iterable[str], place: str = "") -> None:
    """Refuse a field that is none of the known ones and is not named `x_...`, so that a misspelt one is noticed."""
    for key in holder:
        if key not in known and not key.startswith("x_"):
            todo = Sentence('Correct the name, or call it "{kept}" to have it kept', kept=f"x_{key[:40]}")
            message = Sentence("We do not know the field {key}.", key=repr(key[:40]))
            raise refuse("unknown-field", message, place=pointer(place, key), todo=todo)


def texts(holder: Json, key: str, place: str = "") -> tuple[str, ...]:
    """Return the texts of the list at `key`."""
    values = items(holder, key, place)
    for index, value in enumerate(values):
        if type(value) is not str:
            raise wrong_type(pointer(place, key, index), str, value)
    return tuple(values)


def unsupported(what: str, found: str, supported: str, *, place: str = "") -> Refused:
    """Return the refusal for a version or kind of document we do not read (never a guess)."""
    shown = found[:60] or Sentence("without a version")
    message = Sentence("Unsupported version: {what} {found}.", what=what, found=shown)
    todo = "Export it again in a supported version"
    return refuse(
        "unsupported-version",
        message,
        place=place,
        expected=Sentence("Supported: {supported}", supported=supported),
        todo=todo,
    )
