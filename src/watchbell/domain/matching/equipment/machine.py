"""What a person or a maintenance list knows of one machine, read for comparison."""

from dataclasses import dataclass

from watchbell.domain.matching.equipment.catalogue import Catalogue
from watchbell.domain.matching.equipment.vendors import Vendors, says_nobody
from watchbell.domain.matching.equipment.words import (
    NOISE,
    WEAK,
    atoms,
    compact,
    numbers_in,
    versions_in,
    without_versions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One line: the columns that are known, "" where one is not; `text` is whatever stands in a single line."""

    vendor: str = ""
    product: str = ""
    model: str = ""
    version: str = ""
    text: str = ""

    @property
    def shown(self) -> str:
        """Return what people read."""
        return " ".join(one for one in (self.vendor, self.product, self.model, self.text) if one.strip())


@dataclass(frozen=True, slots=True)
class Line:
    """A machine as it is compared: `said` are its atoms with slips mended, `slips` those that were mended.

    `telling` are those that tell one product of a vendor from another.
    """

    said: frozenset[str]
    slips: frozenset[str]
    vendors: Vendors
    is_of_unknown_vendor: bool
    numbers: tuple[tuple[str, frozenset[str]], ...]
    long_numbers: tuple[tuple[str, frozenset[str]], ...]
    words: frozenset[str]
    version: str
    versions: tuple[str, ...]
    years: frozenset[str]
    telling: frozenset[str]


def read(machine: Machine, catalogue: Catalogue) -> Line:
    """Return the line a machine is compared by."""
    bare = " ".join((without_versions(machine.product), machine.model, without_versions(machine.text)))
    said, slips = _mended(atoms(bare), catalogue)
    versions = [one for one in (machine.version.strip(), *versions_in(f"{machine.product} ; {machine.text}")) if one]
    years = {one for text in versions for one in atoms(text) if len(one) == 4 and one[:2] in ("19", "20")}
    of_field = catalogue.book.given(machine.vendor, _mended(atoms(machine.vendor), catalogue)[0])
    of_text = catalogue.book.find(said - _glued(bare))
    vendors = Vendors(
        of_field.named or of_text.named, of_field.implied | of_text.implied, of_field.atoms | of_text.atoms
    )  # fmt: skip
    numbers = (*numbers_in(machine.model), *numbers_in(f"{without_versions(machine.product)} {machine.text}"))
    words = f"{machine.product} {machine.model} {machine.text}".split()
    return Line(
        said=frozenset(said),
        slips=frozenset(slips),
        vendors=vendors,
        is_of_unknown_vendor=not says_nobody(machine.vendor) and not vendors.named and not of_field.implied,
        numbers=numbers,
        long_numbers=tuple((compact(one), frozenset(atoms(one))) for one in words if _is_long_number(one)),
        words=frozenset(map(compact, words)),
        version=next(iter(versions), ""),
        versions=tuple(versions),
        years=frozenset(years - said),
        telling=frozenset(said) - vendors.atoms - catalogue.book.brands - NOISE - WEAK,
    )


def _mended(found: list[str], catalogue: Catalogue) -> tuple[set[str], set[str]]:
    """Return the atoms with slips of one letter mended, and the words that were put in their place."""
    meant = {one: catalogue.meant(one) for one in found}
    return set(meant.values()), {word for one, word in meant.items() if word != one}


def _glued(text: str) -> set[str]:
    """Return short letters within words that have digits: the AB of 0AB0 is not Allen-Bradley."""
    words = (word for word in text.split() if any(map(str.isdigit, word)))
    return {one for word in words for one in atoms(word) if len(one) <= 2}


def _is_long_number(word: str) -> bool:
    return len(compact(word)) >= 8 and sum(map(str.isdigit, word)) >= 5
