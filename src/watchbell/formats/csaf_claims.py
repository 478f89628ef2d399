"""What does a CSAF document claim of each product, as half-open ranges of versions?

Product ids that differ in their version alone are one product here. Where a document
contradicts itself, affected wins over under investigation, and that over not affected.
Single versions say nothing of their neighbours; a range says that what lies outside is
not affected, unless something in it could not be read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.packages import Package
from watchbell.domain.matching.products import ProductClaim, ProductName, package_named
from watchbell.domain.matching.stretches import Claim, Standing, ranges_of
from watchbell.domain.matching.version_text import TextClaims, claims_of
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import Scheme, scheme_for
from watchbell.formats.csaf_reader import CsafDocument, CsafFlaw
from watchbell.formats.product_tree import Parts, TreeProduct

STANDING = {
    "first_affected": Standing.AFFECTED,
    "known_affected": Standing.AFFECTED,
    "last_affected": Standing.AFFECTED,
    "under_investigation": Standing.UNKNOWN,
    "unknown": Standing.UNKNOWN,
    "first_fixed": Standing.UNAFFECTED,
    "fixed": Standing.UNAFFECTED,
    "known_not_affected": Standing.UNAFFECTED,
}
_BEFORE = (Standing.AFFECTED, Standing.UNKNOWN, Standing.UNAFFECTED)

_Identity = tuple[str, str, str, tuple[tuple[str, ...], ...], Package | None, tuple[str, ...]]


def claims(document: CsafDocument, flaw: CsafFlaw) -> tuple[ProductClaim, ...]:
    """Return one claim for each product of this vulnerability, in the document's order; nothing is raised."""
    found: dict[_Identity, _Product] = {}
    for word, name, _ in flaw.statuses:
        standing = STANDING.get(word)
        if standing is None:
            continue
        parts = document.products[name]
        product = found.setdefault(_identity(parts), _Product(parts, document))
        product.add(parts.base, standing)
    return tuple(one.claim() for one in found.values())


def name_of(leaf: TreeProduct, document: CsafDocument, *, version: str = "") -> ProductName:
    """Return the product's name in our words; `version` is given when it is one, and its id is made unique."""
    return ProductName(
        vendor=leaf.vendor,
        name=leaf.product,
        version=version,
        full_name=leaf.name,
        purls=leaf.purls,
        cpes=(leaf.cpe,) if leaf.cpe else (),
        hashes=leaf.hashes,
        model_numbers=leaf.model_numbers,
        serial_numbers=leaf.serial_numbers,
        skus=leaf.skus,
        sbom_urls=leaf.sbom_urls,
        uris=leaf.uris,
        refs=(f"{document.namespace}/{document.id}#{leaf.product_id}",),
    )


def exact_name(leaf: TreeProduct, document: CsafDocument) -> ProductName:
    """Return the product's name with its version, where the tree gives exactly one."""
    said = versions_of(leaf)
    return name_of(leaf, document, version=said.named[0] if said.only_points and len(said.named) == 1 else "")


def versions_of(leaf: TreeProduct) -> TextClaims:
    """Return the versions an id of the tree stands for: its branch, else its purl's, else it cannot be told."""
    package = package_named(leaf.purls)
    scheme = (scheme_for(package.ecosystem) if package else None) or Scheme.GENERIC
    if leaf.version:
        return claims_of(leaf.version, scheme)
    given = next((version for version in map(_purl_version, leaf.purls) if version), "")
    if given:
        return claims_of(given, scheme)
    why = Sentence("the record names {product} without a version of its own", product=repr(leaf.name[:100]))
    return TextClaims(scheme, doubts=(Doubt(Reason.RANGE_NOT_GIVEN, why),))


def _purl_version(purl: str) -> str:
    from packageurl import PackageURL  # imported late: most documents name no package

    try:
        return PackageURL.from_string(purl).version or ""
    except ValueError:
        return ""


def _identity(parts: Parts) -> _Identity:
    base = parts.base
    words = base.product or base.name
    helpers = (base.model_numbers, base.serial_numbers, base.skus, base.circumstances)
    within = tuple(one.product_id for one in parts.within)
    return base.vendor.casefold(), words.casefold(), "" if base.product else base.product_id, helpers, (
        package_named(base.purls)
    ), within  # fmt: skip


@dataclass(slots=True)
class _Product:
    """What was found so far of one product."""

    parts: Parts
    document: CsafDocument
    leaves: list[TreeProduct] = field(default_factory=list)
    said: list[tuple[Standing, TextClaims]] = field(default_factory=list)

    def add(self, leaf: TreeProduct, standing: Standing) -> None:
        """Add one id of the tree and how it stands."""
        self.leaves.append(leaf)
        self.said.append((standing, versions_of(leaf)))

    def claim(self) -> ProductClaim:
        """Return what the document says of it."""
        base = self.parts.base
        scheme = self.said[0][1].scheme
        doubts = [*self._doubts(scheme)]
        rest = self._rest(doubts)
        painted = sorted(self._claims(scheme), key=lambda one: _BEFORE.index(one[2]))
        is_open = rest is Standing.UNKNOWN or any(how is Standing.UNKNOWN for _, _, how in painted)
        if is_open and not doubts:
            doubts.append(Doubt(Reason.RANGE_NOT_GIVEN, "the record says nothing about versions that it does not list"))
        named = [text for how, said in self.said if how is Standing.AFFECTED for text in said.named]
        return ProductClaim(
            product=_together([name_of(one, self.document) for one in self.leaves]),
            ranges=ranges_of(scheme, painted, rest, dict.fromkeys(doubts), named=named),
            package=package_named(base.purls),
            within=tuple(exact_name(one, self.document) for one in self.parts.within),
            platforms=base.circumstances,
            by=self.document.publisher,
            place=base.place,
        )

    def _claims(self, scheme: Scheme) -> Iterator[Claim]:
        for standing, said in self.said:
            for lo, hi, how in said.claims if said.scheme is scheme else ():
                if how is Standing.AFFECTED:
                    yield lo, hi, standing
                elif how is Standing.UNKNOWN and standing is not Standing.UNAFFECTED:
                    yield lo, hi, Standing.UNKNOWN

    def _doubts(self, scheme: Scheme) -> Iterator[Doubt]:
        for standing, said in self.said:
            if said.scheme is not scheme:
                yield Doubt(Reason.RANGE_NOT_UNDERSTOOD, "the record compares versions of this product in two orders")
            if standing is Standing.UNKNOWN:
                yield Doubt(Reason.RANGE_NOT_GIVEN, "the record says that this is still under investigation")
            elif standing is Standing.AFFECTED:
                yield from said.doubts

    def _rest(self, doubts: list[Doubt]) -> Standing:
        """Return how versions stand that no status covers: safe only beside a range that was wholly understood."""
        affected = [said for standing, said in self.said if standing is Standing.AFFECTED]
        spans = any(said.claims and not said.only_points for said in affected)
        return Standing.UNAFFECTED if spans and not doubts else Standing.UNKNOWN


def _together(listed: list[ProductName]) -> ProductName:
    """Return one name with the helpers of all."""
    first = listed[0]
    return ProductName(
        vendor=first.vendor,
        name=first.name,
        full_name=first.full_name if not first.name else "",
        purls=_union(one.purls for one in listed),
        cpes=_union(one.cpes for one in listed),
        hashes=tuple(dict.fromkeys(pair for one in listed for pair in one.hashes)),
        model_numbers=_union(one.model_numbers for one in listed),
        serial_numbers=_union(one.serial_numbers for one in listed),
        skus=_union(one.skus for one in listed),
        sbom_urls=_union(one.sbom_urls for one in listed),
        uris=_union(one.uris for one in listed),
        refs=_union(one.refs for one in listed),
    )


def _union(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for one in lists for text in one))
