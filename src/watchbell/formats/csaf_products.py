"""Build CSAF's product tree out of what we call affected: vendor, then product, then version or range.

Ranges become `product_version_range` in the `vers` notation, one for each span
between `introduced` and the event that ends it; single versions `product_version`.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

from watchbell.domain.advisory import Affected, RangeEvent, VersionRange, VersionScheme, VexStatus
from watchbell.formats.fields import Json

_VERS_SCHEME = {
    "pypi": "pypi",
    "npm": "npm",
    "go": "golang",
    "crates.io": "cargo",
    "rubygems": "gem",
    "maven": "maven",
    "nuget": "nuget",
    "packagist": "composer",
    "hex": "hex",
    "pub": "pub",
    "debian": "deb",
    "ubuntu": "deb",
    "alpine": "apk",
    "almalinux": "rpm",
    "rocky linux": "rpm",
    "red hat": "rpm",
}


@dataclass(slots=True)
class ProductTree:
    """Products as they are named, each version once with one id (tests 6.1.2 and 6.1.5)."""

    _ids: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    _vendors: dict[str, dict[str, list[Json]]] = field(default_factory=dict)

    def add(self, one: Affected) -> tuple[list[str], list[str]]:
        """Return the ids of the versions this entry speaks of, and of those that fix them."""
        spans = [span for each in one.ranges for span in _spans(one, each)]
        named = [self._id(one, "product_version_range", span) for span in spans]
        named += [self._id(one, "product_version", version) for version in one.versions]
        if not named:
            named = [self._id(one, "product_version_range", f"vers:{_scheme(one)}/*")]
        if one.status is not VexStatus.AFFECTED:
            return named, []
        fixes = [event.fixed for each in one.ranges for event in each.events if event.fixed]
        if all(each.scheme is VersionScheme.GIT for each in one.ranges):
            return named, []
        return named, [self._id(one, "product_version", version) for version in dict.fromkeys(fixes)]

    def written(self) -> Json:
        """Return the tree as CSAF's `product_tree`."""
        return {
            "branches": [
                {
                    "category": "vendor",
                    "name": vendor,
                    "branches": [
                        {"category": "product_name", "name": product, "branches": leaves}
                        for product, leaves in products.items()
                    ],
                }
                for vendor, products in self._vendors.items()
            ]
        }

    def _id(self, one: Affected, category: str, version: str) -> str:
        vendor, product = one.vendor or one.ecosystem or "Unknown vendor", one.name
        key = (vendor, product, category, version)
        if key not in self._ids:
            self._ids[key] = product_id = f"CSAFPID-{len(self._ids) + 1:04d}"
            leaf = {"name": f"{product} {version}", "product_id": product_id}
            branch: Json = {
                "category": category,
                "name": version,
                "product": {**leaf, **_helper(one, category, version)},
            }
            self._vendors.setdefault(vendor, {}).setdefault(product, []).append(branch)
        return self._ids[key]


def _helper(one: Affected, category: str, version: str) -> Json:
    """Return how machines recognise the product: its purl, with the version where there is one, and its CPE."""
    helper: Json = {}
    if one.purl:
        bare, mark, rest = one.purl.partition("?")
        bare = (
            bare
            if "@" in bare.rpartition("/")[2] or category != "product_version"
            else f"{bare}@{quote(version, safe='.-_~:')}"
        )
        helper["purl"] = bare + mark + rest
    if one.cpe:
        helper["cpe"] = one.cpe
    return {"product_identification_helper": helper} if helper else {}


def _spans(one: Affected, each: VersionRange) -> list[str]:
    if each.scheme is VersionScheme.GIT:
        return []
    spans, start = [], ""
    for event in each.events:
        if event.introduced:
            start = event.introduced
        else:
            spans.append(_vers(one, start, event))
            start = ""
    return [*spans, _vers(one, start, RangeEvent())] if start else spans


def _vers(one: Affected, start: str, end: RangeEvent) -> str:
    """Return one span as `vers:scheme/>=1.0|<2.0`; "0" and "" leave a side open."""
    parts = [f">={quote(start, safe='.-_~+:')}"] if start not in ("", "0") else []
    if end.fixed or end.limit:
        parts.append(f"<{quote(end.fixed or end.limit, safe='.-_~+:')}")
    elif end.last_affected:
        parts.append(f"<={quote(end.last_affected, safe='.-_~+:')}")
    return f"vers:{_scheme(one)}/{'|'.join(parts) or '*'}"


def _scheme(one: Affected) -> str:
    return _VERS_SCHEME.get(one.ecosystem.partition(":")[0].lower(), "generic")
