"""This will take in records one after the other, in small transactions, and change nothing the second time."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from django.db import transaction

from watchbell.apps.vulnerabilities.models import Source, SourceKind, SourceRecord
from watchbell.apps.vulnerabilities.services import bulk, csaf_drafts, cve_drafts, drafts, storing
from watchbell.apps.vulnerabilities.services.drafts import Draft
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.apps.vulnerabilities.services.sources import ensure_source
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refusal, Refused

MOST_ROWS = 1000
"""Rows a transaction writes at most; only a single record with more takes more."""

MANY = 1000
"""Records after which the database should look at its tables anew."""

AHEAD = 250
"""Lines that are looked up together before any is parsed."""

_GROWING = (
    "vulnerabilities_sourcerecord", "vulnerabilities_receivedrecord", "vulnerabilities_package",
    "vulnerabilities_range", "vulnerabilities_namedversion", "vulnerabilities_rangedoubt",
    "vulnerabilities_aliasassertion", "vulnerabilities_group", "vulnerabilities_groupmember",
    "vulnerabilities_saferange", "vulnerabilities_productclaim", "vulnerabilities_product",
    "vulnerabilities_productword", "vulnerabilities_productcpe",
)  # fmt: skip

Item = tuple[int | str, bytes | Refusal]
"""A line number or a member's name, and the record's bytes, or why they could not be read."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One record's bytes with their digest and where they stood."""

    place: str
    content: bytes
    digest: bytes


class Read(Protocol):
    """How the bytes of one kind of record become a draft; raises Refused with the place."""

    def __call__(self, content: bytes, received_digest: bytes, *, place: str) -> Draft:
        """Return what these bytes say."""


READERS: dict[SourceKind, Read] = {
    SourceKind.OSV: drafts.read,
    SourceKind.CVE: cve_drafts.read,
    SourceKind.CSAF: csaf_drafts.read,
}


def import_osv(
    items: Iterable[Item], *, source: str, by: Actor, now: datetime, rng: Dice, progress: Told = silent
) -> Report:
    """Store these OSV records, see `import_records`."""
    return import_records(SourceKind.OSV, items, source=source, by=by, now=now, rng=rng, progress=progress)


def import_records(
    kind: SourceKind,
    items: Iterable[Item],
    *,
    source: str,
    by: Actor,
    now: datetime,
    rng: Dice,
    progress: Told = silent,
) -> Report:
    """Store these records under `source` and return the counts; refusals are listed and stop nothing.

    Every chunk is its own transaction with its own journal entry: after a crash, import
    again, and what is stored already counts as unchanged. `progress` is called between chunks.
    """
    row = ensure_source(name=source, kind=kind, rng=rng)
    report = Report()
    chunk = storing.Chunk(row, [], by, now, rng)
    waiting: dict[str, Draft] = {}
    weight = 0
    for draft in _drafts(items, row, report, READERS[kind]):
        if draft.record_id in waiting or (waiting and weight + draft.weight > MOST_ROWS):
            _store(chunk, waiting, report)
            progress(report.seen)
            weight = 0
        waiting[draft.record_id] = draft
        weight += draft.weight
    _store(chunk, waiting, report)
    progress(report.seen)
    _count(row)
    if report.stored >= MANY:
        bulk.look_over(*_GROWING)
    return report


def _store(chunk: storing.Chunk, waiting: dict[str, Draft], report: Report) -> None:
    if not waiting:
        return
    with transaction.atomic():
        result = storing.store(replace(chunk, drafts=list(waiting.values())))
    report.stored += result.stored
    report.unchanged += result.unchanged
    report.older += result.older
    waiting.clear()


def _drafts(items: Iterable[Item], source: Source, report: Report, read: Read) -> Iterator[Draft]:
    """Yield what was read; bytes that are stored already are only counted."""
    for lines in _ahead(items, report):
        known = _stored_bytes(source, [line.digest for line in lines])
        for line in lines:
            if line.digest in known:
                report.unchanged += 1
                continue
            try:
                draft = read(line.content, line.digest, place=line.place)
            except Refused as refused:
                report.refuse(refused.refusal)
                continue
            yield draft


def _ahead(items: Iterable[Item], report: Report) -> Iterator[list[_Line]]:
    lines: list[_Line] = []
    for where, content in items:
        place = f"line {where}" if isinstance(where, int) else where
        if isinstance(content, Refusal):
            report.refuse(content if content.place else replace(content, place=place))
            continue
        lines.append(_Line(place, content, hashlib.sha256(content).digest()))
        if len(lines) == AHEAD:
            yield lines
            lines = []
    if lines:
        yield lines


def _stored_bytes(source: Source, digests: list[bytes]) -> set[bytes]:
    query = (
        "SELECT received_digest FROM vulnerabilities_sourcerecord "
        "WHERE source_id = %s AND read_as = %s AND document_id IS NULL AND received_digest IN ({})"
    )
    return {bytes(row[0]) for row in bulk.rows_where_in(query, digests, source.pk, drafts.READ_AS)}


def _count(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(
        record_count=SourceRecord.objects.filter(source=source, document__isnull=True).count()
    )
