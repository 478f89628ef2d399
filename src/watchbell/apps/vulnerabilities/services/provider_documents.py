"""This will fetch the documents of a CSAF provider that wait, prove their hashes, and store a few at a time.

What is stored is marked as taken after it; a run that is killed between the two asks for
those few again, and they count as unchanged.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from watchbell.apps.vulnerabilities.models import ProvidedDocument, Source, SourceKind
from watchbell.apps.vulnerabilities.services.provider_asking import (
    DOCUMENT,
    MOST_FAILURES,
    SMALL,
    AskedToWait,
    Asker,
    NotThere,
)
from watchbell.apps.vulnerabilities.services.record_import import import_records
from watchbell.apps.vulnerabilities.services.reports import Report, Told
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import csaf_listings

AT_ONCE = 20
"""Documents that are stored together."""

LONGEST = 600
"""Seconds after which one run makes room for other work; the rest is read in the next."""

AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Errand:
    """One run at one provider: who asks for whom, and whom to tell how far it is."""

    source: Source
    asker: Asker
    by: Actor
    now: datetime
    rng: Dice
    progress: Told


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A document's bytes with the algorithm that proved them, or why there are none."""

    row: ProvidedDocument
    content: bytes = b""
    checked: str = ""
    refusal: Refusal | None = None


def waiting(source: Source, *, now: datetime) -> QuerySet[ProvidedDocument]:
    """Return the documents to be fetched, newest first; one that failed comes after an hour, and last."""
    is_due = Q(tried_at__isnull=True) | Q(tried_at__lte=now - AGAIN_AFTER)
    rows = ProvidedDocument.objects.filter(Q(taken__isnull=True) | ~Q(taken=F("changed")), is_due, source=source)
    return rows.order_by(F("tried_at").asc(nulls_first=True), "-changed", "pk")


def take(errand: Errand) -> Report:
    """Fetch and store what waits, for ten minutes at most; `left` counts what still waits then.

    Raises AskedToWait, or Refused when the provider failed many times in a row; what came before is stored.
    """
    report = Report()
    ends = errand.asker.pace.clock() + LONGEST
    while rows := list(waiting(errand.source, now=errand.now)[:AT_ONCE]):
        trouble = _take_some(rows, errand, report)
        if trouble is not None:
            raise trouble
        if errand.asker.pace.clock() >= ends:
            break
    report.left = waiting(errand.source, now=errand.now).count()
    return report


def _take_some(rows: list[ProvidedDocument], errand: Errand, report: Report) -> Refused | None:
    """Fetch and store these; return what makes it useless to go on, if anything does."""
    fetched: list[_Fetched] = []
    trouble: Refused | None = None
    for row in rows:
        try:
            fetched.append(_fetched(row, errand.asker))
        except AskedToWait as asked:
            trouble = asked
            break
        except Refused as refused:
            fetched.append(_Fetched(row, refusal=refused.refusal))
            if errand.asker.failures >= MOST_FAILURES:
                trouble = refused
                break
        errand.progress(report.seen + len(fetched))
    _store(fetched, errand, report)
    return trouble


def _fetched(row: ProvidedDocument, asker: Asker) -> _Fetched:
    if row.must_check and not row.hashes:
        message = "The provider calls itself trusted and lists no hash for this document"
        raise refuse("no-hash", message, place=row.address, expected="A .sha512 or .sha256 beside it (7.1.18)")
    content = asker.get(row.address, DOCUMENT).body
    return _Fetched(row, content, _proved(content, row, asker))


def _proved(content: bytes, row: ProvidedDocument, asker: Asker) -> str:
    """Return by which algorithm the bytes are what the provider says; "" where it offers no hash.

    Raises Refused when they are not, or when a hash that must be there is not.
    """
    for url in row.hashes.split():
        try:
            algorithm, digits = csaf_listings.read_hash(asker.get(url, SMALL).body, url)
        except NotThere:
            continue
        if hashlib.new(algorithm, content).hexdigest() != digits:
            message = Sentence("The document is not the one its {algorithm} file speaks of", algorithm=algorithm)
            todo = "It is asked for again; if this stays, ask the provider"
            raise refuse(
                "wrong-hash", message, place=row.address, expected=Sentence("{digest}…", digest=digits[:16]), todo=todo
            )
        return algorithm
    if row.must_check:
        raise refuse(
            "no-hash",
            "The provider promises a hash for this document and has none there",
            place=row.address,
            todo="It is asked for again; if this stays, ask the provider",
        )
    return ""


def _store(fetched: list[_Fetched], errand: Errand, report: Report) -> None:
    there = [(one.row.address, one.content) for one in fetched if one.refusal is None]
    found = Report()
    if there:
        found = import_records(
            SourceKind.CSAF, there, source=errand.source.name, by=errand.by, now=errand.now, rng=errand.rng
        )
    for one in fetched:
        if one.refusal is not None:
            found.refuse(one.refusal)
    report.add(found)
    _mark(fetched, found.refusals, errand.now)


@transaction.atomic
def _mark(fetched: list[_Fetched], refusals: Iterable[Refusal], now: datetime) -> None:
    """This will note what was taken, and why the others were not.

    One refused for what it says is not asked for again until it changes; one that could not be had is.
    """
    said = {one.place.partition(", ")[0]: one for one in refusals}
    for one in fetched:
        refusal = one.refusal or said.get(one.row.address)
        ProvidedDocument.objects.filter(pk=one.row.pk).update(
            tried_at=now,
            taken=one.row.changed if one.refusal is None else one.row.taken,
            checked=one.checked if one.refusal is None else "",
            refusal=Sentence(str(refusal)).packed(1000) if refusal else "",
        )
