"""What is left of a name when case, punctuation and word order are not to count?

A text becomes atoms: runs of letters and runs of digits, so that "ET 200SP", "ET200-SP" and
"et200sp" are one. An order number is one word: its letters and digits in their order.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_LINE = 600
"""Characters of a field that are read; the longest product name of 389 advisories has 230."""

SHORTEST_NUMBER = 6
"""Characters of an order number; shorter ones (1756, S7) are names of families."""

_ATOM = re.compile(r"[0-9]+|[^\W\d_]+")
_WORD = re.compile(r"[^\s,;()\[\]]+")
_SKIPPED = re.compile(r"[^0-9a-z]+")
_VERSION = re.compile(
    r"(?:\b(?:firmware|version|release|ver|fw|sw|v)[\s.:_-]*(?=[0-9]))"
    r"[0-9]+(?:[._][0-9]+)*[a-z]?(?:[\s_+-]*(?:sp|upd|update|hf|build|patch)[\s.]*[0-9]+)*"
    r"|(?<![\w.+-])[0-9]+(?:\.[0-9]+)+[a-z]?(?:[\s_+-]*(?:sp|upd|update|hf|build|patch)[\s.]*[0-9]+)*(?![\w])",
    re.IGNORECASE,
)

NOISE = frozenset({
    "a", "all", "an", "and", "anlage", "any", "are", "art", "article", "artikel", "as", "at", "be", "below",
    "bestell", "building", "by", "cabinet", "cat", "catalog", "com", "controller", "controllers", "dcs", "der",
    "des", "device", "devices", "die", "discontinued", "earlier", "edition", "el", "en", "eol", "firmware", "floor",
    "for", "from", "fur", "fw", "hall", "having", "higher", "hmi", "ied", "in", "inc", "incl", "including",
    "installed", "is", "kvm", "la", "later", "le", "line", "lines", "los", "mit", "mlfb", "model", "module",
    "modules", "newer", "no", "nr", "number", "of", "older", "on", "or", "order", "ordernumber", "panel", "part",
    "plant", "plc", "prior", "product", "products", "pump", "ref", "release", "rev", "room", "rtu", "running",
    "schrank", "serial", "series", "sn", "station", "sw", "system", "systems", "technologies", "the", "to", "type",
    "und", "unit", "used", "v", "variant", "variants", "ver", "version", "versions", "with", "without",
})  # fmt: skip
"""Words that tell no product from another; a list of machines is full of them."""

WEAK = frozenset({"cpu", "family", "iq", "logic", "programmable", "standard", "switch", "switches"})
"""Words that may be missing from a line without leaving a doubt worth a question."""

FAMILY = frozenset({"families", "family"})
TRAILING = frozenset({"firmware", "fw", "series", "software"})
"""Words that say nothing at the end of a name; "series" there means all of it."""


def fold(text: str) -> str:
    """Return the text in small letters without accents; UTF-8 that was read as Latin is mended."""
    text = text[:LONGEST_LINE]
    if text.isascii():
        return text.lower()
    if "Ã" in text:
        text = _mended(text)
    whole = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(one for one in whole if not unicodedata.combining(one)).casefold()


def atoms(text: str) -> list[str]:
    """Return the runs of letters and of digits, in their order."""
    return _ATOM.findall(fold(text))


def compact(text: str) -> str:
    """Return letters and digits alone, as order numbers are compared."""
    return _SKIPPED.sub("", fold(text))


def versions_in(text: str) -> list[str]:
    """Return what reads like a version: "V4.2 SP1", "firmware 3", "4.10.2"."""
    return [found.group().strip() for found in _VERSION.finditer(text[:LONGEST_LINE])]


def without_versions(text: str) -> str:
    """Return the text with every version taken out."""
    return _VERSION.sub(" ", text[:LONGEST_LINE])


def numbers_in(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what may be an order number, compact, with its atoms: each word with digits, and words printed apart.

    "6ES7 315-2EH14-0AB0" is how a plate is printed, so up to three neighbours are joined as well.
    """
    words = _WORD.findall(text[:LONGEST_LINE])
    packed = [compact(word) for word in words]
    for at, one in enumerate(packed):
        joined, said = "", ""
        for more in range(at, min(at + 3, len(packed))):
            joined, said = joined + packed[more], said + " " + words[more]
            if len(joined) >= SHORTEST_NUMBER and any(map(str.isdigit, joined)) and one and packed[more]:
                yield joined, frozenset(atoms(said))


def is_close(word: str) -> Iterator[str]:
    """Yield the word and each form with one letter left out: two words that share one are a slip apart."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _mended(text: str) -> str:
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
