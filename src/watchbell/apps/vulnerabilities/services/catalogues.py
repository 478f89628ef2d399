"""This will take in KEV, EPSS and SSVC catalogues: what is new or different is stored, a broken one changes nothing.

A catalogue is read to its end before the first row is written, so that one that is
cut short, empty or half as long as the last good one is refused as a whole.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.listed import EPSS, KEV, VULNRICHMENT
from watchbell.apps.vulnerabilities.models import AssertionKind, CatalogueAssertion, Source, SourceKind
from watchbell.apps.vulnerabilities.services import bulk, groups, products, standing
from watchbell.apps.vulnerabilities.services.products import Listing
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.apps.vulnerabilities.services.sources import ensure_source
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.matching.aliases import is_cve
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import epss, kev, vulnrichment
from watchbell.formats.kev import KevEntry

AT_ONCE = 500

_TABLE = "vulnerabilities_catalogueassertion"


@dataclass(frozen=True, slots=True)
class Assertion:
    """What is said of one CVE: `data` is JSON text with sorted keys, `product` the listing that comes with it."""

    cve: str
    data: str
    since: date | None = None
    product: Listing | None = None


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """One import of one catalogue; a `complete` one also says what is no longer in it."""

    kind: AssertionKind
    source: Source
    by: Actor
    now: datetime
    rng: Dice
    complete: bool = False


def import_kev(
    content: bytes, *, by: Actor, now: datetime, rng: Dice, source: str = KEV, progress: Told = silent
) -> Report:
    """Store CISA's catalogue; an entry that is no longer in it is ended, not removed.

    Raises Refused when it is incomplete, or less than half as long as the last good one.
    """
    report = Report()
    found = _kept(_kev_entries(kev.loads(content).entries()), report)
    row = ensure_source(name=source, kind=SourceKind.KEV, rng=rng)
    return _import(_Catalogue(AssertionKind.KEV, row, by, now, rng, complete=True), found, report, progress)


def import_epss(
    lines: Iterable[str], *, by: Actor, now: datetime, rng: Dice, source: str = EPSS, progress: Told = silent
) -> Report:
    """Store a day's EPSS figures. Raises Refused when it has no head, or is half as long as the last good one."""
    report = Report()
    table = epss.read(lines)
    day = _day(table.score_date)
    found = _kept(_numbered(table.scores, lambda score: _epss_data(score, day)), report)
    row = ensure_source(name=source, kind=SourceKind.EPSS, rng=rng)
    return _import(_Catalogue(AssertionKind.EPSS, row, by, now, rng), found, report, progress)


def import_vulnrichment(
    lines: Iterable[str], *, by: Actor, now: datetime, rng: Dice, source: str = VULNRICHMENT, progress: Told = silent
) -> Report:
    """Store CISA's SSVC answers; what is not answered stays unknown. Raises Refused as the others do."""
    report = Report()
    found = _kept(_numbered(vulnrichment.read(lines), _ssvc_data), report)
    row = ensure_source(name=source, kind=SourceKind.VULNRICHMENT, rng=rng)
    return _import(_Catalogue(AssertionKind.SSVC, row, by, now, rng), found, report, progress)


def _kept(found: Iterable[Assertion | Refusal], report: Report) -> dict[str, Assertion]:
    """Return what can be stored, by CVE; of two lines about one, the later stands."""
    kept: dict[str, Assertion] = {}
    for one in found:
        if isinstance(one, Refusal):
            report.refuse(one)
        elif not is_cve(one.cve) or len(one.cve) > 32:
            expected = "a CVE id such as CVE-2026-12345"
            report.refuse(
                refuse(
                    "wrong-value", Sentence("{found} is not a CVE id", found=repr(one.cve[:40])), expected=expected
                ).refusal
            )
        else:
            kept[one.cve] = one
    return kept


def _kev_entries(entries: Iterator[KevEntry | Refused]) -> Iterator[Assertion | Refusal]:
    for entry in entries:
        if isinstance(entry, Refused):
            yield entry.refusal
            continue
        data = {
            "name": entry.name[:300],
            "description": entry.description[:2000],
            "required_action": entry.required_action[:1000],
            "due_on": entry.due_on.isoformat() if entry.due_on else None,
            "ransomware": entry.ransomware,
            "vendor": entry.vendor,
            "product": entry.product,
        }
        yield Assertion(entry.cve, _text(data), entry.added_on, Listing(entry.vendor, entry.product, entry.cve))


def _numbered(found: Iterable[tuple[int, Any]], data: Any) -> Iterator[Assertion | Refusal]:
    for line, one in found:
        if isinstance(one, Refused):
            yield one.refusal if one.refusal.place else replace(one.refusal, place=f"line {line}")
        else:
            yield data(one)


def _epss_data(score: epss.EpssScore, day: date | None) -> Assertion:
    return Assertion(score.cve, _text({"probability": score.probability, "percentile": score.percentile}), day)


def _ssvc_data(row: vulnrichment.VulnrichmentRow) -> Assertion:
    data = {
        "exploitation": row.exploitation,
        "automatable": row.automatable,
        "technical_impact": row.technical_impact,
        "vector": row.vector[:255],
        "score": row.base_score,
        "published_on": row.published_on[:10],
    }
    return Assertion(row.cve, _text(data), _day(row.assessed_on))


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _import(catalogue: _Catalogue, found: dict[str, Assertion], report: Report, progress: Told) -> Report:
    _refuse_a_stump(catalogue.source, len(found), report)
    for part in bulk.slices(found.values(), AT_ONCE):
        with transaction.atomic():
            _store(catalogue, part, report)
        progress(report.seen)
    if catalogue.complete:
        _end_absent(catalogue, set(found))
    Source.objects.filter(pk=catalogue.source.pk).update(record_count=len(found))
    if report.stored >= AT_ONCE:
        bulk.look_over(_TABLE, "vulnerabilities_product", "vulnerabilities_productword")
    return report


def _refuse_a_stump(source: Source, count: int, report: Report) -> None:
    """Raise Refused for a catalogue that cannot be whole; what is stored stays as it is."""
    if count * 2 >= source.record_count and count:
        return
    raise refuse(
        "incomplete",
        Sentence(
            "The catalogue holds {count} usable entries ({refused} were refused); the last good one held {before}. "
            "Nothing was changed",
            count=count,
            refused=report.refused,
            before=source.record_count,
        ),
        place=report.refusals[0].place if report.refusals else "",
        expected="at least half as many as before",
        todo="Fetch it again; if it really shrank, import it under another source name",
    )


def _store(catalogue: _Catalogue, part: list[Assertion], report: Report) -> None:
    number = standing.take_numbers(len(part))
    source = catalogue.source
    Source.objects.filter(pk=source.pk, first_import_at__isnull=True).update(first_import_at=catalogue.now)
    rows = CatalogueAssertion.objects.filter(
        kind=catalogue.kind, asserter=source.name, cve__in=[one.cve for one in part]
    )
    there = {row.cve: row for row in rows}
    fresh = [one for one in part if one.cve not in there]
    changed = [one for one in part if one.cve in there and _differs(there[one.cve], one)]
    _insert(catalogue, fresh, number)
    _update(catalogue, [(there[one.cve], one) for one in changed], number + len(fresh))
    stored = fresh + changed
    report.stored += len(stored)
    report.unchanged += len(part) - len(stored)
    if not stored:
        return
    if catalogue.kind is AssertionKind.KEV:  # a CVE that nobody else publishes is a vulnerability all the same
        groups.regroup({one.cve for one in stored}, rng=catalogue.rng)
    listings = [one.product for one in stored if one.product]
    products.list_products(listings, asserter=source.name, now=catalogue.now, rng=catalogue.rng)
    journal.record_bulk(
        at=catalogue.now,
        by=catalogue.by,
        action=f"{catalogue.kind.value}.imported",
        subject=source,
        items=[f"{one.cve} {one.data}".encode() for one in stored],
    )


def _differs(row: CatalogueAssertion, one: Assertion) -> bool:
    """Return whether this is news; a figure of EPSS that stands keeps the first day it was given."""
    if row.kind == AssertionKind.EPSS and row.data == one.data and row.since is not None:
        return row.ended_at is not None
    return (row.data, row.since, row.ended_at) != (one.data, one.since, None)


def _insert(catalogue: _Catalogue, fresh: list[Assertion], number: int) -> None:
    known_at = bulk.moment(catalogue.now)
    bulk.insert(
        _TABLE,
        ("kind", "asserter", "cve", "data", "since", "known_at", "changed_seq"),
        [
            (catalogue.kind.value, catalogue.source.name, one.cve, one.data, _date(one.since), known_at, number + at)
            for at, one in enumerate(fresh)
        ],
    )


def _update(catalogue: _Catalogue, changed: list[tuple[CatalogueAssertion, Assertion]], number: int) -> None:
    """This will change rows; a listing that had ended and is back counts as known from now on."""
    statement = (
        f"UPDATE {_TABLE} SET data = %s, since = %s, ended_at = NULL, known_at = %s, changed_seq = %s "  # noqa: S608
        "WHERE id = %s"
    )
    rows = [
        (
            one.data,
            _date(one.since),
            bulk.moment(catalogue.now if row.ended_at else row.known_at),
            number + at,
            row.pk,
        )
        for at, (row, one) in enumerate(changed)
    ]
    bulk.run_many(statement, rows)


def _date(day: date | None) -> Any:
    return connection.ops.adapt_datefield_value(day)


def _end_absent(catalogue: _Catalogue, present: set[str]) -> None:
    """This will end what a complete catalogue no longer lists."""
    rows = CatalogueAssertion.objects.filter(
        kind=catalogue.kind, asserter=catalogue.source.name, ended_at__isnull=True
    ).values_list("pk", "cve")
    absent = [(pk, cve) for pk, cve in rows if cve not in present]
    for part in bulk.slices(absent, AT_ONCE):
        with transaction.atomic():
            number = standing.take_numbers(len(part))
            statement = f"UPDATE {_TABLE} SET ended_at = %s, changed_seq = %s WHERE id = %s"  # noqa: S608
            ended_at = bulk.moment(catalogue.now)
            bulk.run_many(statement, [(ended_at, number + at, pk) for at, (pk, _) in enumerate(part)])
            journal.record_bulk(
                at=catalogue.now,
                by=catalogue.by,
                action=f"{catalogue.kind.value}.ended",
                subject=catalogue.source,
                items=[cve.encode() for _, cve in part],
            )
