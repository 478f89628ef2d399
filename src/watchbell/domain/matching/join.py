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


def by_versions(count: int, *, placeholder: str = "%s") -> str:
    """Return BY_VERSIONS for `count` packageversion ids, 1 to MAX_IDS; raises ValueError."""
    return BY_VERSIONS.format(ids=_marks(count, placeholder))


def by_advisories(count: int, *, placeholder: str = "%s") -> str:
    """Return BY_ADVISORIES for `count` advisory ids, 1 to MAX_IDS; raises ValueError."""
    return BY_ADVISORIES.format(ids=_marks(count, placeholder))


def _marks(count: int, placeholder: str) -> str:
    if not 1 <= count <= MAX_IDS:
        raise ValueError(f"{count} ids do not fit in one statement; send 1 to {MAX_IDS} at a time")
    return ", ".join([placeholder] * count)
