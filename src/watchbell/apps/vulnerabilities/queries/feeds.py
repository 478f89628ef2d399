"""Which sources are there, and how old is what they brought?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from watchbell.apps.vulnerabilities.listed import OURS
from watchbell.apps.vulnerabilities.models import Source, Standing
from watchbell.domain.sentence import Sentence

STALE_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SourceAge:
    """How fresh one source is; `is_stale` asks for a banner: older than seven days, or never read whole."""

    name: str
    kind: str
    public_id: str
    enabled: bool
    last_ok_at: datetime | None
    age: timedelta | None
    is_stale: bool
    last_error: str
    record_count: int
    location: str


def first_import_at() -> datetime | None:
    """Return when this node first imported advisories, or None before that."""
    return Standing.objects.filter(id=1).values_list("first_import_at", flat=True).first()


def source_ages(now: datetime) -> list[SourceAge]:
    """Return the sources that are switched on or were ever read, by name, with their ages."""
    rows = Source.objects.filter(Q(enabled=True) | Q(last_ok_at__isnull=False)).exclude(name=OURS)
    return [_age(row, now) for row in rows.order_by("name")]


def sources(now: datetime) -> list[SourceAge]:
    """Return every source this node knows of, by name, for the page that switches them."""
    return [_age(row, now) for row in Source.objects.exclude(name=OURS).order_by("name")]


def _age(row: Source, now: datetime) -> SourceAge:
    age = now - row.last_ok_at if row.last_ok_at else None
    return SourceAge(
        name=row.name,
        kind=row.kind,
        public_id=row.public_id,
        enabled=row.enabled,
        last_ok_at=row.last_ok_at,
        age=age,
        is_stale=age is None or age > STALE_AFTER,
        last_error=Sentence.unpacked(row.last_error) if row.last_error else "",
        record_count=row.record_count,
        location=row.location,
    )
