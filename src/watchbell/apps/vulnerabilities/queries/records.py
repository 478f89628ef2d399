"""Which records are there, which vulnerability is each of, and what changed?"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max, Q

from watchbell.apps.vulnerabilities.models import CatalogueAssertion, GroupMember, Range, SourceRecord
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.apps.vulnerabilities.services.storing import content_of
from watchbell.domain.matching.aliases import canonical_id

MOST_FOUND = 50
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class GroupName:
    """A vulnerability's opaque id and the id that people know it by."""

    public_id: str
    display_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed, in the order of `seq`: a record (its number here) or a catalogue's word on a CVE."""

    seq: int
    record: int | None = None
    cve: str = ""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One record as its source published it; `content` is JSON as received, to be shown as inert text."""

    public_id: str
    record_id: str
    source: str
    group: GroupName | None
    aliases: tuple[str, ...]
    summary: str
    cvss: str
    published_at: datetime | None
    modified_at: datetime | None
    withdrawn_at: datetime | None
    known_at: datetime
    has_fix: bool
    content: bytes = field(repr=False)


def record(public_id: str) -> RecordPage | None:
    """Return one record with the bytes it came as, or None when there is none of this id."""
    row = SourceRecord.objects.select_related("source").filter(public_id=public_id).first()
    if row is None:
        return None
    aliases = row.alias_assertions.order_by("alias").values_list("alias", flat=True)
    return RecordPage(
        public_id=row.public_id,
        record_id=row.record_id,
        source=row.source.name,
        group=groups_of_records([row.pk]).get(row.pk),
        aliases=tuple(aliases),
        summary=row.summary,
        cvss=row.cvss,
        published_at=row.published_at,
        modified_at=row.modified_at,
        withdrawn_at=row.withdrawn_at,
        known_at=row.known_at,
        has_fix=row.has_fix,
        content=content_of(row.pk),
    )


def groups_of_records(numbers: Iterable[int]) -> dict[int, GroupName]:
    """Return the vulnerability of each record, by the records' numbers in the views."""
    query = (
        "SELECT record.id, named.public_id, named.display_id FROM vulnerabilities_sourcerecord record "
        "JOIN vulnerabilities_groupmember member ON member.identifier = record.record_id "
        "JOIN vulnerabilities_group named ON named.id = member.group_id WHERE record.id IN ({})"
    )
    return {row[0]: GroupName(row[1], row[2]) for row in bulk.rows_where_in(query, set(numbers))}


def names_of_records(numbers: Iterable[int]) -> dict[int, str]:
    """Return the ids under which sources published these records, by the records' numbers in the views."""
    query = "SELECT id, record_id FROM vulnerabilities_sourcerecord WHERE id IN ({})"
    return {row[0]: row[1] for row in bulk.rows_where_in(query, numbers)}


def group_of(identifier: str) -> GroupName | None:
    """Return the vulnerability an identifier belongs to, or None when nobody has named it."""
    row = GroupMember.objects.select_related("group").filter(identifier=canonical_id(identifier)).first()
    return GroupName(row.group.public_id, row.group.display_id) if row else None


def records_of(group: str) -> list[tuple[int, str, str, str]]:
    """Return (number, public id, record id, source) of each record of a vulnerability, by record id and source."""
    ids = GroupMember.objects.filter(group__public_id=group).values("identifier")
    rows = SourceRecord.objects.filter(record_id__in=ids).order_by("record_id", "source__name")
    return list(rows.values_list("pk", "public_id", "record_id", "source__name"))


def fixes_of(numbers: Iterable[int], package: int) -> list[str]:
    """Return the versions that end these records' ranges of a package, as written."""
    rows = Range.objects.filter(record_id__in=list(numbers), package_id=package, retracted=False, fixed__isnull=False)
    return sorted({fixed for fixed in rows.values_list("fixed", flat=True) if fixed is not None})


def changed_since(seq: int, limit: int = 1000) -> list[Change]:
    """Return up to `limit` changes after `seq`, oldest first; ask again from the last one's seq.

    Numbers become visible in their own order, so a reader that keeps the last one misses
    nothing, and one that starts over from 0 sees everything once, each at its latest change.
    """
    records = SourceRecord.objects.filter(changed_seq__gt=seq).order_by("changed_seq")
    assertions = CatalogueAssertion.objects.filter(changed_seq__gt=seq).order_by("changed_seq")
    found = [Change(number, record=pk) for number, pk in records.values_list("changed_seq", "pk")[:limit]]
    found += [Change(number, cve=cve) for number, cve in assertions.values_list("changed_seq", "cve")[:limit]]
    return sorted(found, key=lambda change: change.seq)[:limit]


def count_records_changed_since(seq: int) -> int:
    """Return how many records changed after `seq`; catalogues' words, which change by the hundred thousand, are not."""
    return SourceRecord.objects.filter(changed_seq__gt=seq).count()


def last_change() -> int:
    """Return the number of the latest change that can be seen; no earlier one becomes visible after it."""
    latest = [
        table.objects.aggregate(last=Max("changed_seq"))["last"] or 0 for table in (SourceRecord, CatalogueAssertion)
    ]
    return int(max(latest))


def search(text: str) -> list[GroupName]:
    """Return up to 50 vulnerabilities one of whose ids begins with this text, by id; CVE ids in any case."""
    wanted = text.strip()
    if len(wanted) < 3:
        return []
    starts = {wanted, wanted.upper()}
    begins = Q()
    for start in starts:
        begins |= Q(identifier__gte=start, identifier__lt=start + _LAST)
    rows = GroupMember.objects.filter(begins).order_by("identifier").select_related("group")[: MOST_FOUND * 4]
    found = {row.group.public_id: GroupName(row.group.public_id, row.group.display_id) for row in rows}
    return list(found.values())[:MOST_FOUND]
