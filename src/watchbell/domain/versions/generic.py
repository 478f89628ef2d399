"""Which firmware comes first, where no registry says how? ("V8.1 SP3", "3.4.4 Build 16102416", "2.03b".)

Numbers compare as numbers; case, separators and zeros at the end do not count. At one
position, from low to high: alpha, beta, preview, rc, the end, build, hotfix, patch, update,
service pack, revision, any other word by letter, a number. Some vendors count builds and
revisions through and others start again, and nobody knows what another word means, so a
version with one has only a likely place: `is_ambiguous` says so, `compare` stays silent.
"2.3 and below" is a range and "2.x" a wish; neither is a version.
"""

import re
from itertools import zip_longest

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(r"[0-9A-Za-z .,:;/()\[\]#+_-]++")
_TOKEN = re.compile(r"[0-9]+|[a-z]+")
_LEADING = frozenset(
    {"v", "ver", "vers", "version", "fw", "firmware", "sw", "software", "release", "rel", "r", "rev", "revision"}
)
_NOT_OF_A_VERSION = frozenset(
    {
        *("x", "xx", "all", "and", "any", "before", "below", "above", "earlier", "from", "later", "less", "newer"),
        *("older", "or", "prior", "than", "through", "to", "until", "up", "versions", "with", "without"),
    }
)
_RANKS = {
    "alpha": b"\x01", "beta": b"\x02", "pre": b"\x03", "preview": b"\x03", "cr": b"\x04", "rc": b"\x04",
    "bld": b"\x09", "build": b"\x09", "hf": b"\x0a", "hotfix": b"\x0a", "p": b"\x0b", "patch": b"\x0b",
    "u": b"\x0c", "upd": b"\x0c", "update": b"\x0c", "sp": b"\x0d", "rev": b"\x0e", "revision": b"\x0e",
}  # fmt: skip
_UNCERTAIN = frozenset({"bld", "build", "rev", "revision"})
_END, _OTHER = b"\x08", b"\x10"


def key(version: str) -> bytes:
    """Return the key of a firmware-style version; raises Unparsable, also for a range or a wish."""
    return b"".join(map(_encoded, _tokens(version))) + _END


def is_ambiguous(version: str) -> bool:
    """Return whether this version's place depends on what its vendor means by a word; raises Unparsable."""
    tokens = _tokens(version)
    return any(_is_uncertain(tokens, at) for at in range(len(tokens)))


def compare(one: str, other: str) -> int | None:
    """Return -1, 0 or 1, or None where the first difference is a word that only the vendor could explain."""
    left, right = _tokens(one), _tokens(other)
    for at, (a, b) in enumerate(zip_longest(map(_encoded, left), map(_encoded, right), fillvalue=_END)):
        if a != b:
            return None if _is_uncertain(left, at) or _is_uncertain(right, at) else (a > b) - (a < b)
    return 0


def _encoded(token: str) -> bytes:
    if token.isdigit():
        return NUMBERS[token]
    return _RANKS.get(token) or _OTHER + token.encode() + b"\x00"


def _is_uncertain(tokens: list[str], at: int) -> bool:
    """Return whether this is such a word; a letter at the end counts revisions (2.3b), one before a number may not."""
    if at >= len(tokens) or tokens[at].isdigit():
        return False
    word = tokens[at]
    return word in _UNCERTAIN or (word not in _RANKS and (len(word) > 1 or at + 1 < len(tokens)))


def _tokens(version: str) -> list[str]:
    """Return numbers and words in small letters, without what only announces a number and zeros that say nothing."""
    if _SHAPE.fullmatch(version) is None:
        raise Unparsable(version, "generic")
    tokens = _TOKEN.findall(version.lower().replace("service pack", "sp"))
    while tokens and tokens[0] in _LEADING:
        del tokens[0]
    if not tokens or not tokens[0].isdigit() or not _NOT_OF_A_VERSION.isdisjoint(tokens):
        raise Unparsable(version, "generic")
    kept: list[str] = []
    for part in tokens:
        if not part.isdigit():
            _drop_zeros(kept)
        if part != "v":
            kept.append(part)
    _drop_zeros(kept)
    return kept


def _drop_zeros(kept: list[str]) -> None:
    while kept and not kept[-1].strip("0"):
        kept.pop()
