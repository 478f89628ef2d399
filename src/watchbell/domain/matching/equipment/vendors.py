"""Who makes it, under which of the names that stand on plates, in lists and in advisories?

A row is (the vendor's key, its other name, how it is known, why). Companies, former names and
subsidiaries name the vendor; a brand only implies it, so that it never makes a match exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from watchbell.domain.matching.equipment.words import NOISE, atoms, compact, fold


class Known(StrEnum):
    """How a name belongs to a vendor."""

    COMPANY = "company"
    FORMER = "former name"
    SUBSIDIARY = "subsidiary"
    BRAND = "brand"


_ALIASES: tuple[tuple[str, str, Known, str], ...] = (
    ("siemens", "Siemens", Known.COMPANY, "also with AG, Energy, Healthineers, Mobility"),
    ("siemens", "SIMATIC", Known.BRAND, "automation of Siemens"),
    ("siemens", "SCALANCE", Known.BRAND, "network devices of Siemens"),
    ("siemens", "SINAMICS", Known.BRAND, "drives of Siemens"),
    ("siemens", "SINUMERIK", Known.BRAND, "machine tools of Siemens"),
    ("siemens", "SIMOTION", Known.BRAND, "motion control of Siemens"),
    ("siemens", "SIPROTEC", Known.BRAND, "protection relays of Siemens"),
    ("siemens", "SIMOCODE", Known.BRAND, "motor management of Siemens"),
    ("siemens", "SIPLUS", Known.BRAND, "hardened variants of Siemens devices"),
    ("siemens", "RUGGEDCOM", Known.BRAND, "bought by Siemens in 2012"),
    ("siemens", "SINEMA", Known.BRAND, "network management of Siemens"),
    ("schneider", "Schneider Electric", Known.COMPANY, "the name on its advisories"),
    ("schneider", "Schneider", Known.COMPANY, "as lists shorten it"),
    ("schneider", "Telemecanique", Known.FORMER, "merged into Schneider; on plates until about 2010"),
    ("schneider", "Square D", Known.SUBSIDIARY, "Schneider's name in North America"),
    ("schneider", "Modicon", Known.BRAND, "controllers, once a company of its own"),
    ("schneider", "AVEVA", Known.SUBSIDIARY, "took over Schneider's software, Wonderware and Citect"),
    ("schneider", "OSIsoft", Known.SUBSIDIARY, "bought by AVEVA in 2021"),
    ("schneider", "Wonderware", Known.BRAND, "software, today AVEVA's"),
    ("rockwell", "Rockwell Automation", Known.COMPANY, "the name on its advisories"),
    ("rockwell", "Rockwell", Known.COMPANY, "as lists shorten it"),
    ("rockwell", "Allen-Bradley", Known.SUBSIDIARY, "the name on the plates"),
    ("rockwell", "AB", Known.SUBSIDIARY, "Allen-Bradley as lists shorten it"),
    ("rockwell", "ControlLogix", Known.BRAND, "controllers of Rockwell"),
    ("rockwell", "CompactLogix", Known.BRAND, "controllers of Rockwell"),
    ("rockwell", "MicroLogix", Known.BRAND, "controllers of Rockwell"),
    ("rockwell", "FactoryTalk", Known.BRAND, "software of Rockwell"),
    ("rockwell", "ThinManager", Known.BRAND, "bought by Rockwell in 2016"),
    ("abb", "ABB", Known.COMPANY, "the name on its advisories"),
    ("abb", "Hitachi ABB Power Grids", Known.FORMER, "ABB's power grids from 2020 to 2021"),
    ("abb", "Hitachi Energy", Known.FORMER, "the same equipment since 2021; old plates say ABB"),
    ("br", "B&R Industrial Automation", Known.COMPANY, "an ABB company with plates of its own"),
    ("br", "Bernecker Rainer", Known.FORMER, "B&R written out"),
    ("mitsubishi", "Mitsubishi Electric", Known.COMPANY, "the name on its advisories"),
    ("mitsubishi", "Mitsubishi", Known.COMPANY, "as lists shorten it"),
    ("mitsubishi", "MELSEC", Known.BRAND, "controllers of Mitsubishi Electric"),
    ("mitsubishi", "MELSOFT", Known.BRAND, "software of Mitsubishi Electric"),
    ("ge", "General Electric", Known.COMPANY, "the name on its advisories"),
    ("ge", "GE", Known.COMPANY, "on plates"),
    ("ge", "GE Healthcare", Known.SUBSIDIARY, "own company since 2023, same plates"),
    ("ge", "GE Digital", Known.SUBSIDIARY, "software of GE"),
    ("ge", "Grid Solutions", Known.SUBSIDIARY, "relays of GE"),
    ("emerson", "Emerson", Known.COMPANY, "also Emerson Process Management"),
    ("emerson", "DeltaV", Known.BRAND, "control system of Emerson"),
    ("emerson", "National Instruments", Known.SUBSIDIARY, "bought by Emerson in 2023"),
    ("sel", "Schweitzer Engineering Laboratories", Known.COMPANY, "the name on its advisories"),
    ("sel", "SEL", Known.COMPANY, "on plates"),
    ("sel", "Schweitzer", Known.COMPANY, "as lists shorten it"),
    ("weidmueller", "Weidmueller", Known.COMPANY, "the name on its advisories"),
    ("weidmueller", "Weidmuller", Known.COMPANY, "with its accent, which is not compared"),
    ("pepperl", "Pepperl+Fuchs", Known.COMPANY, "the name on its advisories"),
    ("pepperl", "Pepperl", Known.COMPANY, "as lists shorten it"),
    ("pepperl", "ecom instruments", Known.SUBSIDIARY, "tablets and phones of Pepperl+Fuchs"),
    ("phoenix", "Phoenix Contact", Known.COMPANY, "the name on its advisories"),
    ("automationdirect", "Automation Direct", Known.COMPANY, "written apart in some advisories"),
    ("automationdirect", "AutomationDirect", Known.COMPANY, "written as one word in others"),
    ("belden", "Hirschmann", Known.SUBSIDIARY, "switches of Belden"),
    ("belden", "Belden", Known.COMPANY, "owns Hirschmann"),
    ("bd", "Becton Dickinson", Known.COMPANY, "the name on its advisories"),
    ("bd", "BD", Known.COMPANY, "on plates"),
    ("bbraun", "B. Braun", Known.COMPANY, "also B. Braun Medical"),
    ("baxter", "Hillrom", Known.SUBSIDIARY, "bought by Baxter in 2021"),
    ("baxter", "Hill-Rom", Known.SUBSIDIARY, "as it was written until 2020"),
    ("baxter", "Welch Allyn", Known.SUBSIDIARY, "bought by Hillrom in 2015"),
    ("baxter", "Baxter", Known.COMPANY, "owns Hillrom and Welch Allyn"),
    ("abbott", "St. Jude Medical", Known.FORMER, "bought by Abbott in 2017"),
    ("abbott", "Abbott", Known.COMPANY, "sells what St. Jude Medical made"),
    ("jci", "Johnson Controls", Known.COMPANY, "the name on its advisories"),
    ("jci", "JCI", Known.COMPANY, "on plates and in lists"),
    ("jci", "Sensormatic Electronics", Known.SUBSIDIARY, "access control of Johnson Controls"),
    ("jci", "Kantech", Known.SUBSIDIARY, "access control of Johnson Controls"),
    ("digi", "Digi International", Known.COMPANY, "the name on its advisories"),
    ("digi", "Digi", Known.COMPANY, "on plates"),
    ("geutebruck", "Geutebrück", Known.COMPANY, "broken letters in two advisories are mended"),
    ("carrier", "Automated Logic", Known.SUBSIDIARY, "building automation of Carrier"),
    ("carrier", "Carrier", Known.COMPANY, "owns Automated Logic"),
    ("omron", "Omron", Known.COMPANY, "the name on its advisories"),
    ("omron", "SYSMAC", Known.BRAND, "controllers of Omron"),
    ("ti", "Texas Instruments", Known.COMPANY, "the name on its advisories"),
    ("kieback", "Kieback Peter", Known.COMPANY, "its ampersand is not compared"),
    ("windriver", "Wind River", Known.COMPANY, "the name on its advisories"),
    ("wibu", "WIBU-SYSTEMS", Known.COMPANY, "the name on its advisories"),
    ("wibu", "Wibu", Known.COMPANY, "as lists shorten it"),
    ("honeywell", "Honeywell", Known.COMPANY, "the name on its advisories"),
    ("honeywell", "Tridium", Known.SUBSIDIARY, "owned by Honeywell"),
    ("delta", "Delta Electronics", Known.COMPANY, "not Delta Controls"),
    ("moxa", "MOXA", Known.COMPANY, "the name on its advisories"),
    ("moxa", "NPort", Known.BRAND, "serial device servers of Moxa"),
    ("hpe", "Hewlett Packard Enterprise", Known.COMPANY, "servers and networks of Hewlett-Packard since 2015"),
    ("hpe", "HPE", Known.COMPANY, "on plates and in lists"),
    ("hpe", "Aruba Networks", Known.SUBSIDIARY, "bought in 2015; access points still carry the name"),
    ("hp", "HP Inc", Known.COMPANY, "computers and printers of Hewlett-Packard since 2015"),
    ("hp", "Hewlett-Packard", Known.FORMER, "one company until 2015; old plates do not say which of the two"),
    ("paloalto", "Palo Alto Networks", Known.COMPANY, "the name on its advisories"),
    ("paloalto", "Palo Alto", Known.COMPANY, "as lists shorten it"),
    ("vmware", "VMware", Known.COMPANY, "the name on its advisories until 2023"),
    ("vmware", "VMware by Broadcom", Known.COMPANY, "the name since Broadcom bought it in 2023"),
    ("dell", "Dell", Known.COMPANY, "as lists shorten it"),
    ("dell", "Dell EMC", Known.FORMER, "its storage and servers from 2016 to 2021"),
    ("dell", "Dell Technologies", Known.COMPANY, "the name of the group"),
    ("philips", "Philips", Known.COMPANY, "as lists shorten it"),
    ("philips", "Koninklijke Philips", Known.COMPANY, "the name of the group"),
    ("fresenius", "Fresenius Kabi", Known.COMPANY, "the name on its advisories"),
    ("icumedical", "ICU Medical", Known.COMPANY, "the name on its advisories"),
    ("icumedical", "Smiths Medical", Known.SUBSIDIARY, "bought by ICU Medical in 2022"),
    ("icumedical", "Hospira", Known.SUBSIDIARY, "its infusion pumps, ICU Medical's since 2017"),
)
_LEGAL = frozenset({
    "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "inc", "international", "kg",
    "limited", "llc", "ltd", "oy", "plc", "sa", "se", "software", "spa", "srl", "technologies", "technology",
})  # fmt: skip
_NOBODY = frozenset({"multiple", "unknown", "various", "other", "none", "na", "source", "vendors"})
_APART = (" and ", " a subsidiary of ", "formerly", ",", "(", ")", "/", ";")


def table() -> tuple[tuple[str, str, Known, str], ...]:
    """Return the rows, for people and tests."""
    return _ALIASES


@dataclass(frozen=True, slots=True)
class Vendors:
    """Whom a text names, whom it only implies, and the atoms that did so."""

    named: frozenset[str] = frozenset()
    implied: frozenset[str] = frozenset()
    atoms: frozenset[str] = frozenset()


@dataclass(slots=True)
class VendorBook:
    """Every name of every vendor, by its first atom: our table and whoever the advisories name."""

    _rows: dict[str, list[tuple[frozenset[str], str, bool]]] = field(default_factory=dict)
    _in_one: dict[str, set[str]] = field(default_factory=dict)
    brands: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for vendor, name, known, _ in _ALIASES:
            said = atoms(name)
            self._add(said, vendor, is_brand=known is Known.BRAND)
            if known is Known.BRAND:
                self.brands.update(said)

    def learn(self, text: str) -> frozenset[str]:
        """Return the vendors an advisory's vendor field names, and know them from now on."""
        known = self.find(set(atoms(text)))
        if known.named:
            return known.named
        return frozenset(filter(None, (self._learn_one(piece) for piece in _pieces(text))))

    def find(self, found: set[str]) -> Vendors:
        """Return the vendors that these atoms name; a longer name hides a shorter one within it."""
        hits = [row for atom in found for row in self._rows.get(atom, ()) if row[0] <= found]
        kept = [row for row in hits if not any(row[0] < other[0] for other in hits)]
        return Vendors(
            frozenset(vendor for _, vendor, is_brand in kept if not is_brand),
            frozenset(vendor for _, vendor, is_brand in kept if is_brand),
            frozenset(atom for said, _, is_brand in hits if not is_brand for atom in said),
        )

    def given(self, text: str, found: set[str]) -> Vendors:
        """Return whom a vendor column means: by name, written as one word, or by part of a name, which only implies."""
        known = self.find(found)
        if known.named:
            return known
        if compact(text) in self._in_one:
            return Vendors(frozenset(self._in_one[compact(text)]), known.implied, frozenset(found))
        useful = found - _LEGAL
        rows = [row for several in self._rows.values() for row in several if not row[2] and useful and useful <= row[0]]
        atoms_of_it = known.atoms | (found if rows else frozenset())
        return Vendors(known.named, known.implied | {vendor for _, vendor, _ in rows}, atoms_of_it)

    def words(self) -> set[str]:
        """Return every atom of a vendor's name."""
        return {atom for rows in self._rows.values() for said, _, _ in rows for atom in said}

    def _learn_one(self, piece: str) -> str:
        said = [one for one in atoms(piece) if one not in _LEGAL]
        if not said or not _NOBODY.isdisjoint(said) or set(said) <= NOISE:
            return ""
        vendor = "-".join(said)
        self._add(said, vendor, is_brand=False)
        return vendor

    def _add(self, words: list[str], vendor: str, *, is_brand: bool) -> None:
        said = frozenset(words)
        rows = self._rows.setdefault(max(said, key=lambda one: (len(one), one)), [])
        if (said, vendor, is_brand) not in rows:
            rows.append((said, vendor, is_brand))
        if not is_brand:
            self._in_one.setdefault("".join(words), set()).add(vendor)


def _pieces(text: str) -> Iterable[str]:
    folded = fold(text)
    for mark in _APART:
        folded = folded.replace(mark, "|")
    return folded.split("|")


def says_nobody(text: str) -> bool:
    """Return whether a vendor field is empty or says that it is not known."""
    said = set(atoms(text))
    return not said - _NOBODY - {"n", "a"}


def key_of(text: str) -> str:
    """Return the one spelling of a vendor in records and lists, whatever else was read.

    That is the key of one in the table, else its words without legal forms; "" for a text that
    names nobody. A brand is no vendor here.
    """
    if says_nobody(text):
        return ""
    said = atoms(text)
    known = _known().find(set(said)).named
    useful = [one for one in said if one not in _LEGAL] or said
    return "+".join(sorted(known)) if known else "-".join(useful)


@lru_cache(maxsize=1)
def _known() -> VendorBook:
    """Return the book of our own table alone; nothing is learned into it."""
    return VendorBook()


def is_same_vendor(one: str, other: str) -> bool:
    """Return whether two names mean one vendor: the same words, or names of one company in our table."""
    said = set(atoms(one)), set(atoms(other))
    return said[0] == said[1] or not _known().find(said[0]).named.isdisjoint(_known().find(said[1]).named)


def spellings(text: str) -> list[str]:
    """Return the text, and the same under every other name of the vendors it names; brands stay as they are."""
    found = _known().find(set(atoms(text)))
    rest = " ".join(word for word in text.split() if not set(atoms(word)) <= found.atoms)
    names = [name for vendor, name, known, _ in _ALIASES if vendor in found.named and known is not Known.BRAND]
    return list(dict.fromkeys([text, *(f"{name} {rest}".strip() for name in names)]))
