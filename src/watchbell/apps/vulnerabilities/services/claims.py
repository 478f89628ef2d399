"""This will turn what a record claims of products into rows: by package where that is certain, and by name."""

from collections.abc import Iterable, Iterator

from watchbell.apps.vulnerabilities.models import NAME_LENGTH, Says
from watchbell.apps.vulnerabilities.services import bulk, cpes, drafts, identities, packages, products
from watchbell.apps.vulnerabilities.services.drafts import Claimed, Designated, Draft
from watchbell.apps.vulnerabilities.services.products import Listing
from watchbell.domain.identity import Dice
from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.products import ProductClaim, ProductName
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import HIGHEST, KEY_FORMAT, LOWEST

COLUMNS = (
    "product_id", "record_id", "entry", "scheme", "says", "lo", "hi", "introduced", "fixed", "last_affected",
    "by_line", "reason", "because", "key_format", "retracted",
)  # fmt: skip


DESIGNATION_COLUMNS = ("product_id", "record_id", "vendor", "numbers", "is_part", "retracted")

Ids = dict[tuple[str, str], int]
"""Products' numbers by `products.key_of`."""


def add(draft: Draft, claim: ProductClaim, *, vendor: str, designates: bool = False) -> None:
    """Add what a record claims of one product; `vendor` is whose it is where the product does not say so.

    With `designates` machines are recognised by it, unless a package identifies it for certain.
    """
    if _says_nothing_is_affected(claim.ranges):
        return
    draft.has_fix = draft.has_fix or drafts.names_a_fix(claim.ranges)
    ranges = _only_within(claim) if claim.within else claim.ranges
    named = (claim.package.ecosystem, claim.package.name) if claim.package else None
    if named and len(named[0]) <= packages.ECOSYSTEM_LENGTH and 0 < len(named[1]) <= NAME_LENGTH:
        drafts.add_ranges(draft, named, ranges)
    for product in (claim.product, *claim.within):
        name = product.name or product.full_name
        if (vendor or product.vendor) and name:
            how = _designated(product, claim) if designates and named is None else None
            draft.claims.append(Claimed(product.vendor or vendor, name, ranges, how))
            if product is claim.product:
                cpes.add(draft, product, entry=len(draft.claims) - 1)
            if how is not None and product is claim.product:
                identities.add(draft, claim, entry=len(draft.claims) - 1)


def _designated(product: ProductName, claim: ProductClaim) -> Designated:
    numbers = dict.fromkeys((*product.model_numbers, *product.skus))
    kept = tuple(" ".join(one.split()) for one in numbers if one.strip())
    return Designated(product.vendor, kept, is_part=product is claim.product and bool(claim.within))


def _says_nothing_is_affected(ranges: Ranges) -> bool:
    """Return whether the record calls every version safe."""
    covered = LOWEST
    for one in sorted(ranges.safe, key=lambda one: one.lo):
        if one.lo <= covered < one.hi:
            covered = one.hi
    return covered >= HIGHEST and not (ranges.intervals or ranges.named)


def _only_within(claim: ProductClaim) -> Ranges:
    """Return the doubt that stands instead of ranges: an inventory does not say what is part of which product."""
    shown = tuple(_shown(one) for one in claim.within)
    why = Sentence("the record speaks of {part} as part of {products}", part=_shown(claim.product), products=shown)
    return Ranges(claim.ranges.scheme, doubts=(Doubt(Reason.RANGE_NOT_UNDERSTOOD, why),))


def _shown(product: ProductName) -> str:
    return product.shown[:100]


def products_of(placed: Iterable[tuple[int, Draft]], *, rng: Dice) -> Ids:
    """Return the products these drafts name, adding vendors and products that nobody named before."""
    named = (Listing(one.vendor, one.product, "") for _, draft in placed for one in draft.claims)
    return products.ensure(named, rng=rng)


def rows_of(placed: Iterable[tuple[int, Draft]], ids: Ids) -> list[bulk.Row]:
    """Return the rows of what these drafts claim."""
    found: list[bulk.Row] = []
    for pk, draft in placed:
        off = draft.withdrawn_at is not None
        for entry, one in enumerate(draft.claims):
            product = ids.get(products.key_of(one.vendor, one.product))
            if product is not None:
                found.extend((product, pk, entry, *line, KEY_FORMAT, off) for line in _lines(one.ranges))
    return found


def designations_of(placed: Iterable[tuple[int, Draft]], ids: Ids) -> list[bulk.Row]:
    """Return one row for each product that a draft designates, with all the numbers it gives."""
    found: dict[tuple[int, int], Designated] = {}
    off: dict[int, bool] = {}
    for pk, draft in placed:
        off[pk] = draft.withdrawn_at is not None
        for one in draft.claims:
            product = ids.get(products.key_of(one.vendor, one.product))
            if product is not None and one.designated is not None:
                found[product, pk] = _both(found.get((product, pk)), one.designated)
    return [
        (product, pk, how.vendor[: products.LONGEST_NAME], "\n".join(sorted(how.numbers)), how.is_part, off[pk])
        for (product, pk), how in found.items()
    ]


def _both(one: Designated | None, other: Designated) -> Designated:
    if one is None:
        return other
    numbers = tuple(dict.fromkeys((*one.numbers, *other.numbers)))
    return Designated(one.vendor or other.vendor, numbers, one.is_part or other.is_part)


def _lines(ranges: Ranges) -> Iterator[bulk.Row]:
    scheme = ranges.scheme.value if ranges.scheme else ""
    for says, spans in ((Says.AFFECTED, ranges.intervals), (Says.SAFE, ranges.safe)):
        for one in spans:
            yield (scheme, says.value, *_bounds(one), "", "")
    for version in sorted(ranges.named):
        yield (scheme, Says.NAMED.value, None, None, version, None, None, False, "", "")
    for doubt in ranges.doubts:
        because = Sentence(doubt.because).packed(500)
        yield (scheme, Says.DOUBT.value, None, None, "", None, None, False, doubt.reason.value, because)


def _bounds(one: Interval) -> bulk.Row:
    return one.lo, one.hi, one.introduced, one.fixed, one.last_affected, one.by_line
