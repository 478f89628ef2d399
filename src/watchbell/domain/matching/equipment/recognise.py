"""Which products of the advisories is this machine: exactly, probably, possibly, or can it not be told?

Exact needs the vendor by name and an order number or the full name. Probable lacks one
certainty (a bracket, a slip of a letter, a vendor only implied). Possible is a question
for a person; its version is never a reason to call the machine safe.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from watchbell.domain.matching.equipment.answers import Match, Recognition, match_of
from watchbell.domain.matching.equipment.catalogue import Catalogue, Entry
from watchbell.domain.matching.equipment.machine import Line, Machine, read
from watchbell.domain.matching.equipment.verdicts import ORDER, Verdict, by_vendor, of_name, of_number, of_release
from watchbell.domain.matching.equipment.words import atoms
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.sentence import Sentence

MOST_QUESTIONS = 20
"""Possible matches that are handed on; how many more there are is said."""


def recognise(machine: Machine, catalogue: Catalogue) -> Recognition:
    """Return the products this machine may be, the surest first; none found is never "not affected"."""
    line = read(machine, catalogue)
    found: list[tuple[Verdict, Entry]] = []
    by_number = dict(_by_number(line, catalogue))
    for at, its_atoms in by_number.items():
        found.extend(_kept(of_number(catalogue.entries[at], line, its_atoms), catalogue.entries[at]))
    for at in _candidates(line, catalogue):
        if at not in by_number:
            entry = catalogue.entries[at]
            found.extend(_kept(of_name(entry, line, catalogue), entry))
    found.extend(_by_beginning(line, catalogue, by_number))
    return _said(machine, line, _best(_unless_alone(found)))


def _kept(verdict: Verdict | None, entry: Entry) -> list[tuple[Verdict, Entry]]:
    return [(verdict, entry)] if verdict else []


def _candidates(line: Line, catalogue: Catalogue) -> Iterator[int]:
    """Yield entries whose name the line says nearly whole, or which say nearly all that the line tells."""
    hits: Counter[int] = Counter()
    for atom in line.said:
        hits.update(catalogue.by_atom.get(atom, ()))
    known = sum(atom in catalogue.by_atom for atom in line.telling)
    for at, count in sorted(hits.items()):
        entry = catalogue.entries[at]
        if count >= min(len(entry.form.needed) - 2, known - 1) and by_vendor(entry, line) is not None:
            yield at


def _by_number(line: Line, catalogue: Catalogue) -> Iterator[tuple[int, frozenset[str]]]:
    for number, its_atoms in line.numbers:
        for at in catalogue.by_number.get(number, ()):
            yield at, its_atoms
    for pattern, at in catalogue.patterns:
        # neighbours are not joined here: an open end would take in any word that follows
        for word in line.words:
            if pattern.fullmatch(word):
                yield at, frozenset(atoms(word))


def _by_beginning(line: Line, catalogue: Catalogue, done: dict[int, frozenset[str]]) -> Iterator[tuple[Verdict, Entry]]:
    """Yield products whose order number begins with one of the line's, unless the line has a whole one."""
    for number, _ in () if done else line.numbers:
        for at in catalogue.by_beginning.get(number, ()):
            entry = catalogue.entries[at]
            if at not in done and by_vendor(entry, line) is not None and of_release(entry, line) is not False:
                yield (
                    Verdict(Tier.POSSIBLE, Sentence("the order number is only the beginning of the record's"), 50),
                    entry,
                )


def _unless_alone(found: list[tuple[Verdict, Entry]]) -> list[tuple[Verdict, Entry]]:
    """Return the verdicts, with those that other products would fit as well turned into questions."""
    names = {entry.form.needed for verdict, entry in found}
    if len(names) == 1:
        return found
    why = Sentence("more than one product fits what the line says")
    return [
        (Verdict(Tier.POSSIBLE, why, verdict.substance), entry) if verdict.is_if_alone else (verdict, entry)
        for verdict, entry in found
    ]


def _best(found: Iterable[tuple[Verdict, Entry]]) -> list[tuple[Verdict, Entry]]:
    return sorted(found, key=_place)


def _place(one: tuple[Verdict, Entry]) -> tuple[int, int, list[str]]:
    verdict, entry = one
    return ORDER[verdict.tier], -verdict.substance, sorted(f"{each.record} {each.name}" for each in entry.listed)


def _said(machine: Machine, line: Line, found: list[tuple[Verdict, Entry]]) -> Recognition:
    """Return the verdicts as matches, one for each product of each record, the surest reading of it."""
    made: dict[int, Match] = {}
    sure = [one for one in found if one[0].tier is not Tier.POSSIBLE]
    asked = [one for one in found if one[0].tier is Tier.POSSIBLE]
    some = asked[:MOST_QUESTIONS]
    for verdict, entry in (*sure, *some):
        for listed in sorted(entry.listed, key=lambda each: each.record):
            if id(listed) not in made:
                made[id(listed)] = match_of(machine, listed, verdict.tier, verdict.why, line.version)
    matches = tuple(made.values())
    if not matches:
        return Recognition((), because=_nothing(line), version=line.version)
    return Recognition(matches, len(asked) - len(some), version=line.version)


def _nothing(line: Line) -> Sentence:
    if line.telling or line.numbers:
        return Sentence("no record names this; whether one means it by another name cannot be told")
    return Sentence("the line names no product; give the product's name or its order number")
