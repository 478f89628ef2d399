"""How sure is it that a line means an entry, by its order number or its name, and what keeps it from being surer?"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchbell.domain.matching.equipment.catalogue import Catalogue, Entry
from watchbell.domain.matching.equipment.coverage import Coverage, cover
from watchbell.domain.matching.equipment.forms import Form
from watchbell.domain.matching.equipment.machine import Line
from watchbell.domain.matching.equipment.words import atoms
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.sentence import Sentence

_LONG_MODEL = 7
"""Letters and digits of a model number that no other product of its vendor is likely to share."""

_OTHER_THING = frozenset({
    "advanced", "basic", "emulator", "extended", "lean", "light", "lite", "mini", "plus", "pro", "sdk", "simulator",
    "software", "tool", "tools", "touch",
})  # fmt: skip
"""Words that make another product of a name: a program for it, or its larger or smaller sister."""

ORDER = {Tier.EXACT: 0, Tier.PROBABLE: 1, Tier.POSSIBLE: 2, Tier.CANNOT_TELL: 3}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How sure it is, and why it is not surer; `is_if_alone` when a second product that fits makes it a question."""

    tier: Tier
    why: Sentence
    substance: int = 0
    is_if_alone: bool = False


def of_number(entry: Entry, line: Line, its_atoms: frozenset[str]) -> Verdict | None:
    """Return how sure an order number of the entry makes it, or None when vendor or release speak against it."""
    tier = by_vendor(entry, line)
    if tier is None or of_release(entry, line) is False:
        return None
    if line.is_of_unknown_vendor:
        return Verdict(Tier.POSSIBLE, Sentence("the order number fits, the vendor given is not known"), 99)
    if of_release(entry, line) is None or _is_part(entry):
        return Verdict(Tier.POSSIBLE, Sentence("the order number fits, the release is not known"), 99)
    if tier is Tier.EXACT:
        return Verdict(tier, Sentence("vendor and order number are the record's"), len(its_atoms))
    return Verdict(Tier.PROBABLE, Sentence("the order number is the record's, no vendor is named"), len(its_atoms))


def of_name(entry: Entry, line: Line, catalogue: Catalogue) -> Verdict | None:
    """Return how sure the name makes it, or None when it is another product."""
    tier = by_vendor(entry, line)
    if tier is None or of_release(entry, line) is False:
        return None
    said = cover(entry, line, catalogue)
    substance = len((entry.form.needed - said.missing) & line.said) * 4 - len(said.missing) - len(said.beyond)
    if said.missing:
        return _of_part(entry, line, said, substance)
    worst = max(((tier, _VENDOR), *_caps(entry, line, said, catalogue)), key=lambda one: ORDER[one[0]])
    why = Sentence("vendor and full name are the record's") if worst[0] is Tier.EXACT else worst[1]
    return Verdict(worst[0], why, substance)


_VENDOR = Sentence("the full name is the record's, no vendor is named")


def _caps(entry: Entry, line: Line, said: Coverage, catalogue: Catalogue) -> Iterator[tuple[Tier, Sentence]]:
    """Yield every reason for which a full name is less than exact."""
    form = entry.form
    if line.is_of_unknown_vendor:
        yield Tier.POSSIBLE, Sentence("the name fits, the vendor given is not known")
    if not entry.vendors:
        yield Tier.PROBABLE, Sentence("the record gives no single vendor")
    if said.by_family:
        yield Tier.POSSIBLE, Sentence("the model may belong to the family the record names")
    elif form.is_family:
        yield Tier.POSSIBLE, Sentence("the record names a whole family; a record of the model would settle it")
    elif said.beyond:
        yield Tier.POSSIBLE, Sentence("the line also says {words}", words=", ".join(sorted(said.beyond)[:5]))
    if said.other_number:
        tier = Tier.POSSIBLE if form.numbers else Tier.PROBABLE
        yield tier, Sentence("the name fits, the order number is not among the record's")
    if of_release(entry, line) is None:
        yield Tier.POSSIBLE, Sentence("the record names certain releases, and the version is not known")
    if _is_part(entry):
        yield Tier.POSSIBLE, Sentence("the record speaks of it as a part of something else")
    if said.by_wildcard or form.is_open:
        yield Tier.PROBABLE, Sentence("the record's name stands for several models")
    if not line.slips.isdisjoint(form.needed):
        yield Tier.PROBABLE, Sentence("the name is the record's but for one letter")
    if not form.may_say & catalogue.book.brands <= line.said:
        yield Tier.PROBABLE, Sentence("the model is the record's, its brand is not said")
    if not form.bracketed <= line.said:
        yield Tier.PROBABLE, Sentence("the record tells variants apart, the line does not")


def _of_part(entry: Entry, line: Line, said: Coverage, substance: int) -> Verdict | None:
    """Return a question where all that the line tells fits, but more would be needed.

    A whole model number with its vendor is more than a question: what is missing are words alone.
    """
    covered = line.telling & (entry.form.needed | entry.form.may_say)
    if said.beyond or not _is_substance(covered) or (said.other_number and entry.form.numbers):
        return None
    if _is_whole_model(covered & entry.form.needed, entry, line, said) and by_vendor(entry, line) is Tier.EXACT:
        long = sum(map(len, covered)) >= _LONG_MODEL and any(map(str.isdigit, covered))
        why = Sentence("vendor and model number are the record's, further words of its name are missing")
        return Verdict(Tier.PROBABLE, why, substance, is_if_alone=not long)
    return Verdict(Tier.POSSIBLE, Sentence("what the line says fits, but it is less than the record's name"), substance)


def _is_whole_model(covered: frozenset[str], entry: Entry, line: Line, said: Coverage) -> bool:
    """Return whether nothing is missing that could be part of a model's number, or make it a program for the model."""
    form = entry.form
    if form.is_family or _is_part(entry) or of_release(entry, line) is None or line.is_of_unknown_vendor:
        return False
    if any((one.isdigit() and not one.endswith("000")) or len(one) <= 3 for one in said.missing):
        return False
    if not said.missing.isdisjoint(_OTHER_THING) or not line.slips.isdisjoint(form.needed):
        return False
    digits = sum(len(one) for one in covered if one.isdigit())
    return digits >= 2 or (len(said.missing) == 1 and len(covered) >= 2 and line.telling <= form.needed | form.may_say)


def _is_substance(covered: frozenset[str]) -> bool:
    return sum(map(len, covered)) >= 3


def by_vendor(entry: Entry, line: Line) -> Tier | None:
    """Return how sure the vendor makes it, or None when it is another's."""
    named, implied = line.vendors.named, line.vendors.implied
    if named and entry.vendors:
        return None if named.isdisjoint(entry.vendors) else Tier.EXACT
    if implied and entry.vendors:
        return None if implied.isdisjoint(entry.vendors) else Tier.PROBABLE
    return Tier.PROBABLE if _is_distinct(entry) else Tier.POSSIBLE


def _is_distinct(entry: Entry) -> bool:
    """Return whether a name says enough without its vendor: two words or a long one, digits counted."""
    return bool(entry.form.numbers) or sum(map(len, entry.form.needed)) >= 7


def _is_part(entry: Entry) -> bool:
    return any(one.within for one in entry.listed)


def of_release(entry: Entry, line: Line) -> bool | None:
    """Return whether the version is of a release that the name holds; None when that is not known."""
    if not entry.form.releases:
        return True
    if not line.versions:
        return None
    return any(_is_of(atoms(one), entry.form) for one in line.versions)


def _is_of(version: list[str], form: Form) -> bool:
    given = [one for one in version if one.isdigit()]
    for release in form.releases:
        same = given[: len(release)] == [*release][: len(given)]
        order = [*map(int, given[: len(release)])], [*map(int, release)]
        if same or (form.is_open and (order[0] < order[1] if form.older else order[0] > order[1])):
            return True
    return False
