"""Which Maven artifact comes first? (Maven's "version order specification".)

A version is numbers and words joined by dots and hyphens; a change between digit and
letter is a hyphen. `0`, `final`, `ga` and `release` before a hyphen or the end say
nothing. At one position, from low to high: words from alpha to snapshot, the end, `sp`
and other words, `-number`, `.number`; a word after a dot is below the same after a
hyphen, unless a zero stands before that dot: before a hyphen it says nothing, there it
is compared. How a run of `.0` sorts depends on what follows it.

Maven itself departs from its specification: it reads `1.0.RC1` as `1.0-RC1`, and for some
shapes its answers go in a circle, which no key can follow. We keep the specification's
order; `is_ambiguous` names the shapes, and `maven_pairs` gives Maven's own answer.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*+")
_TOKEN = re.compile(r"([.-]?)([0-9]+|[^0-9.-]+|(?=[.-]|\Z))")
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_KNOWN = {
    "alpha": 1,
    "beta": 2,
    "milestone": 3,
    "rc": 4,
    "cr": 4,
    "snapshot": 5,
    "": 6,
    "final": 6,
    "ga": 6,
    "release": 6,
    "sp": 7,
}
_NOTHING, _OTHER = 6, 8
_SAYS_NOTHING = frozenset(word for word, rank in _KNOWN.items() if rank == _NOTHING)
_DOT_EARLY, _HYPHEN_EARLY, _ZEROS_THEN_EARLY, _END = b"\x02", b"\x03", b"\x04", b"\x10"
_DOT_LATER, _HYPHEN_LATER, _HYPHEN_NUMBER, _ZEROS_THEN_LATER, _ZEROS_THEN_NUMBER = (
    b"\x11",
    b"\x12",
    b"\x13",
    b"\x14",
    b"\x20",
)
_ZERO = NUMBERS["0"]
_DIGITS = frozenset("0123456789")
_GAP = re.compile(r"[.-]{2}")
_PLAIN = re.compile(r"[0-9]++(?:\.[0-9]++)*+")


def key(version: str) -> bytes:
    """Return the key of a Maven version; raises Unparsable."""
    if _SHAPE.fullmatch(version) is None:
        raise Unparsable(version, "Maven")
    parts = version.split(".")
    if all(map(str.isdigit, parts)):
        return _encoded(_trimmed([(".", part) for part in parts]))
    return _encoded(_trimmed(_tokens(version.lower())))


def is_ambiguous(version: str) -> bool:
    """Return whether Maven may order this version otherwise than its specification.

    So it may where a word follows a dot, where nothing stands between two separators, and
    where a part that says nothing stands after a hyphen and before more.
    """
    if _PLAIN.fullmatch(version):
        return False
    if _GAP.search(version):
        return True
    tokens = _tokens(version.lower())
    _drop_nothing(tokens)
    return any(token[0] not in _DIGITS if separator == "." else _says_nothing(token) for separator, token in tokens)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (separator, token); an empty token is 0, and a change between digits and letters is a hyphen."""
    found: list[tuple[str, str]] = []
    end = 0
    for match in _TOKEN.finditer(text):
        separator, token = match.groups()
        if match.end() == end and not separator and found:
            continue
        if found and token[:1].isdigit() and not separator and found[-1][1] in _SHORT:
            found[-1] = (found[-1][0], _SHORT[found[-1][1]])
        found.append((separator or ("-" if found else "."), token or "0"))
        end = match.end()
    return found


def _trimmed(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the tokens without those that say nothing, at the end and before each hyphen."""
    kept: list[tuple[str, str]] = []
    for separator, token in tokens:
        if separator == "-":
            _drop_nothing(kept)
        kept.append((separator, token))
    _drop_nothing(kept)
    return kept


def _drop_nothing(kept: list[tuple[str, str]]) -> None:
    while kept and _says_nothing(kept[-1][1]):
        kept.pop()


def _says_nothing(token: str) -> bool:
    return token in _SAYS_NOTHING or not token.strip("0")


def _encoded(tokens: list[tuple[str, str]]) -> bytes:
    out = bytearray()
    zeros = 0
    for separator, token in tokens:
        if not token[0].isdigit():
            out += _word(separator, token, zeros)
            zeros = 0
        elif separator == "-":
            out += _HYPHEN_NUMBER + NUMBERS[token]
        elif (number := NUMBERS[token]) == _ZERO:
            zeros += 1
        else:
            out += (_ZEROS_THEN_NUMBER + (0xFFFF - zeros).to_bytes(2, "big") if zeros else b"") + number
            zeros = 0
    return bytes(out + _END)


def _word(separator: str, word: str, zeros: int) -> bytes:
    """Return a word by its rank, others after the known ones and by letter."""
    rank = _KNOWN.get(word, _OTHER)
    text = bytes([rank]) + (word.encode() + b"\x00" if rank == _OTHER else b"")
    if separator == "-":
        return (_HYPHEN_EARLY if rank < _NOTHING else _HYPHEN_LATER) + text
    alone, after_zeros = (_DOT_EARLY, _ZEROS_THEN_EARLY) if rank < _NOTHING else (_DOT_LATER, _ZEROS_THEN_LATER)
    return (after_zeros + zeros.to_bytes(2, "big") if zeros else alone) + text
