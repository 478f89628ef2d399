"""By what can a product be recognised, and what does a record claim of it? The words that every source is brought to.

A package URL says most; firmware has a vendor, a name, model numbers and a version.
Nothing here decides whether two names mean one product: that is the matchers' work.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from watchbell.domain.matching.packages import Identified, Package, package, package_of_purl
from watchbell.domain.matching.ranges import Ranges

_ALGORITHM_NOISE = str.maketrans("", "", "-_ ")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    """Everything by which a record, a statement or an inventory names one product; "" and () where it does not say.

    `refs` are what a document calls it: an IRI, a BOM link, a reference inside the document.
    """

    vendor: str = ""
    name: str = ""
    version: str = ""
    full_name: str = ""
    purls: tuple[str, ...] = ()
    cpes: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    model_numbers: tuple[str, ...] = ()
    serial_numbers: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    sbom_urls: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return what people read."""
        named = " ".join(part for part in (self.vendor, self.name, self.version) if part) if self.name else ""
        return next((text for text in (self.full_name, named, *self.purls, *self.cpes, *self.refs) if text), "?")

    @property
    def has_helper(self) -> bool:
        """Return whether anything but words identifies it."""
        return bool(
            self.purls or self.cpes or self.hashes or self.model_numbers or self.serial_numbers
            or self.skus or self.sbom_urls or self.uris
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductClaim:
    """What one record says of one product: which versions are affected, and whose word that is.

    `package` is set where an ecosystem is certain. `within` are products it is part of or
    installed on, all of which must be there; `platforms` are words for where it holds.
    """

    product: ProductName
    ranges: Ranges
    package: Package | None = None
    within: tuple[ProductName, ...] = ()
    platforms: tuple[str, ...] = ()
    by: str = ""
    place: str = ""


def hash_pair(algorithm: str, value: str) -> tuple[str, str]:
    """Return a digest in the one spelling that documents share: ("sha256", small hexadecimal digits)."""
    return algorithm.casefold().translate(_ALGORITHM_NOISE), value.strip().casefold()


def package_named(purls: Iterable[str], *, ecosystem: str = "", name: str = "") -> Package | None:
    """Return the package that these purls, or this ecosystem and name, mean for certain, or None."""
    for purl in purls:
        found = package_of_purl(purl)
        if isinstance(found, Identified):
            return found.package
    if not ecosystem or not name.strip() or (ecosystem == "Maven" and ":" not in name):
        return None
    return package(ecosystem, name)
