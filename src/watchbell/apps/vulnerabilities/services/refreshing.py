"""This will ask the sources that are switched on, each when its period is over, and keep the last good state of all."""

from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Q

from watchbell.apps.vulnerabilities.models import Source, SourceKind
from watchbell.apps.vulnerabilities.services import providers, sources
from watchbell.apps.vulnerabilities.services.importing import Place, import_path
from watchbell.apps.vulnerabilities.services.provider_asking import AskedToWait
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.apps.vulnerabilities.services.sources import Answer, host_entry
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refusal, Refused
from watchbell.domain.sentence import Sentence
from watchbell.formats import csaf_provider, moments
from watchbell.outside.egress import Policy

TRY_AGAIN_AFTER = timedelta(hours=1)


def due(*, now: datetime) -> list[Source]:
    """Return the sources that are switched on and whose period is over; one that failed waits an hour."""
    waited = Q(last_tried_at__isnull=True) | Q(last_tried_at__lte=now - TRY_AGAIN_AFTER)
    may_ask = Q(not_before__isnull=True) | Q(not_before__lte=now)
    rows = Source.objects.filter(waited, may_ask, enabled=True).order_by("name")
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

    Returns None for a source that is not switched on any more. Of a provider with many documents it reads
    some, and the report says in `left` how many are to be read by the next call.
    """
    source = Source.objects.filter(public_id=public_id, enabled=True).first()
    if source is None:
        return None
    if source.not_before and now < source.not_before:
        return _asked_to_wait(source.not_before)
    try:
        return _read(source, policy or allowed(), by=by, now=now, rng=rng, progress=progress)
    except AskedToWait as asked:
        Source.objects.filter(pk=source.pk).update(not_before=asked.until)
        refusal = asked.refusal
    except Refused as refused:
        refusal = refused.refusal
    except OSError as error:
        shown = Sentence("the system says: {why}", why=error.strerror or type(error).__name__)
        refusal = Refusal(code="unreadable", message=shown, place=Path(source.location).name, todo="Check the folder")
    sources.note_failure(source, refusal, by=by, now=now)
    return refusal


def _read(source: Source, policy: Policy, *, by: Actor, now: datetime, rng: Dice, progress: Told) -> Report:
    kind = SourceKind(source.kind)
    if kind is SourceKind.CSAF and csaf_provider.is_provider(source.location):
        visit = providers.Visit(source.location, policy)
        return providers.read(source, visit, by=by, now=now, rng=rng, progress=progress)
    place = Place(source.location, policy, _held(source))
    return import_path(kind, place, source=source.name, by=by, now=now, rng=rng, progress=progress)


def _asked_to_wait(until: datetime) -> Refusal:
    message = Sentence("The source asked us to wait until {moment}", moment=moments.written(until))
    return Refusal(code="asked-to-wait", message=message, todo="It is asked again then")


def _held(source: Source) -> Answer:
    """Return what makes the next request conditional; after a failure the whole is asked for again."""
    return Answer() if source.last_error else Answer(source.etag, source.last_modified)
