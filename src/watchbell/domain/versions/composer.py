"""Which PHP package comes first? (Composer: versions are normalised, then compared as PHP's version_compare does.)

Composer writes every version with four numbers, so 1.0 is 1.0.0.0 and lies above
1.0.0-beta, which PHP alone would not say. `1.2.x-dev` is the far end of 1.2. At one
position, from low to high: a word PHP does not know, dev, alpha, beta, RC, the end, a
number, patch; words of one kind are equal. A branch (`dev-main`) has no place. What
Composer refuses is put in the same order as well as can be, and its key ends in another byte.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_MODIFIER = r"[._-]?(?:(?P<word>stable|beta|b|rc|alpha|a|patch|pl|p)(?P<count>(?:[.-]?\d+)*+)?)?(?P<dev>[.-]?dev)?"
_SPELLING = re.ASCII | re.IGNORECASE
_NUMBERED = re.compile(rf"v?(?P<numbers>\d{{1,5}}(?:\.\d++){{0,3}}){_MODIFIER}", _SPELLING)
_DATED = re.compile(rf"v?(?P<numbers>\d{{4}}(?:[.:-]?\d{{2}}){{1,6}}(?:[.:-]?\d{{1,3}})?){_MODIFIER}", _SPELLING)
_BRANCH = re.compile(r"v?(\d++(?:\.(?:\d++|[x*])){0,3})[.-]?dev", _SPELLING)
_NO_PLACE = re.compile(r"dev-.*|master|trunk|default", _SPELLING)
_STABILITY_FLAG = re.compile(r"@(?:stable|rc|beta|alpha|dev)\Z", _SPELLING)
_LENIENT = re.compile(r"v?([0-9]++(?:\.[0-9]++){0,3}+)((?![.]?[x*](?:[.+-]|\Z))[0-9A-Za-z.:#+_-]*+)", _SPELLING)
_PART = re.compile(r"[0-9]+|[A-Za-z]+")
_NON_DIGIT = re.compile(r"[^0-9]")
_LONG = {"a": "alpha", "b": "beta", "p": "patch", "pl": "patch", "rc": "RC"}
_RANKS = (("dev", 2), ("a", 3), ("b", 4), ("RC", 5), ("rc", 5), ("p", 0xFE))
_WORDS = {"dev": b"\x02", "alpha": b"\x03", "beta": b"\x04", "RC": b"\x05", "patch": b"\xfe"}
_UNKNOWN = b"\x01"
_REFUSED_END, _END = b"\x07", b"\x08"
_ZERO = NUMBERS["0"]
_FAR = NUMBERS["9999999"]


def key(version: str) -> bytes:
    """Return the key of a PHP package's version; raises Unparsable, also for a branch without numbers."""
    parts = version.split(".")
    if len(parts) <= 4 and len(parts[0]) <= 5 and version.isascii() and all(map(str.isdigit, parts)):
        return _four(parts) + _END
    text = _STABILITY_FLAG.sub("", version.strip())
    if " " in text or _NO_PLACE.fullmatch(text):
        raise Unparsable(version, "Composer")
    head, _, build = text.partition("+")
    plain = head if build else text
    if match := _NUMBERED.fullmatch(plain):
        return _four(match["numbers"].split(".")) + _modified(match)
    if match := _DATED.fullmatch(plain):
        return b"".join([NUMBERS[part] for part in _NON_DIGIT.sub(".", match["numbers"]).split(".")]) + _modified(match)
    if match := _BRANCH.fullmatch(plain):
        return _branch(match[1].split("."))
    return _refused(version, text)


def is_refused(key: bytes) -> bool:
    """Return whether Composer refuses this key's version, so that its place is only a convention."""
    return key[-1:] == _REFUSED_END


def _four(parts: list[str]) -> bytes:
    return b"".join([NUMBERS[part] for part in parts]) + _ZERO * (4 - len(parts))


def _modified(match: re.Match[str]) -> bytes:
    """Return the stability: `-beta2`, `-p1`, `-alpha1-dev`; only `stable` in small letters says nothing."""
    word, count, dev = match["word"], match["count"], match["dev"]
    if word == "stable":
        return _END
    out = b""
    if word:
        low = word.lower()
        out = _WORDS.get(_LONG.get(low, low), _UNKNOWN)
        out += b"".join([NUMBERS[part] for part in _PART.findall(count)]) if count else b""
    return out + (_WORDS["dev"] if dev else b"") + _END


def _branch(parts: list[str]) -> bytes:
    """Return the key of `1.2.x-dev`: each wildcard and each missing number is the highest there is."""
    places = [NUMBERS[part] if part.isdigit() else _FAR for part in parts]
    return b"".join(places) + _FAR * (4 - len(parts)) + _WORDS["dev"] + _END


def _refused(version: str, text: str) -> bytes:
    """Return four numbers and then every part as PHP reads it."""
    match = _LENIENT.fullmatch(text)
    if match is None:
        raise Unparsable(version, "Composer")
    rest = b"".join([NUMBERS[part] if part.isdigit() else _word(part) for part in _PART.findall(match[2])])
    return _four(match[1].split(".")) + rest + _REFUSED_END


def _word(word: str) -> bytes:
    """Return a word's rank as PHP sees it: only how it begins counts, and in which case."""
    return next((bytes([rank]) for start, rank in _RANKS if word.startswith(start)), _UNKNOWN)
