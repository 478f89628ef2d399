"""Which versions in use lie in which affected range? The join's SQL, written once for SQLite and PostgreSQL.

Both tables hold version keys as bytes (BLOB, bytea), which both databases compare
byte by byte, so half-open [lo, hi) is plain `>=` and `<`. A version without a key
(NULL: it could not be parsed) never joins; it is counted as "cannot tell" elsewhere.

Names that must not change without a change here:
- `vulnerabilities_range_view(package_id, lo, hi, advisory_id)`, in the room vulnerabilities;
- `inventory_packageversion(id, package_id, key)`: each distinct version once, in the room inventory.

CROSS JOIN with the condition in WHERE fixes the order of the loops in SQLite and
means the same as JOIN in PostgreSQL. Needed indexes: ranges (package_id, lo, hi) and
(advisory_id), versions (package_id, key). Every row of the answer is
(packageversion id, advisory id), each pair once.

For a whole fleet (`watchbell.outside.fleet`) the same condition is asked for all versions at
once, with the words of each range, and reaches assets by a view. There the two names above are
tables, and three more of these stand beside them: who holds what, and how things are called.
DuckDB too reads every statement below as it stands.
"""

RANGES = "vulnerabilities_range_view"
VERSIONS = "inventory_packageversion"
MAX_IDS = 500
"""Most ids in one statement; send larger sets in parts."""

_SELECT = "SELECT DISTINCT version.id, affected.advisory_id"
_INSIDE = "affected.package_id = version.package_id AND version.key >= affected.lo AND version.key < affected.hi"

BY_VERSIONS = (
    f"{_SELECT} FROM {VERSIONS} AS version CROSS JOIN {RANGES} AS affected WHERE version.id IN ({{ids}}) AND {_INSIDE}"
)
"""New versions came in (an SBOM): which records affect them? Fill `{ids}` with `by_versions`."""

BY_ADVISORIES = (
    f"{_SELECT} FROM {RANGES} AS affected CROSS JOIN {VERSIONS} AS version "
    f"WHERE affected.advisory_id IN ({{ids}}) AND {_INSIDE}"
)
"""Records changed: which versions in use do they affect now? Fill `{ids}` with `by_advisories`."""

HOLDINGS = "fleet_holding"
"""Which asset holds which version, each pair once: (asset_id, version_id)."""

MATCHES = "fleet_match"
"""The view by which a match of a version reaches every asset that holds it."""

COLUMNS = ("asset_id", "package_id", "version_id", "advisory_id", "introduced", "fixed", "last_affected")
"""Of that view; the last three are the bounds of the range as its record writes them."""

_ROW = (
    "SELECT holding.asset_id, version.package_id, version.id AS version_id, "
    "affected.advisory_id, affected.introduced, affected.fixed, affected.last_affected"
)
_HELD = "holding.version_id = version.id"

EVERYTHING = (
    f"{_ROW} FROM {VERSIONS} AS version CROSS JOIN {RANGES} AS affected CROSS JOIN {HOLDINGS} AS holding "
    f"WHERE {_INSIDE} AND {_HELD}"
)
"""Every match of a fleet: versions first, each once, and only then the assets that hold them."""

ASSETS_OF_ADVISORIES = (
    f"{_ROW} FROM {RANGES} AS affected CROSS JOIN {VERSIONS} AS version CROSS JOIN {HOLDINGS} AS holding "
    f"WHERE affected.advisory_id IN ({{ids}}) AND {_INSIDE} AND {_HELD}"
)
"""A record came in: who holds what it names? Fill `{ids}` with `assets_of_advisories`."""

ADVISORIES_OF_ASSETS = (
    f"{_ROW} FROM {HOLDINGS} AS holding CROSS JOIN {VERSIONS} AS version CROSS JOIN {RANGES} AS affected "
    f"WHERE holding.asset_id IN ({{ids}}) AND {_HELD} AND {_INSIDE}"
)
"""What hits these assets? Fill `{ids}` with `advisories_of_assets`."""

_IN_WORDS = (
    "SELECT asset.name, package.ecosystem, package.name, version.raw, advisory.name, "
    "found.introduced, found.fixed, found.last_affected, version.doubt"
)

NAMED = (
    f"{_IN_WORDS} FROM {MATCHES} AS found JOIN fleet_asset AS asset ON asset.id = found.asset_id "
    "JOIN fleet_package AS package ON package.id = found.package_id "
    f"JOIN {VERSIONS} AS version ON version.id = found.version_id "
    "JOIN fleet_advisory AS advisory ON advisory.id = found.advisory_id "
)
"""Every match in words; `of_shard` may follow, as after TALLY."""

_COUNTED = "SELECT count(*), coalesce(sum(asset_id), 0), count(introduced), count(fixed), count(last_affected)"
_CHECKED = "SELECT coalesce(sum((asset_id * advisory_id + version_id) % 1000003), 0)"

TALLY = f"{_COUNTED} FROM {MATCHES} AS found "
"""How many matches, the sum of their assets, and how many of each bound: every match, read with its evidence."""

CHECKSUM = f"{_CHECKED} FROM {MATCHES} AS found "
"""Which asset met which record in which version: equal for two engines only if all pairs are."""


def by_versions(count: int, *, placeholder: str = "%s") -> str:
    """Return BY_VERSIONS for `count` packageversion ids, 1 to MAX_IDS; raises ValueError."""
    return BY_VERSIONS.format(ids=_marks(count, placeholder))


def by_advisories(count: int, *, placeholder: str = "%s") -> str:
    """Return BY_ADVISORIES for `count` advisory ids, 1 to MAX_IDS; raises ValueError."""
    return BY_ADVISORIES.format(ids=_marks(count, placeholder))


def assets_of_advisories(count: int, *, placeholder: str = "%s") -> str:
    """Return ASSETS_OF_ADVISORIES for `count` advisory ids, 1 to MAX_IDS; raises ValueError."""
    return ASSETS_OF_ADVISORIES.format(ids=_marks(count, placeholder))


def advisories_of_assets(count: int, *, placeholder: str = "%s") -> str:
    """Return ADVISORIES_OF_ASSETS for `count` asset ids, 1 to MAX_IDS; raises ValueError."""
    return ADVISORIES_OF_ASSETS.format(ids=_marks(count, placeholder))


def of_shard(index: int, of: int) -> str:
    """Return the condition that keeps one of `of` parts of a fleet's packages; raises ValueError."""
    if not 0 <= index < of:
        raise ValueError(f"there is no part {index} of {of}; parts are numbered from 0")
    return f"WHERE found.package_id % {of} = {index}" if of > 1 else ""


def _marks(count: int, placeholder: str) -> str:
    if not 1 <= count <= MAX_IDS:
        raise ValueError(f"{count} ids do not fit in one statement; send 1 to {MAX_IDS} at a time")
    return ", ".join([placeholder] * count)
