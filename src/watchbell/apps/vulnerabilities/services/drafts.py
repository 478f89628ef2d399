"""What does one received record say, worked out before the database is touched? Drafts, and how OSV fills them.

Nothing here reads a clock or a row. A record that is not one is refused with its
place; a part that cannot be read becomes a doubt about its package.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from watchbell.apps.vulnerabilities.models import NAME_LENGTH, RECORD_ID_LENGTH
from watchbell.apps.vulnerabilities.services import packages
from watchbell.domain import canonical
from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.gem_requirements import read_rubysec
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import Identified, package, package_of_purl
from watchbell.domain.matching.ranges import ABOVE, Interval, Ranges, read_affected
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import KEY_FORMAT, LOWEST, NOT_ALWAYS_ORDERED, Scheme, is_ambiguous, scheme_for
from watchbell.formats import moments, osv, strictjson

READER = 3
"""Grows when the same bytes are read otherwise than before; records are then read anew from what was received."""

READ_AS = KEY_FORMAT * 100 + READER
"""Stored with every record: which keys and which reading its ranges come from."""

MOST_ALIASES = 1000
LONGEST_BOUNDS = 2000
"""Bytes that both keys of a range may have together: PostgreSQL's indexes hold no more than 2,704."""

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_CVSS_ORDER = ("CVSS:3.1", "CVSS:4.0", "CVSS:3.0")

_package = lru_cache(maxsize=32768)(package)
_is_ambiguous = lru_cache(maxsize=16384)(is_ambiguous)

Named = tuple[str, str]


@dataclass(slots=True)
class Words:
    """A range's bounds as the record writes them, and how far their keys can be relied on."""

    introduced: str
    fixed: str | None
    last_affected: str | None
    by_line: bool = False
    is_ambiguous: bool = False


Spans = dict[tuple[Named, bytes, bytes], Words]
"""Ranges of packages by package, beginning and end."""


@dataclass(frozen=True, slots=True)
class Designated:
    """By what a machine is recognised as a product: the maker it names, its numbers, and whether it is only a part."""

    vendor: str
    numbers: tuple[str, ...]
    is_part: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a record says of a product that people can pick; `designated` where a machine may be recognised as it."""

    vendor: str
    product: str
    ranges: Ranges
    designated: Designated | None = None

    @property
    def weight(self) -> int:
        """Return how many rows it takes to store this."""
        return 5 + sum(len(some) for some in (self.ranges.intervals, self.ranges.safe, self.ranges.named))


@dataclass(slots=True)
class Draft:
    """One record, ready to be stored; packages are in canonical spelling and each list has no doubles.

    `cpes` are the place of a claim among all and what a CPE of its product names, `helpers` by what else the product
    is recognised. `parts` are the vulnerabilities of a document that speaks of several: records of their own
    without bytes.
    """

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
    ranges: Spans = field(default_factory=dict)
    safe: Spans = field(default_factory=dict)
    named: dict[tuple[Named, str], None] = field(default_factory=dict)
    doubts: dict[tuple[Named, str, str], None] = field(default_factory=dict)
    claims: list[Claimed] = field(default_factory=list)
    cpes: dict[tuple[int, str], None] = field(default_factory=dict)
    helpers: dict[tuple[int, str, str], None] = field(default_factory=dict)
    parts: list["Draft"] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Return how many rows it takes to store this."""
        own = 2 + len(self.aliases) + len(self.ranges) + len(self.safe) + len(self.named) + len(self.doubts)
        own += len(self.cpes) + len(self.helpers)
        return own + sum(one.weight for one in self.claims) + sum(one.weight for one in self.parts)

    @property
    def packages(self) -> set[Named]:
        """Return every package it names."""
        return {key[0] for held in (self.ranges, self.safe, self.named, self.doubts) for key in held}

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of the canonical form: equal for equal records, however they were written."""
        return canonical_digest(self.content)


def canonical_digest(content: bytes) -> bytes:
    """Return the identity of the JSON value in these bytes."""
    return canonical.digest(strictjson.loads(content))


def read(content: bytes, received_digest: bytes, *, place: str) -> Draft:
    """Return what these bytes say. Raises Refused with the place: the line or member, then a JSON pointer."""
    with located(place):
        return _draft(osv.loads(content), content, received_digest, place)


@contextmanager
def located(place: str) -> Iterator[None]:
    """Put the line or member in front of the place of whatever is refused inside."""
    try:
        yield
    except Refused as refused:
        inner = refused.refusal.place
        raise Refused(replace(refused.refusal, place=_joined(place, inner))) from None


def _joined(place: str, inner: str) -> str:
    return f"{place}, {inner}" if place and inner else place or inner


def _draft(record: osv.OsvRecord, content: bytes, received_digest: bytes, place: str) -> Draft:
    own_id = checked_id(record.id, "/id")
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


def checked_id(name: str, place: str) -> str:
    """Return the id in the spelling that is kept. Raises Refused for one that is empty or too long."""
    name = canonical_id(name)
    if not 0 < len(name) <= RECORD_ID_LENGTH:
        expected = Sentence("1 to {limit} characters", limit=RECORD_ID_LENGTH)
        raise refuse("wrong-value", "This is not an id that can be kept", place=place, expected=expected)
    return name


def _aliases(record: osv.OsvRecord, own_id: str) -> list[str]:
    if len(record.aliases) > MOST_ALIASES:
        expected = Sentence("at most {limit}", limit=MOST_ALIASES)
        raise refuse("too-many-items", "The record has too many aliases", place="/aliases", expected=expected)
    named = {checked_id(alias, f"/aliases/{at}") for at, alias in enumerate(record.aliases)}
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
    return shortened(record.summary or record.details.lstrip().partition("\n")[0])


def shortened(text: str) -> str:
    """Return a line that fits where a record's summary is kept."""
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
            and entry.database_specific == last.database_specific
        )
        ranges = read_last if same and read_last else _ranges(entry)
        last, read_last = entry, ranges
        named = _named(entry)
        draft.has_fix = draft.has_fix or names_a_fix(ranges)
        if named is None:
            continue
        if len(named[0]) > packages.ECOSYSTEM_LENGTH or len(named[1]) > NAME_LENGTH:
            packages.check(*named, place=f"/affected/{at}/package")
        add_ranges(draft, named, ranges)


def _ranges(entry: osv.OsvAffected) -> Ranges:
    """Return what an entry names; RubySec's says it in fields of its own."""
    own = None if entry.ranges or entry.versions else read_rubysec(entry.database_specific)
    return own or read_affected(entry.ecosystem, entry.ranges, entry.versions)


def _named(entry: osv.OsvAffected) -> Named | None:
    """Return the package an entry is about, in canonical spelling; None for one that names commits only."""
    if entry.ecosystem and entry.name:
        one = _package(entry.ecosystem, entry.name)
        return (one.ecosystem, one.name) if one.ecosystem and one.name else None
    found = package_of_purl(entry.purl) if entry.purl else None
    return (found.package.ecosystem, found.package.name) if isinstance(found, Identified) else None


def names_a_fix(ranges: Ranges) -> bool:
    """Return whether anything in it ends with a fix."""
    return any(one.fixed is not None for one in ranges.intervals) or any(one.fixed for one in ranges.commits)


def add_ranges(draft: Draft, named: Named, ranges: Ranges) -> None:
    """Add what is said of a package's versions; what cannot be kept becomes a doubt about it."""
    scheme = scheme_for(named[0])
    if ranges.scheme is not scheme and ranges.scheme is not None:
        reason, why = (
            Reason.RANGE_NOT_UNDERSTOOD.value,
            "the record compares versions in another order than the package",
        )
        draft.doubts[named, reason, Sentence(why)] = None
        return
    _add_spans(draft, draft.ranges, named, ranges.intervals, scheme)
    _add_spans(draft, draft.safe, named, ranges.safe if ranges.doubts else (), scheme)
    for version in ranges.named:
        if len(version) <= NAME_LENGTH:
            draft.named[named, version] = None
        else:
            reason = Reason.UNPARSABLE_VERSION.value
            draft.doubts[named, reason, Sentence("a listed version is too long to be compared")] = None
    for doubt in ranges.doubts:
        draft.doubts[named, doubt.reason.value, Sentence(doubt.because).packed(500)] = None


def _add_spans(
    draft: Draft, spans: Spans, named: Named, intervals: tuple[Interval, ...], scheme: Scheme | None
) -> None:
    for one in intervals:
        if len(one.lo) + len(one.hi) > LONGEST_BOUNDS:
            if spans is draft.ranges:
                reason = Reason.RANGE_NOT_UNDERSTOOD.value
                draft.doubts[named, reason, Sentence("a bound of the record is too long to be compared")] = None
            continue
        words = Words(one.introduced, one.fixed, one.last_affected, one.by_line)
        if scheme in NOT_ALWAYS_ORDERED:
            words.is_ambiguous = _has_an_ambiguous_bound(scheme, one)
        kept = spans.setdefault((named, one.lo, one.hi), words)
        kept.is_ambiguous = kept.is_ambiguous or words.is_ambiguous


def _has_an_ambiguous_bound(scheme: Scheme | None, one: Interval) -> bool:
    """Return whether the ecosystem's own tool may place an end otherwise; a whole line of releases is no version."""
    begin = one.introduced.removeprefix(ABOVE) if one.lo != LOWEST else None
    bounds = [bound for bound in (begin, one.fixed, one.last_affected) if bound]
    return scheme is not None and not one.by_line and any(_is_ambiguous(scheme, bound) for bound in bounds)
