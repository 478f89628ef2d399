"""This will read a CSAF provider: find it, learn what it lists, and take what is new or has changed since."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchbell.apps.vulnerabilities.models import ProviderListing, Source
from watchbell.apps.vulnerabilities.services import provider_documents, provider_listings, sources
from watchbell.apps.vulnerabilities.services.provider_asking import Asker, Pace
from watchbell.apps.vulnerabilities.services.provider_documents import Errand
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import Policy

LISTS_HOLD = timedelta(hours=1)
"""How long what a provider lists is gone by while its documents are still being fetched."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a provider is, whom this node may ask, and how fast."""

    location: str
    policy: Policy
    pace: Pace = field(default_factory=Pace)


def read(source: Source, visit: Visit, *, by: Actor, now: datetime, rng: Dice, progress: Told = silent) -> Report:
    """Read the provider for ten minutes at most and return the counts, `left` with what still waits.

    The source counts as read whole once nothing waits and every list for everyone could be read.
    Raises Refused or AskedToWait when it could not; what was taken before stays, and the next run goes on from there.
    """
    asker = Asker(visit.policy, now, visit.pace)
    if not _is_under_way(source, now):
        provider_listings.look(source, visit.location, asker)
    report = provider_documents.take(Errand(source, asker, by, now, rng, progress))
    if report.left:
        Source.objects.filter(pk=source.pk).update(last_tried_at=now)
        return report
    trouble = provider_listings.unread(source)
    if trouble:
        raise refuse("unread-list", Sentence("A list of the provider: {why}", why=Sentence.unpacked(trouble)))
    sources.note_success(source, now=now)
    return report


def read_whole(source: Source, visit: Visit, *, by: Actor, now: datetime, rng: Dice, progress: Told = silent) -> Report:
    """Read the provider until nothing waits, see `read`."""
    report = read(source, visit, by=by, now=now, rng=rng, progress=progress)
    while report.left:
        further = read(source, visit, by=by, now=now, rng=rng, progress=progress)
        report.add(further)
        report.left = further.left
    return report


def _is_under_way(source: Source, now: datetime) -> bool:
    """Return whether an earlier run read every list a short while ago and left documents for this one."""
    lists = ProviderListing.objects.filter(source=source, is_open=True)
    is_recent = lists.exists() and not lists.exclude(read_at__gt=now - LISTS_HOLD, refusal="").exists()
    return is_recent and provider_documents.waiting(source, now=now).exists()
