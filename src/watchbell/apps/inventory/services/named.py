"""What can be said of a picked product in this version? Exact is only what a record itself says how to recognise.

By its names alone nothing is. A version inside a range is then probable; without a version, or
where a record's range cannot be read, it is possible. Outside of every range it is not listed,
unless the record leaves others open. A catalogue that lists the product in no particular version
counts where no record says more.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from watchbell.apps.inventory import helped as by_what
from watchbell.apps.inventory.helped import Helped
from watchbell.apps.inventory.models import BECAUSE_LENGTH, VERSION_LENGTH
from watchbell.apps.inventory.services import verdicts
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Claim
from watchbell.domain.matching.designations import HELPED_BY, Helper
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import Scheme, place

Key = tuple[str, int | None]
"""A vulnerability's public id, and the record that names the product (None: a catalogue does)."""

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Told:
    """How sure it is, why (a packed sentence), and what ends it, "" where nothing is known to.

    `helper` is by what the record lets it be recognised, "" where only names do.
    """

    tier: Tier
    because: str
    fixed: str = ""
    helper: str = ""


def on_product(product: str, version: str, helped: str = "") -> dict[Key, Told]:
    """Return what records and catalogues say of this product (its public id) in this version, "" for none.

    `helped` says by what else than names it was recognised, as it is packed. Another variant of it is another thing.
    """
    thing = by_what.unpacked(helped)
    said: defaultdict[Key, list[Told | None]] = defaultdict(list)
    for claim in published.claims_about(product):
        if _means(claim, thing):
            said[claim.group.public_id, claim.record].append(_of_claim(claim, version, thing))
    found = {key: best for key, answers in said.items() if (best := _surest(answers)) is not None}
    spoken_of = {group for group, _ in said}
    listed = Told(Tier.POSSIBLE, Sentence("a catalogue lists it, whatever its version").packed(BECAUSE_LENGTH))
    for group in published.listed_for(product) if thing.by_name else ():
        if group.public_id not in spoken_of:
            found[group.public_id, None] = listed
    return found


def _means(claim: Claim, thing: Helped) -> bool:
    """Return whether a claim speaks of the thing: of a variant it is, or by name where that may be any."""
    if claim.same in thing.variants:
        return True
    return thing.by_name and not (thing.variants and claim.has_numbers)


def _of_claim(claim: Claim, version: str, thing: Helped) -> Told | None:
    helper = thing.variants.get(claim.same)
    return told(version, claim.ranges) if helper is None else _helped(told(version, claim.ranges), helper)


def _helped(said: Told | None, helper: Helper) -> Told | None:
    """Return what is said of the very product: certain by its version, or not to be told."""
    if said is None:
        return None
    why = Sentence("{why}; {how}", why=Sentence.unpacked(said.because), how=HELPED_BY[helper])
    tier = Tier.EXACT if said.tier is Tier.PROBABLE else Tier.CANNOT_TELL
    return Told(tier, why.packed(BECAUSE_LENGTH), said.fixed if tier is Tier.EXACT else "", helper.value)


def told(version: str, ranges: Ranges) -> Told | None:
    """Return what these ranges say of a version, or None when it is outside of them."""
    if not version:
        return _possible(Sentence("the product is named, and you did not say which version you have"))
    if not (ranges.intervals or ranges.named or ranges.safe):
        unread = Sentence("the product is named, and no version can be read")
        return _possible(ranges.doubts[0].because if ranges.doubts else unread)
    if place(ranges.scheme or Scheme.GENERIC, version).key is None and version not in ranges.named:
        why = Sentence("{version} cannot be compared with the versions that are named", version=version[:SHOWN])
        return _possible(why)
    outcome = judge(version, ranges, record="")
    if outcome.status is Status.AFFECTED:
        return _probable(version, ranges)
    if outcome.status is not Status.CANNOT_TELL:
        return None
    unsure = ranges.doubts[0].because if ranges.doubts else _no_order(version)
    return Told(Tier.CANNOT_TELL, Sentence(unsure).packed(BECAUSE_LENGTH))


def _possible(said: str) -> Told:
    return Told(Tier.POSSIBLE, Sentence(said).packed(BECAUSE_LENGTH))


def _no_order(version: str) -> str:
    return Sentence("{version} has no certain place among the versions that are named", version=version[:SHOWN])


def _probable(version: str, ranges: Ranges) -> Told:
    """Return the answer with the range that reaches furthest: leaving it leaves all."""
    holding = [one for one in ranges.intervals if _holds(version, ranges.scheme, one)]
    if not holding:
        return Told(
            Tier.PROBABLE, Sentence("{version} is listed by name", version=version[:SHOWN]).packed(BECAUSE_LENGTH)
        )
    last = max(holding, key=lambda one: (one.hi, one.fixed is None, one.lo, one.introduced))
    because = Sentence("{version} is in {range}", version=version[:SHOWN], range=verdicts.said(last))
    return Told(Tier.PROBABLE, because.packed(BECAUSE_LENGTH), (last.fixed or "")[:VERSION_LENGTH])


def _holds(version: str, scheme: Scheme | None, one: Interval) -> bool:
    return judge(version, Ranges(scheme, (one,)), record="").status is Status.AFFECTED


def _surest(answers: Iterable[Told | None]) -> Told | None:
    """Return the surest of what one record says in several entries, always the same one."""
    order = list(Tier).index
    given = [one for one in answers if one is not None]
    return min(given, key=lambda one: (order(one.tier), one.fixed != "", one.because, one.helper), default=None)
