"""Read the `affected` list of a CVE container: which product, named how, in which versions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from watchbell.domain.matching.collections import ecosystem_of_collection
from watchbell.domain.matching.cve_versions import VersionEntry, read_versions
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.products import ProductClaim, ProductName, package_named
from watchbell.domain.matching.stretches import Standing
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields
from watchbell.formats.fields import Json

_NOBODY = frozenset({"", "n/a", "na", "unknown", "unspecified", "-", "*", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CveAffected:
    """One entry as the record gives it, its types checked; names that say nothing ("n/a") are empty."""

    vendor: str
    product: str
    collection: str
    package_name: str
    package_url: str
    cpes: tuple[str, ...]
    modules: tuple[str, ...]
    platforms: tuple[str, ...]
    repository: str
    default: Standing
    versions: tuple[VersionEntry, ...]
    place: str

    @property
    def is_named(self) -> bool:
        """Return whether it says which product is meant."""
        return bool(self.product or self.package_name or self.package_url or self.cpes)

    def claim(self, by: str) -> ProductClaim:
        """Return what the entry says, in our words; `by` is whose container it stands in."""
        purls = (self.package_url,) if self.package_url else ()
        package = package_named(
            purls, ecosystem=ecosystem_of_collection(self.collection), name=self._name_in_collection()
        )
        product = ProductName(vendor=self.vendor, name=self.product or self.package_name, purls=purls, cpes=self.cpes)
        ranges = read_versions(
            self.versions,
            self.default,
            ecosystem=package.ecosystem if package else "",
            repository=self.repository,
        )
        return ProductClaim(
            product=product, ranges=ranges, package=package, platforms=self.platforms, by=by, place=self.place
        )

    def _name_in_collection(self) -> str:
        """Return the package's name; Maven's is also written with a slash between group and name."""
        is_maven = ecosystem_of_collection(self.collection) == "Maven" and ":" not in self.package_name
        return self.package_name.replace("/", ":", 1) if is_maven else self.package_name


def read(container: Json, place: str) -> tuple[CveAffected, ...]:
    """Return the entries of one container; raises Refused with a JSON pointer."""
    return tuple(_entry(one, where) for one, where in fields.objects(container, "affected", place))


def claims(entries: Iterable[CveAffected], by: str) -> tuple[ProductClaim, ...]:
    """Return one claim for each entry that names a product.

    The Linux kernel gives commits in one entry and releases in another of the same
    product: the commits then join the releases, and are no reason for doubt.
    """
    found = [one.claim(by) for one in entries if one.is_named]
    told = {_identity(one): index for index, one in enumerate(found) if not _is_commits_only(one)}
    for one in found:
        if _is_commits_only(one) and _identity(one) in told:
            at = told[_identity(one)]
            ranges = found[at].ranges
            found[at] = replace(found[at], ranges=replace(ranges, commits=ranges.commits + one.ranges.commits))
    return tuple(one for one in found if not (_is_commits_only(one) and _identity(one) in told))


def _is_commits_only(one: ProductClaim) -> bool:
    return any(doubt.reason is Reason.ONLY_COMMITS for doubt in one.ranges.doubts)


def _identity(one: ProductClaim) -> tuple[str, str, tuple[str, ...]]:
    return one.product.vendor.casefold(), one.product.name.casefold(), one.platforms


def _entry(one: Json, place: str) -> CveAffected:
    return CveAffected(
        vendor=_known(fields.text(one, "vendor", place)),
        product=_known(fields.text(one, "product", place)),
        collection=fields.text(one, "collectionURL", place).strip(),
        package_name=_known(fields.text(one, "packageName", place)),
        package_url=fields.text(one, "packageURL", place).strip(),
        cpes=fields.texts(one, "cpes", place),
        modules=fields.texts(one, "modules", place),
        platforms=fields.texts(one, "platforms", place),
        repository=fields.text(one, "repo", place),
        default=_status(one, "defaultStatus", place),
        versions=tuple(_versions(one, place)),
        place=place,
    )


def _known(name: str) -> str:
    return "" if name.strip().casefold() in _NOBODY else name.strip()


def _versions(one: Json, place: str) -> Iterator[VersionEntry]:
    for entry, where in fields.objects(one, "versions", place):
        yield VersionEntry(
            version=fields.text(entry, "version", where),
            status=_status(entry, "status", where),
            less_than=fields.text(entry, "lessThan", where),
            less_than_or_equal=fields.text(entry, "lessThanOrEqual", where),
            version_type=fields.text(entry, "versionType", where),
            changes=tuple(
                (fields.required_text(change, "at", there), _status(change, "status", there))
                for change, there in fields.objects(entry, "changes", where)
            ),
        )


def _status(holder: Json, key: str, place: str) -> Standing:
    """Return a status, in any case; one that is not given is unknown."""
    text = fields.text(holder, key, place).strip().casefold()
    if not text:
        return Standing.UNKNOWN
    try:
        return Standing(text)
    except ValueError:
        message = Sentence("{found} is not a status of a version.", found=repr(text[:40]))
        expected = "affected, unaffected or unknown"
        raise refuse("wrong-value", message, place=fields.pointer(place, key), expected=expected) from None
