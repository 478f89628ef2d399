"""How does an advisory's product name read, so that a line of a list can be laid beside it?

A name that lists several models ("NPort 5210 5230 and 5232") becomes one form for each.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watchbell.domain.matching.equipment.words import (
    FAMILY,
    NOISE,
    SHORTEST_NUMBER,
    TRAILING,
    WEAK,
    atoms,
    compact,
)

MOST_FORMS = 24
"""Forms of one name; a name that lists more models is read as one."""

_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_RELEASE = re.compile(
    r"(?<![\w.-])(?:v(?:ersion)?\.? ?([0-9]+(?:\.[0-9]+)*)|([0-9]+\.[0-9]+(?:\.[0-9]+)*))(?![\w-])", re.I
)
_AND_OTHERS = re.compile(r"\b(?:and|or) (?:below|prior|earlier|older|lower|newer|later|higher|above|up)\b", re.I)
_LATER = re.compile(r"\b(?:newer|later|higher|above|up)\b", re.I)
_SERIAL = re.compile(r"\bthe first [0-9]+ digits of serial no\.?", re.I)
_WILD = re.compile(r"(?<=[0-9])x+\b|\bx+(?=[0-9])|[*?]", re.I)
_OR = frozenset({"and", "or", "&"})


@dataclass(frozen=True, slots=True)
class Form:
    """One way to name a product: what must be said, what may be, and what holds for its order numbers and releases.

    `needed` are atoms without which it is another product, `may_say` those of brackets, brands
    and weak words; `releases` are versions that belong to the name (OpenPCS 7 V8.2);
    `is_open` when it goes on with "and earlier" (then `older`) or "and later".
    """

    needed: frozenset[str]
    may_say: frozenset[str]
    bracketed: frozenset[str]
    numbers: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]
    releases: tuple[tuple[str, ...], ...]
    is_family: bool
    is_open: bool
    older: bool


def forms_of(name: str, model_numbers: tuple[str, ...], vendor_atoms: frozenset[str], brands: set[str]) -> list[Form]:
    """Return the forms of a name with its model numbers; `vendor_atoms` name the vendor and need no repeating."""
    bare, inside = _split_brackets(_SERIAL.sub(" ", name))
    numbers, patterns = _numbers((*model_numbers, *filter(_is_order_number, inside)))
    bracketed = " ".join(one for one in inside if compact(one) not in numbers)
    is_open = _AND_OTHERS.search(bare) is not None
    older = is_open and _LATER.search(bare) is None
    releases = tuple(tuple(atoms(one or other)) for one, other in _RELEASE.findall(bare))
    found = []
    for words in _alternatives(_RELEASE.sub(" ", _AND_OTHERS.sub(" ", bare))):
        said = atoms(" ".join(words))
        while said and said[-1] in TRAILING:
            said.pop()
        is_family = not FAMILY.isdisjoint(said) or "series" in atoms(" ".join(words))[len(said) :]
        useful = [one for one in said if one not in NOISE]
        needed = frozenset(useful) - brands - WEAK - vendor_atoms or frozenset(useful) - WEAK or frozenset(useful)
        optional = frozenset(said) | frozenset(atoms(bracketed)) | frozenset(one for each in releases for one in each)
        found.append(
            Form(
                needed=needed,
                may_say=optional - needed,
                bracketed=frozenset(atoms(bracketed)) - NOISE - needed,
                numbers=numbers,
                patterns=patterns,
                releases=releases,
                is_family=is_family,
                is_open=is_open,
                older=older,
            )
        )  # fmt: skip
    return [one for one in found if one.needed]


def _split_brackets(name: str) -> tuple[str, list[str]]:
    inside = [one for one in _IN_BRACKETS.findall(name) if "variants" not in one.casefold()]
    return _IN_BRACKETS.sub(" ", name), inside


def _is_order_number(text: str) -> bool:
    return " " not in text.strip() and len(compact(text)) >= 8 and sum(map(str.isdigit, text)) >= 5


def _numbers(given: tuple[str, ...]) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Return order numbers as they are compared, and those with wildcards as patterns."""
    plain = frozenset(compact(one) for one in given if not _WILD.search(one))
    wild = [_pattern(one) for one in given if _WILD.search(one)]
    return frozenset(one for one in plain if len(one) >= SHORTEST_NUMBER), tuple(one for one in wild if one)


def _pattern(number: str) -> re.Pattern[str] | None:
    """Return `*` as anything, `?` and `x` beside a digit as one place; None for one that says too little."""
    kept = re.sub(
        r"[^0-9a-z*?]", "", _WILD.sub(lambda one: one[0].replace("x", "?").replace("X", "?"), number).casefold()
    )
    if len(kept.replace("*", "").replace("?", "")) < SHORTEST_NUMBER - 1:
        return None
    return re.compile("".join({"*": "[0-9a-z]*", "?": "[0-9a-z]"}.get(one, one) for one in kept))


def _alternatives(name: str) -> Iterator[list[str]]:
    """Yield the name once for each model it lists: neighbours of one shape stand for each other."""
    groups: list[list[str]] = []
    for word in name.replace(",", " ").split():
        if word.casefold() in _OR:
            continue
        parts = word.split("/")
        several = len(parts) > 1 and all(len(one) > 2 and any(map(str.isdigit, one)) for one in parts)
        for at, part in enumerate(parts if several else [word]):
            is_other = groups and _is_model(part) and (at > 0 or _shape(groups[-1][-1]) == _shape(part))
            if is_other:
                groups[-1].append(part)
            else:
                groups.append([part])
    count = 1
    for group in groups:
        count *= len(group)
    if count > MOST_FORMS:
        yield name.split()
        return
    for number in range(count):
        chosen = []
        for group in groups:
            number, at = divmod(number, len(group))
            chosen.append(group[at])
        yield chosen


def _is_model(word: str) -> bool:
    return sum(map(str.isdigit, word)) >= 3


def _shape(word: str) -> str:
    return re.sub(r"[a-z]+", "a", re.sub(r"[0-9]", "9", compact(word)))
