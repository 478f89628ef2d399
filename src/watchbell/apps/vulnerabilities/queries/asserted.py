"""Who says what of a vulnerability, and since when? Every catalogue and record by name; none is chosen over another."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from watchbell.apps.vulnerabilities.models import (
    AssertionKind,
    CatalogueAssertion,
    GroupMember,
    SourceKind,
    SourceRecord,
    UmbrellaLink,
)
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.apps.vulnerabilities.services.storing import content_of
from watchbell.domain.matching.aliases import is_cve
from watchbell.domain.refusal import Refused
from watchbell.formats import osv, strictjson


class Fact(StrEnum):
    """What is asserted: a listing, a probability, answers for a decision, a severity."""

    KEV = "kev"
    EPSS = "epss"
    SSVC = "ssvc"
    CVSS = "cvss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """One asserter's word: `on` is the day it gives (None where it gives none), `known_at` when it was read here.

    `about` is the CVE or record the word is about; `says` holds the catalogue's own answers, or the one `vector`.
    """

    fact: Fact
    by: str
    about: str
    on: date | None
    known_at: datetime
    says: Mapping[str, Any]


def asserted_of(groups: Iterable[str], *, whole: bool = False) -> dict[str, list[Asserted]]:
    """Return what each of these vulnerabilities (public ids) is said to be, by fact, asserter and what it is about.

    A record that states several vectors gives the one its source row keeps; with `whole`, which reads
    the records themselves, it gives them all.
    """
    named = _names(set(groups))
    records, catalogues = _records(named, whole=whole), _catalogues(named)
    found = {group: [*_of(names, catalogues), *_of(names, records)] for group, names in named.items()}
    order = list(Fact)
    for said in found.values():
        said.sort(key=lambda one: (order.index(one.fact), one.by, one.about, str(one.says.get("vector"))))
    return found


def _of(names: set[str], said: dict[str, list[Asserted]]) -> Iterator[Asserted]:
    return (one for name in sorted(names) for one in said.get(name, ()))


def _names(groups: set[str]) -> dict[str, set[str]]:
    """Return every id each group goes by or speaks of."""
    found: dict[str, set[str]] = {group: set() for group in groups}
    for part in bulk.slices(groups):
        members = GroupMember.objects.filter(group__public_id__in=part).values_list("group__public_id", "identifier")
        spans = UmbrellaLink.objects.filter(group__public_id__in=part).values_list("group__public_id", "cve")
        for group, name in (*members, *spans):
            found[group].add(name)
    return found


def _catalogues(named: dict[str, set[str]]) -> dict[str, list[Asserted]]:
    found: defaultdict[str, list[Asserted]] = defaultdict(list)
    for part in bulk.slices({name for names in named.values() for name in names if is_cve(name)}):
        for row in CatalogueAssertion.objects.filter(cve__in=part, ended_at__isnull=True):
            found[row.cve] += _said(row)
    return found


def _said(row: CatalogueAssertion) -> Iterator[Asserted]:
    says = strictjson.loads(row.data)
    word = Asserted(fact=Fact(row.kind), by=row.asserter, about=row.cve, on=row.since, known_at=row.known_at, says=says)
    yield word
    if row.kind == AssertionKind.SSVC and says.get("vector"):
        yield replace(word, fact=Fact.CVSS, says={"vector": says["vector"]})


def _records(named: dict[str, set[str]], *, whole: bool) -> dict[str, list[Asserted]]:
    found: defaultdict[str, list[Asserted]] = defaultdict(list)
    for part in bulk.slices({name for names in named.values() for name in names}):
        rows = SourceRecord.objects.filter(record_id__in=part, withdrawn_at__isnull=True).exclude(cvss="")
        for row in rows.select_related("source"):
            stated = row.modified_at or row.published_at
            for vector in _vectors(row) if whole else (row.cvss,):
                word = Asserted(
                    fact=Fact.CVSS,
                    by=row.source.name,
                    about=row.record_id,
                    on=stated.date() if stated else None,
                    known_at=row.known_at,
                    says={"vector": vector},
                )
                found[row.record_id].append(word)
    return found


def _vectors(row: SourceRecord) -> list[str]:
    """Return every vector the record states, of the flaw and of single packages."""
    if row.source.kind != SourceKind.OSV:
        return [row.cvss]
    try:
        record = osv.loads(content_of(row.pk))
    except Refused:
        return [row.cvss]  # stored before the reader became stricter
    return sorted({*record.severities, *(one for held in record.affected for one in held.severities)})
