"""This will read records anew from the bytes they came as, when our reading or our keys have changed since."""

from datetime import datetime

from watchbell.apps.vulnerabilities.models import Source, SourceKind, SourceRecord
from watchbell.apps.vulnerabilities.services.drafts import READ_AS
from watchbell.apps.vulnerabilities.services.record_import import READERS, import_records
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.apps.vulnerabilities.services.storing import content_of
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice

AT_ONCE = 250


def read_again(*, by: Actor, now: datetime, rng: Dice, progress: Told = silent) -> Report:
    """Bring every record of an older reading up to date and return the counts; repeating it changes nothing.

    One that cannot be read any more keeps what was read of it and is counted as refused.
    """
    report = Report()
    for source in Source.objects.filter(kind__in=[kind.value for kind in READERS]).order_by("pk"):
        after = 0
        old = SourceRecord.objects.filter(source=source, document__isnull=True).exclude(read_as=READ_AS).order_by("pk")
        while part := list(old.filter(pk__gt=after).values_list("pk", "record_id")[:AT_ONCE]):
            items = ((name, content_of(pk)) for pk, name in part)
            kind = SourceKind(source.kind)
            report.add(import_records(kind, items, source=source.name, by=by, now=now, rng=rng))
            progress(report.seen)
            after = part[-1][0]
    return report
