"""Two builds of a parser that differ in one check, grown from a seed, with an input for each thing to show."""

from collections.abc import Callable
from string import Template
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.suites.crash.envelopes import Worn, drawn
from watchbell.domain.suites.crash.families import ALL
from watchbell.domain.suites.crash.family import Family
from watchbell.domain.suites.draw import Draw

ENVELOPES: Final = {1: 0, 2: 1, 3: 1, 4: 2, 5: 3}
KINDS: Final = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}
"""Kinds of section; with more than one the format is one of several, the others right."""

HEAD: Final = '''
"""Reads the format $noun."""


class Malformed(Exception):
    """The input is not of this format; nothing is wrong with the parser."""
'''
SECTIONS: Final = '''
_KINDS = {
$table
}


def _sections(data):
    """Return kind, bytes and value of each section: a byte of kind, two of length, $order end first, then bytes."""
    at, found = 0, []
    while at < len(data):
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 3], "$order")
        body = data[at + 3 : at + 3 + size]
        if kind not in _KINDS or at + 3 + size > len(data):
            raise Malformed("no section")$rule
        found.append((kind, body, _KINDS[kind][0](body)))
        at += 3 + size
    if not found:
        raise Malformed("nothing")
    return found


def _sections_hold(data, value):
    """Return whether each section holds."""
    return all(_KINDS[kind][1](body, inner) for kind, body, inner in value)
'''
RULE: Final = """
        if (kind == $first) == bool(found):
            raise Malformed("wrong order")"""
END: Final = '''
def _opened(data):
    """Return what lies inside the envelopes."""
    if len(data) > 4096:
        raise Malformed("too long")
$opens    return data


def parse(data):
    """Return the value of these bytes. Raises Malformed, and nothing else, for bytes that are not of this format."""
    return $parse(_opened(data))


def holds(data, value):
    """Return whether a value is one that parse may return for these bytes."""
    return $holds(_opened(data), value)
'''


@record(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both builds, an input that both take, and one that breaks the flawed build alone."""

    flawed: str
    sound: str
    good: bytes
    breaks: bytes


@record(frozen=True, slots=True, kw_only=True)
class _Part:
    parse: str
    holds: str
    sound: str
    flawed: str
    good: bytes
    breaks: bytes


def pair(draw: Draw, family: Family, level: int) -> Pair:
    """Return the builds of a family at a level."""
    others = draw.several([one for one in ALL.values() if one is not family], KINDS[level] - 1)
    ill = _part(draw, family)
    parts = [ill, *(_part(draw, other) for other in others)]
    worn = drawn(draw, ENVELOPES[level])
    middle, parse, holds, good, breaks = _whole(draw, parts, level)
    head = Template(HEAD).substitute(noun=draw.word(7)).strip("\n")
    opens = "".join(f"    data = {one.name}(data)\n" for one in worn)
    end = Template(END).substitute(opens=opens, parse=parse, holds=holds).strip("\n")
    pieces = draw.shuffled([*(part.sound for part in parts), *(one.source for one in worn)])
    sound = "\n\n\n".join([head, *pieces, *middle, end]) + "\n"
    wrap = _wrapping(worn)
    return Pair(flawed=sound.replace(ill.sound, ill.flawed), sound=sound, good=wrap(good), breaks=wrap(breaks))


def _part(draw: Draw, family: Family) -> _Part:
    noun = draw.word(6)
    names = {"parse": f"_read_{noun}", "holds": f"_{noun}_holds", "walk": f"_walk_{noun}", "TABLE": f"_{noun.upper()}"}
    words = {**family.words(draw), **names}

    def text(check: str) -> str:
        filled = Template(check).substitute(words)
        return Template(family.source).substitute({**words, "check": filled}).strip("\n")

    return _Part(
        parse=names["parse"],
        holds=names["holds"],
        sound=text(family.sound),
        flawed=text(draw.one(family.flawed)),
        good=family.good(draw, words),
        breaks=family.breaks(draw, words),
    )


def _whole(draw: Draw, parts: list[_Part], level: int) -> tuple[list[str], str, str, bytes, bytes]:
    """Return what binds the parts, the two functions to ask, and the bytes of a good and of a breaking whole."""
    if len(parts) == 1:
        return [], parts[0].parse, parts[0].holds, parts[0].good, parts[0].breaks
    kinds = draw.several(range(1, 250), len(parts))
    order: str = draw.one(("big", "little"))
    table = [f"    {kind}: ({part.parse}, {part.holds})," for kind, part in zip(kinds, parts, strict=True)]
    rule = Template(RULE).substitute(first=kinds[1]) if level > 3 else ""
    middle = Template(SECTIONS).substitute(table="\n".join(draw.shuffled(table)), order=order, rule=rule).strip("\n")

    def section(at: int, body: bytes) -> bytes:
        size = len(body).to_bytes(2, "little" if order == "little" else "big")
        return bytes((kinds[at],)) + size + body

    first = section(1, parts[1].good)
    more = b"".join(section(at, parts[at].good) for at in range(2, len(parts)))
    good, breaks = (first + section(0, body) + more for body in (parts[0].good, parts[0].breaks))
    return [middle], "_sections", "_sections_hold", good, breaks


def _wrapping(worn: list[Worn]) -> Callable[[bytes], bytes]:
    def wrap(data: bytes) -> bytes:
        for one in reversed(worn):
            data = one.wrap(data)
        return data

    return wrap
