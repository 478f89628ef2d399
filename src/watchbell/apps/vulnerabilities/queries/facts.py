"""What is known of a vulnerability from all sources together?"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from watchbell.apps.vulnerabilities.listed import BY_NAME, OURS
from watchbell.apps.vulnerabilities.models import (
    AssertionKind,
    CatalogueAssertion,
    Group,
    GroupMember,
    Source,
    SourceKind,
    SourceRecord,
    UmbrellaLink,
)
from watchbell.apps.vulnerabilities.queries.feeds import first_import_at
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.apps.vulnerabilities.services.drafts import preferred_vector
from watchbell.domain.matching.aliases import canonical_id, is_cve
from watchbell.domain.priority import Exposure, Impact
from watchbell.domain.priority import Facts as PriorityFacts
from watchbell.formats import strictjson


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one vulnerability from all sources together; None means that nobody has published it."""

    public_id: str
    display_id: str
    ids: tuple[str, ...]
    records: tuple[int, ...]
    summary: str
    in_kev: bool
    kev_since: date | None
    kev_known_at: datetime | None
    listed_in_kev_since: bool
    exploitation: str | None
    automatable: bool | None
    impact: Impact | None
    ssvc_by: str
    cvss_vector: str | None
    epss: float | None
    published_at: datetime | None
    known_at: datetime | None
    fix_known_at: datetime | None
    is_backlog: bool
    is_withdrawn: bool

    @property
    def listing_known_at(self) -> datetime | None:
        """Return when this node first knew of it, from a record or a catalogue."""
        known = [at for at in (self.known_at, self.kev_known_at) if at is not None]
        return min(known, default=None)

    def on(self, exposed: Exposure) -> PriorityFacts:
        """Return the facts as `domain.priority.assess` asks for them, for an asset so exposed."""
        return PriorityFacts(
            in_kev=self.in_kev,
            exposed=exposed,
            automatable=self.automatable,
            impact=self.impact,
            cvss_vector=self.cvss_vector,
            was_published_at_first_import=self.is_backlog,
            listed_in_kev_since=self.listed_in_kev_since,
        )


def facts_for(names: Iterable[str]) -> dict[str, Facts]:
    """Return what is known of each vulnerability, by the name it was asked for: a public id or any of its ids.

    One that has become part of another answers for the other. Names nobody knows are left out.
    """
    asked = _resolved({canonical_id(name) for name in names})
    gathered = _Gathered(set(asked.values()))
    made = {pk: gathered.facts(pk) for pk in gathered.groups}
    return {name: made[pk] for name, pk in asked.items() if pk in made}


def _resolved(names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in bulk.slices(names):
        found |= dict(GroupMember.objects.filter(identifier__in=part).values_list("identifier", "group_id"))
        rows = Group.objects.filter(public_id__in=part).values_list("public_id", "pk", "merged_into_id")
        found |= {public_id: merged or pk for public_id, pk, merged in rows}
    return found


class _Gathered:
    """Everything about some groups, read in a handful of queries."""

    def __init__(self, groups: set[int]) -> None:
        self.groups = {row.pk: row for part in bulk.slices(groups) for row in Group.objects.filter(pk__in=part)}
        self._ids = self._by_group(GroupMember.objects.values_list("group_id", "identifier"), "group_id__in")
        self._spans = self._by_group(UmbrellaLink.objects.values_list("group_id", "cve"), "group_id__in")
        self._records = self._read_records()
        self._said = self._read_assertions()
        self._first = first_import_at()

    def _by_group(self, rows: Any, key: str) -> dict[int, list[str]]:
        found: defaultdict[int, list[str]] = defaultdict(list)
        for part in bulk.slices(self.groups):
            for group, name in rows.filter(**{key: part}):
                found[group].append(name)
        return {group: sorted(held) for group, held in found.items()}

    def _read_records(self) -> dict[str, list[SourceRecord]]:
        found: defaultdict[str, list[SourceRecord]] = defaultdict(list)
        for part in bulk.slices(name for held in self._ids.values() for name in held):
            rows = SourceRecord.objects.filter(record_id__in=part).select_related("source")
            for row in rows.order_by("record_id", "source__name"):
                found[row.record_id].append(row)
        return found

    def _read_assertions(self) -> dict[str, list[CatalogueAssertion]]:
        named = {name for held in (*self._ids.values(), *self._spans.values()) for name in held if is_cve(name)}
        found: defaultdict[str, list[CatalogueAssertion]] = defaultdict(list)
        for part in bulk.slices(named):
            for row in CatalogueAssertion.objects.filter(cve__in=part, ended_at__isnull=True):
                found[row.cve].append(row)
        self._catalogue_began = dict(Source.objects.filter(kind=SourceKind.KEV).values_list("name", "first_import_at"))
        return found

    def facts(self, pk: int) -> Facts:
        """Return what is known of one group."""
        group, ids = self.groups[pk], self._ids.get(pk, [])
        records = [row for name in ids for row in self._records.get(name, [])]
        standing = [row for row in records if row.withdrawn_at is None]
        cves = [name for name in ids if is_cve(name)] + self._spans.get(pk, [])
        said = [row for cve in cves for row in self._said.get(cve, [])]
        kev = _earliest([row for row in said if row.kind == AssertionKind.KEV])
        ssvc = _latest([row for row in said if row.kind == AssertionKind.SSVC])
        epss = [strictjson.loads(row.data)["probability"] for row in said if row.kind == AssertionKind.EPSS]
        answers: dict[str, Any] = strictjson.loads(ssvc.data) if ssvc else {}
        listed: dict[str, Any] = strictjson.loads(kev.data) if kev else {}
        vectors = {row.cvss for row in standing if row.cvss} | {answers.get("vector") or ""}
        return Facts(
            public_id=group.public_id,
            display_id=group.display_id,
            ids=tuple(ids),
            records=tuple(row.pk for row in standing),
            summary=next((row.summary for row in standing if row.summary), listed.get("name", "")),
            in_kev=kev is not None,
            kev_since=kev.since if kev else None,
            kev_known_at=kev.known_at if kev else None,
            listed_in_kev_since=self._is_news(kev),
            exploitation=answers.get("exploitation"),
            automatable={"yes": True, "no": False}.get(answers.get("automatable") or ""),
            impact=_impact(answers.get("technical_impact")),
            ssvc_by=ssvc.asserter if ssvc else "",
            cvss_vector=preferred_vector(vectors) or None,
            epss=max(epss, default=None),
            published_at=_published(standing, answers),
            known_at=min((row.known_at for row in standing), default=None),
            fix_known_at=min((row.fix_known_at for row in standing if row.has_fix and row.fix_known_at), default=None),
            is_backlog=self._is_backlog(standing, kev),
            is_withdrawn=bool(records) and not standing,
        )

    def _is_news(self, kev: CatalogueAssertion | None) -> bool:
        """Return whether the listing became known after the catalogue was first read."""
        began = self._catalogue_began.get(kev.asserter) if kev else None
        return kev is not None and (began is None or kev.known_at > began)

    def _is_backlog(self, records: list[SourceRecord], kev: CatalogueAssertion | None) -> bool:
        """Return whether it was public before this node began to read: then no due date is invented for it.

        For records of a feed that was switched on later, the beginning is that feed's; our own are never backlog.
        Without any record, a listing that was there when its catalogue was first read is.
        """
        if not records:
            return kev is not None and not self._is_news(kev)
        return any(self._was_public(row) for row in records)

    def _was_public(self, row: SourceRecord) -> bool:
        if row.source.name == OURS:
            return False
        feed = row.source.first_import_at if row.source.name in BY_NAME else None
        began = max((at for at in (self._first, feed) if at is not None), default=None)
        return began is not None and (row.published_at or row.modified_at or row.known_at) <= began


def _earliest(rows: list[CatalogueAssertion]) -> CatalogueAssertion | None:
    return min(rows, key=lambda row: (row.since or date.max, row.asserter, row.cve), default=None)


def _latest(rows: list[CatalogueAssertion]) -> CatalogueAssertion | None:
    return max(rows, key=lambda row: (row.since or date.min, row.asserter, row.cve), default=None)


def _impact(answer: str | None) -> Impact | None:
    return {"total": Impact.TOTAL, "partial": Impact.PARTIAL}.get(answer or "")


def _published(records: list[SourceRecord], answers: dict[str, Any]) -> datetime | None:
    """Return when it was first published: the earliest record, else the beginning of the day its CVE was."""
    first = min((row.published_at for row in records if row.published_at), default=None)
    if first is not None or not answers.get("published_on"):
        return first
    try:
        return datetime.fromisoformat(answers["published_on"]).replace(tzinfo=UTC)
    except ValueError:
        return None
