"""Every product that the advisories of one snapshot name, ready to be looked up by any word of it."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchbell.domain.matching.equipment.forms import Form, forms_of
from watchbell.domain.matching.equipment.vendors import VendorBook
from watchbell.domain.matching.equipment.words import NOISE, atoms, is_close
from watchbell.domain.matching.products import ProductClaim, ProductName
from watchbell.domain.matching.ranges import Ranges

_SHORTEST_SLIP = 5
"""Letters a word must have for one slip in it to be forgiven."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One product of one record: every range the record gives for it, by whichever of its flaws."""

    record: str
    product: ProductName
    ranges: tuple[Ranges, ...]
    within: tuple[ProductName, ...] = ()

    @property
    def name(self) -> str:
        """Return what it is called without its version."""
        return self.product.name or self.product.full_name


@dataclass(frozen=True, slots=True)
class Entry:
    """A way to name products, and all that are named so."""

    form: Form
    vendors: frozenset[str]
    listed: tuple[Listed, ...]


_Identity = tuple[str, str, str, tuple[str, ...], tuple[ProductName, ...]]


@dataclass(slots=True)
class Catalogue:
    """The index: built once for a snapshot, then only read."""

    book: VendorBook = field(default_factory=VendorBook)
    entries: list[Entry] = field(default_factory=list)
    by_atom: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_number: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_beginning: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    patterns: list[tuple[re.Pattern[str], int]] = field(default_factory=list)
    vocabulary: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    slips: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def meant(self, atom: str) -> str:
        """Return the known word that this one is a slip of, or the word itself."""
        if atom in self.vocabulary or atom in NOISE or len(atom) < _SHORTEST_SLIP or atom.isdigit():
            return atom
        near = {word for form in is_close(atom) for word in self.slips.get(form, ())}
        return near.pop() if len(near) == 1 else atom


def catalogue_of(claims: Iterable[tuple[str, ProductClaim]]) -> Catalogue:
    """Return the index over (record id, claim); the order in which they come does not matter."""
    listed = _gathered(claims)
    made = Catalogue()
    for text in sorted({one.product.vendor for one in listed}, key=lambda one: (len(one), one)):
        made.book.learn(text)
    grouped: dict[tuple[Form, frozenset[str]], list[Listed]] = defaultdict(list)
    for one in listed:
        for form, vendors in _read(one, made.book):
            grouped[form, vendors].append(one)
    for (form, vendors), several in grouped.items():
        _enter(made, Entry(form, vendors, tuple(several)))
    for word in set(made.vocabulary) | made.book.words():
        made.vocabulary.setdefault(word, set())
        if len(word) >= _SHORTEST_SLIP and not word.isdigit():
            for shape in is_close(word):
                made.slips[shape].add(word)
    return made


def _gathered(claims: Iterable[tuple[str, ProductClaim]]) -> list[Listed]:
    ranges: dict[_Identity, list[Ranges]] = {}
    first: dict[_Identity, ProductClaim] = {}
    for record, claim in claims:
        product = claim.product
        identity = record, product.vendor, product.name or product.full_name, product.model_numbers, claim.within
        first.setdefault(identity, claim)
        ranges.setdefault(identity, []).append(claim.ranges)
    return [
        Listed(identity[0], first[identity].product, tuple(several), identity[4])
        for identity, several in ranges.items()
    ]


def _read(one: Listed, book: VendorBook) -> list[tuple[Form, frozenset[str]]]:
    """Return the forms of a product; where no vendor is given, its name may hold one."""
    vendors = book.learn(one.product.vendor)
    in_name = book.find(set(atoms(one.name)))
    if not vendors:
        vendors = in_name.named or in_name.implied
    own = in_name.atoms if in_name.named & vendors else frozenset()
    given = (*one.product.model_numbers, *one.product.skus)
    return [(form, vendors) for form in forms_of(one.name, given, own, book.brands)]


def _enter(made: Catalogue, entry: Entry) -> None:
    at = len(made.entries)
    made.entries.append(entry)
    for atom in entry.form.needed | entry.form.bracketed:
        made.by_atom[atom].append(at)
    for atom in entry.form.needed | entry.form.may_say:
        made.vocabulary[atom].update(entry.vendors or ("",))
    for number in entry.form.numbers:
        made.by_number[number].append(at)
        for end in range(7, len(number)):
            made.by_beginning[number[:end]].add(at)
    made.patterns.extend((pattern, at) for pattern in entry.form.patterns)
