"""How much of a product's name does a line say, and what does the line say beyond it?"""

from dataclasses import dataclass

from watchbell.domain.matching.equipment.catalogue import Catalogue, Entry
from watchbell.domain.matching.equipment.machine import Line

_SHORT = 3
"""Letters of a word that is more likely part of a model's name (LD, IRT, EEC) than a remark."""

_MOST_JOINED = 4
"""Missing atoms for which it is tried whether they were only written apart; a name that lacks more is another."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of the needed atoms is missing, what was said in vain, and how bold the comparison was.

    `by_family` when X-200 was taken for X204, `by_wildcard` when 22xx was taken for 2250.
    """

    missing: frozenset[str]
    beyond: frozenset[str]
    other_number: bool
    by_family: bool = False
    by_wildcard: bool = False


def cover(entry: Entry, line: Line, catalogue: Catalogue) -> Coverage:
    """Return how line and entry cover each other."""
    form = entry.form
    used: set[str] = set()
    missing = set(form.needed - line.said - line.years)
    if 0 < len(missing) <= _MOST_JOINED:
        _join(missing, form.needed, line.said, used)
    by_wildcard = bool(missing) and _fill(missing, line.said, used)
    by_family = bool(missing) and form.is_family and _round(missing, line.said, used)
    other_number = False
    for number, its_atoms in line.long_numbers:
        if number not in form.numbers and not any(len(one) > 1 for one in its_atoms & form.needed):
            other_number = True
            used |= its_atoms
    rest = line.telling - form.needed - form.may_say - used
    beyond = frozenset(one for one in rest if _counts(one, entry, catalogue))
    return Coverage(frozenset(missing), beyond, other_number, by_family, by_wildcard)


def _counts(atom: str, entry: Entry, catalogue: Catalogue) -> bool:
    """Return whether an atom that the product's name lacks may make it another product."""
    if atom.isdigit() or len(atom) <= _SHORT:
        return True
    return not entry.vendors.isdisjoint(catalogue.vocabulary.get(atom, ()))


def _join(missing: set[str], needed: frozenset[str], said: frozenset[str], used: set[str]) -> None:
    """Take "eco PN" for "ecoPN" and the other way round."""
    for word in sorted(missing):
        for at in range(1, len(word)):
            if word[:at] in said and word[at:] in said and not word.isdigit():
                missing.discard(word)
                used |= {word[:at], word[at:]}
    for one in sorted(missing):
        for other in sorted(needed - {one}):
            for joined in (one + other, other + one):
                if joined in said and joined.isalpha():
                    missing -= {one, other}
                    used.add(joined)


def _fill(missing: set[str], said: frozenset[str], used: set[str]) -> bool:
    """Take 2250 for 22xx."""
    places = next((one for one in sorted(missing) if set(one) == {"x"}), "")
    for known in sorted(one for one in missing if places and one.isdigit()):
        for given in sorted(said):
            if given.isdigit() and given.startswith(known) and len(given) == len(known) + len(places):
                missing -= {known, places}
                used.add(given)
                return True
    return False


def _round(missing: set[str], said: frozenset[str], used: set[str]) -> bool:
    """Take 204 for the 200 of a family."""
    for known in sorted(one for one in missing if one.isdigit() and len(one) >= 3 and one.endswith("00")):
        for given in sorted(said):
            if given.isdigit() and len(given) == len(known) and given[0] == known[0]:
                missing.discard(known)
                used.add(given)
                return True
    return False
