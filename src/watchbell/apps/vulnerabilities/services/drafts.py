"""What does one received OSV record say, worked out before the database is touched?

Nothing here reads a clock or a row. A record that is not one is refused with its
place; a part that cannot be read becomes a doubt about its package.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from watchbell.apps.vulnerabilities.models import NAME_LENGTH, RECORD_ID_LENGTH
from watchbell.apps.vulnerabilities.services import packages
from watchbell.domain import canonical
from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import Identified, package, package_of_purl
from watchbell.domain.matching.ranges import Ranges, read_affected
from watchbell.domain.refusal import Refused, refuse
from watchbell.formats import moments, osv, strictjson

MOST_ALIASES = 1000
LONGEST_BOUNDS = 2000
"""Bytes that both keys of a range may have together: PostgreSQL's indexes hold no more than 2,704."""

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_CVSS_ORDER = ("CVSS:3.1", "CVSS:4.0", "CVSS:3.0")

_package = lru_cache(maxsize=32768)(package)

Named = tuple[str, str]


@dataclass(slots=True)
class Draft:
    """One record, ready to be stored; packages are in canonical spelling and each list has no doubles."""

    place: str
    content: bytes
    received_digest: bytes
    record_id: str
    published_at: datetime | None
    modified_at: datetime | None
    withdrawn_at: datetime | None
    summary: str
    cvss: str
    aliases: list[str]
    has_fix: bool = False
    ranges: dict[tuple[Named, bytes, bytes], tuple[str, str | None, str | None]] = field(default_factory=dict)
    named: dict[tuple[Named, str], None] = field(default_factory=dict)
    doubts: dict[tuple[Named, str, str], None] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Return how many rows it takes to store this."""
        return 2 + len(self.aliases) + len(self.ranges) + len(self.named) + len(self.doubts)

    @property
    def packages(self) -> set[Named]:
        """Return every package it names."""
        return {key[0] for held in (self.ranges, self.named, self.doubts) for key in held}

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of the canonical form: equal for equal records, however they were written."""
        return canonical_digest(self.content)


def canonical_digest(content: bytes) -> bytes:
    """Return the identity of the JSON value in these bytes."""
    return canonical.digest(strictjson.loads(content))


def read(content: bytes, received_digest: bytes, *, place: str) -> Draft:
    """Return what these bytes say. Raises Refused with the place: the line or member, then a JSON pointer."""
    try:
        return _draft(osv.loads(content), content, received_digest, place)
    except Refused as refused:
        inner = refused.refusal.place
        raise Refused(replace(refused.refusal, place=_joined(place, inner))) from None


def _joined(place: str, inner: str) -> str:
    return f"{place}, {inner}" if place and inner else place or inner


def _draft(record: osv.OsvRecord, content: bytes, received_digest: bytes, place: str) -> Draft:
    own_id = _checked_id(record.id, "/id")
    draft = Draft(
        place=place,
        content=content,
        received_digest=received_digest,
        record_id=own_id,
        published_at=_moment(record.published, "/published"),
        modified_at=_moment(record.modified, "/modified"),
        withdrawn_at=_moment(record.withdrawn, "/withdrawn"),
        summary=_summary(record),
        cvss=_preferred_vector(record),
        aliases=_aliases(record, own_id),
    )
    _add_affected(draft, record.affected)
    return draft


def _checked_id(name: str, place: str) -> str:
    name = canonical_id(name)
    if not 0 < len(name) <= RECORD_ID_LENGTH:
        expected = f"1 to {RECORD_ID_LENGTH} characters"
        raise refuse("wrong-value", "This is not an id that can be kept", place=place, expected=expected)
    return name


def _aliases(record: osv.OsvRecord, own_id: str) -> list[str]:
    if len(record.aliases) > MOST_ALIASES:
        expected = f"at most {MOST_ALIASES}"
        raise refuse("too-many-items", "The record has too many aliases", place="/aliases", expected=expected)
    named = {_checked_id(alias, f"/aliases/{at}") for at, alias in enumerate(record.aliases)}
    return sorted(named - {own_id})


def _moment(text: str, place: str) -> datetime | None:
    """Return the moment; of a bare day, which some publishers write, its beginning in UTC."""
    if not text:
        return None
    if len(text) == 10:
        text += "T00:00:00Z"
    if _UTC.fullmatch(text):  # nearly every one; the codec's reading costs three times as much
        try:
            return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
        except ValueError:
            pass
    return moments.read(text, place=place)


def _summary(record: osv.OsvRecord) -> str:
    text = record.summary or record.details.lstrip().partition("\n")[0]
    return text if len(text) <= 500 else text[:499] + "…"


def _preferred_vector(record: osv.OsvRecord) -> str:
    scores = set(record.severities)
    for one in record.affected:
        if one.severities:
            scores.update(one.severities)
    return preferred_vector(scores) if scores else ""


def preferred_vector(vectors: set[str]) -> str:
    """Return the one vector to decide with: version 3.1 before 4.0, 3.0 and 2, then by its letters; "" without any."""
    short = [one for one in vectors if 0 < len(one) <= 255]
    return min(short, key=lambda one: (_cvss_rank(one), one), default="")


def _cvss_rank(vector: str) -> int:
    prefix = vector[:8]
    return _CVSS_ORDER.index(prefix) if prefix in _CVSS_ORDER else len(_CVSS_ORDER)


def _add_affected(draft: Draft, affected: list[osv.OsvAffected]) -> None:
    """This will add each entry's ranges; entries of one record often repeat the same ones for many packages."""
    last: osv.OsvAffected | None = None
    read_last: Ranges | None = None
    for at, entry in enumerate(affected):
        same = (
            last is not None
            and entry.ecosystem == last.ecosystem
            and entry.ranges == last.ranges
            and entry.versions == last.versions
        )
        ranges = read_last if same and read_last else read_affected(entry.ecosystem, entry.ranges, entry.versions)
        last, read_last = entry, ranges
        named = _named(entry)
        if named is None:
            draft.has_fix = draft.has_fix or _names_a_fix(ranges)
            continue
        if len(named[0]) > packages.ECOSYSTEM_LENGTH or len(named[1]) > NAME_LENGTH:
            packages.check(*named, place=f"/affected/{at}/package")
        _add_ranges(draft, named, ranges)


def _named(entry: osv.OsvAffected) -> Named | None:
    """Return the package an entry is about, in canonical spelling; None for one that names commits only."""
    if entry.ecosystem and entry.name:
        one = _package(entry.ecosystem, entry.name)
        return (one.ecosystem, one.name) if one.ecosystem and one.name else None
    found = package_of_purl(entry.purl) if entry.purl else None
    return (found.package.ecosystem, found.package.name) if isinstance(found, Identified) else None


def _names_a_fix(ranges: Ranges) -> bool:
    return any(one.fixed is not None for one in ranges.intervals) or any(one.fixed for one in ranges.commits)


def _add_ranges(draft: Draft, named: Named, ranges: Ranges) -> None:
    for one in ranges.intervals:
        if len(one.lo) + len(one.hi) > LONGEST_BOUNDS:
            reason = Reason.RANGE_NOT_UNDERSTOOD.value
            draft.doubts[named, reason, "a bound of the record is too long to be compared"] = None
            continue
        draft.ranges.setdefault((named, one.lo, one.hi), (one.introduced, one.fixed, one.last_affected))
        if one.fixed is not None:
            draft.has_fix = True
    if ranges.commits and any(one.fixed for one in ranges.commits):
        draft.has_fix = True
    for version in ranges.named:
        if len(version) <= NAME_LENGTH:
            draft.named[named, version] = None
        else:
            reason = Reason.UNPARSABLE_VERSION.value
            draft.doubts[named, reason, "a listed version is too long to be compared"] = None
    for doubt in ranges.doubts:
        draft.doubts[named, doubt.reason.value, doubt.because[:500]] = None
