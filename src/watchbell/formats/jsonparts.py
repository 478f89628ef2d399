"""Cut a large JSON document into the items of its long lists and the rest, without building it whole.

Only brackets and strings are looked at here; the rest and each item are then read by `strictjson`,
so that nothing is believed of an item before it was parsed. A document that cannot be
walked is not cut at all, and the parser says what is wrong with it.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchbell.formats import strictjson

MOST_ITEMS = 1_000_000

_SPACES = rb"[ \t\r\n]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_TO_A_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+(?:([\[{])|[\]}])", re.DOTALL)
_KEY = re.compile(_SPACES + rb"(" + _STRING + rb")" + _SPACES + rb":" + _SPACES, re.DOTALL)
_SCALAR = re.compile(_STRING + rb"|[^\s,\[\]{}\":]++", re.DOTALL)
_SPACE = re.compile(_SPACES)
_NEXT = re.compile(_SPACES + rb"([,\]}])" + _SPACES)


class TooManyItems(ValueError):
    """A document holds more items than anything may."""


@dataclass(slots=True)
class Parts:
    """One document: `rest` is JSON in which each list that was cut out is empty; `lists` hold where its items stand.

    The key of a list is the number of its holder among those of the outer list.
    """

    octets: bytes = field(repr=False)
    rest: bytes = field(repr=False)
    lists: dict[int, "array[int]"] = field(default_factory=dict, repr=False)

    def items(self, holder: int) -> Iterator[bytes]:
        """Yield the bytes of each item of one list, in order."""
        spans = self.lists.get(holder, ())
        for index in range(0, len(spans), 2):
            yield self.octets[spans[index] : spans[index + 1]]


def cut(octets: bytes, outer: str, inner: str) -> Parts:
    """Return the document with `/outer/*/inner` cut out. Raises TooManyItems."""
    walk = _Walk(octets)
    lists: dict[int, array[int]] = {}
    gone: list[tuple[int, int]] = []
    try:
        walk.at = _past_space(octets, 0)
        for key in walk.members():
            if key != outer or not walk.stands_at(b"["):
                walk.skip()
                continue
            for index, _ in enumerate(walk.elements()):
                if walk.stands_at(b"{"):
                    _cut_holder(walk, inner, index, lists, gone)
                else:
                    walk.skip()
    except _Lost:
        return Parts(octets, octets)
    return Parts(octets, _without(octets, gone), lists)


def _cut_holder(
    walk: "_Walk", inner: str, index: int, lists: dict[int, "array[int]"], gone: list[tuple[int, int]]
) -> None:
    for key in walk.members():
        start = walk.at
        if key != inner or not walk.stands_at(b"["):
            walk.skip()
            continue
        if index in lists:  # twice the same key: the parser refuses it
            raise _Lost
        spans = lists[index] = array("Q")
        for _ in walk.elements():
            begun = walk.at
            walk.skip()
            spans.extend((begun, walk.at))
            if len(spans) > 2 * MOST_ITEMS:
                raise TooManyItems
        gone.append((start, walk.at))


def _without(octets: bytes, gone: list[tuple[int, int]]) -> bytes:
    kept, last = [], 0
    for start, end in gone:
        kept += [octets[last:start], b"[]"]
        last = end
    return b"".join([*kept, octets[last:]])


class _Lost(Exception):
    """This is no JSON, or not as it was expected to be."""


@dataclass(slots=True)
class _Walk:
    """A place in the bytes; whoever is given a key or an element moves past its value before asking for the next."""

    octets: bytes
    at: int = 0

    def stands_at(self, bracket: bytes) -> bool:
        return self.octets.startswith(bracket, self.at)

    def members(self) -> Iterator[str]:
        """Yield the key of each member of the object that stands here."""
        for _ in self._parts(b"{", b"}"):
            found = _KEY.match(self.octets, self.at)
            if found is None:
                raise _Lost
            self.at = found.end()
            yield self._text(found[1])

    def elements(self) -> Iterator[None]:
        """Yield at each element of the list that stands here."""
        return self._parts(b"[", b"]")

    def _parts(self, opening: bytes, closing: bytes) -> Iterator[None]:
        if not self.stands_at(opening):
            raise _Lost
        self.at = _past_space(self.octets, self.at + 1)
        if self.stands_at(closing):
            self.at += 1
            return
        while True:
            yield
            found = _NEXT.match(self.octets, self.at)
            if found is None:
                raise _Lost
            if found[1] != b",":
                if found[1] != closing:
                    raise _Lost
                self.at = found.end(1)
                return
            self.at = found.end()

    def skip(self) -> None:
        """Move past the value that stands here."""
        if not (self.stands_at(b"{") or self.stands_at(b"[")):
            found = _SCALAR.match(self.octets, self.at)
            if found is None:
                raise _Lost
            self.at = found.end()
            return
        depth = 0
        while found := _TO_A_BRACKET.match(self.octets, self.at):
            depth += 1 if found.lastindex else -1
            self.at = found.end()
            if not depth:
                return
        raise _Lost

    def _text(self, string: bytes) -> str:
        if b"\\" not in string:
            return string[1:-1].decode("utf-8", "replace")
        try:
            return str(strictjson.loads(string))
        except ValueError:
            raise _Lost from None


def _past_space(octets: bytes, at: int) -> int:
    found = _SPACE.match(octets, at)
    return found.end() if found else at
