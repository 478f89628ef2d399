"""This will ask the sources that are switched on, each when its period is over, and keep the last good state of all."""

from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Q

from watchbell.apps.vulnerabilities.models import Source, SourceKind
from watchbell.apps.vulnerabilities.services import sources
from watchbell.apps.vulnerabilities.services.importing import Place, import_path
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.apps.vulnerabilities.services.sources import Answer, host_entry
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refusal, Refused
from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import Policy

TRY_AGAIN_AFTER = timedelta(hours=1)


def due(*, now: datetime) -> list[Source]:
    """Return the sources that are switched on and whose period is over; one that failed waits an hour."""
    waited = Q(last_tried_at__isnull=True) | Q(last_tried_at__lte=now - TRY_AGAIN_AFTER)
    rows = Source.objects.filter(waited, enabled=True).order_by("name")
    return [row for row in rows if row.last_ok_at is None or row.last_ok_at + _period(row) <= now]


def _period(source: Source) -> timedelta:
    return timedelta(hours=source.period_hours)


def allowed(*, extra: frozenset[str] = frozenset()) -> Policy:
    """Return the policy that lets requests out to the hosts of the sources that are switched on, and `extra`."""
    places = Source.objects.filter(enabled=True).values_list("location", flat=True)
    hosts = {host_entry(place) for place in places if place.startswith(("http://", "https://"))}
    return Policy(allowed_hosts=frozenset(hosts) | extra)


def refresh(
    public_id: str, *, by: Actor, now: datetime, rng: Dice, policy: Policy | None = None, progress: Told = silent
) -> Report | Refusal | None:
    """Ask one source now and return the counts, or why it failed (which is noted and journalled).

    Returns None for a source that is not switched on any more.
    """
    source = Source.objects.filter(public_id=public_id, enabled=True).first()
    if source is None:
        return None
    place = Place(source.location, policy or allowed(), _held(source))
    try:
        return import_path(
            SourceKind(source.kind), place, source=source.name, by=by, now=now, rng=rng, progress=progress
        )
    except Refused as refused:
        refusal = refused.refusal
    except OSError as error:
        shown = Sentence("the system says: {why}", why=error.strerror or type(error).__name__)
        refusal = Refusal(code="unreadable", message=shown, place=Path(source.location).name, todo="Check the folder")
    sources.note_failure(source, refusal, by=by, now=now)
    return refusal


def _held(source: Source) -> Answer:
    """Return what makes the next request conditional; after a failure the whole is asked for again."""
    return Answer() if source.last_error else Answer(source.etag, source.last_modified)
