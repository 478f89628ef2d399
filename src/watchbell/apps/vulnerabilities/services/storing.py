"""This will store a handful of records in one transaction: rows, ranges, aliases, groups and the journal's line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import zstandard

from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.models import Source, SourceRecord
from watchbell.apps.vulnerabilities.services import (
    bulk,
    claims,
    cpes,
    csaf_drafts,
    groups,
    identities,
    packages,
    standing,
)
from watchbell.apps.vulnerabilities.services.drafts import READ_AS, Draft, Spans, canonical_digest
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.versions import KEY_FORMAT

ZSTD_LEVEL = 1

_RECORD = "vulnerabilities_sourcerecord"
_RECORD_COLUMNS = (
    "public_id", "source_id", "record_id", "received_digest", "published_at", "modified_at", "withdrawn_at",
    "known_at", "fix_known_at", "has_fix", "summary", "cvss", "changed_seq", "document_id",
    "read_as",
)  # fmt: skip
_RANGE_COLUMNS = (
    "package_id", "record_id", "lo", "hi", "introduced", "fixed", "last_affected", "by_line", "is_ambiguous",
    "key_format", "retracted",
)  # fmt: skip
_SAID = (
    "range",
    "saferange",
    "namedversion",
    "rangedoubt",
    "productclaim",
    "productcpe",
    "producthelper",
    "designation",
)
_PARTS = (*_SAID, "aliasassertion")
_UPDATE = (
    "UPDATE vulnerabilities_sourcerecord SET received_digest = %s, digest = %s, published_at = %s, modified_at = %s, "
    "withdrawn_at = %s, fix_known_at = %s, has_fix = %s, summary = %s, cvss = %s, changed_seq = %s, document_id = %s, "
    "read_as = %s WHERE id = %s"
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some drafts of one source, each of another record, and who stores them when."""

    source: Source
    drafts: list[Draft]
    by: Actor
    now: datetime
    rng: Dice
    action: str = "records.imported"
    sets_first_import: bool = True


@dataclass(slots=True)
class Stored:
    """How many of a chunk were stored, as new or in place of what was there, and how many changed nothing."""

    stored: int = 0
    unchanged: int = 0
    older: int = 0


_Placed = tuple[int, Draft, SourceRecord | None]
"""A change number, a draft, and the row that stands for its record, if any."""


def content_of(record_pk: int) -> bytes:
    """Return the bytes of a record as they were received; a part's are its document's."""
    query = (
        "SELECT held.content FROM vulnerabilities_sourcerecord record JOIN vulnerabilities_receivedrecord held "
        "ON held.record_id = COALESCE(record.document_id, record.id) WHERE record.id IN ({})"
    )
    return zstandard.ZstdDecompressor().decompress(bytes(bulk.rows_where_in(query, [record_pk])[0][0]))


def store(chunk: Chunk) -> Stored:
    """Store the drafts in the caller's transaction; what is there already in the same or a newer form stays.

    A record is as new as its `modified`; of two with the same or no time the later arrival stands.
    Parts go with their document, and one that it no longer speaks of is withdrawn.
    """
    numbers = count(standing.take_numbers(sum(1 + len(draft.parts) for draft in chunk.drafts)))
    if chunk.sets_first_import:
        standing.note_first_import(chunk.now)
    Source.objects.filter(pk=chunk.source.pk, first_import_at__isnull=True).update(first_import_at=chunk.now)
    there = _there(chunk)
    result = Stored()
    wholes: list[_Placed] = []
    for draft in chunk.drafts:
        known = there.get(draft.record_id)
        if known is not None and _is_same(known, draft):
            result.unchanged += 1
        elif known is not None and _is_older(draft, known):
            result.older += 1
        else:
            wholes.append((next(numbers), draft, known))
    result.stored = len(wholes)
    if wholes:
        parts = [(next(numbers), part, there.get(part.record_id)) for _, draft, _ in wholes for part in draft.parts]
        _write(chunk, wholes, parts)
    return result


def _is_older(draft: Draft, known: SourceRecord) -> bool:
    return bool(known.modified_at and draft.modified_at and draft.modified_at < known.modified_at)


def _there(chunk: Chunk) -> dict[str, SourceRecord]:
    found: dict[str, SourceRecord] = {}
    for ids in bulk.slices(one.record_id for draft in chunk.drafts for one in (draft, *draft.parts)):
        rows = SourceRecord.objects.filter(source=chunk.source, record_id__in=ids)
        found |= {row.record_id: row for row in rows}
    return found


def _is_same(known: SourceRecord, draft: Draft) -> bool:
    """Return whether the draft is what is stored and was read as we read today, byte by byte or as JSON values."""
    if known.read_as != READ_AS:
        return False
    if bytes(known.received_digest) == draft.received_digest:
        return True
    if known.digest is None:
        known.digest = canonical_digest(content_of(known.pk))
        SourceRecord.objects.filter(pk=known.pk).update(digest=known.digest)
    return bytes(known.digest) == draft.digest


def _write(chunk: Chunk, wholes: list[_Placed], parts: list[_Placed]) -> None:
    changed = [(number, draft, known) for number, draft, known in (*wholes, *parts) if known is not None]
    touched = _touched_before(changed)
    ids = {draft.record_id: known.pk for _, draft, known in changed}
    ids |= _insert_records(chunk, [(number, draft) for number, draft, known in wholes if known is None], {})
    documents = {part.record_id: ids[draft.record_id] for _, draft, _ in wholes for part in draft.parts}
    ids |= _insert_records(chunk, [(number, draft) for number, draft, known in parts if known is None], documents)
    _update_records(chunk, changed, documents)
    placed = [(ids[draft.record_id], draft) for _, draft, _ in (*wholes, *parts)]
    _insert_parts(placed, chunk.rng)
    _withdraw_absent(chunk, [draft for _, draft, known in wholes if known is not None])
    for _, draft in placed:
        touched.add(draft.record_id)
        touched.update(draft.aliases)
    _renumber(groups.regroup(touched, rng=chunk.rng), {draft.record_id for _, draft in placed})
    journal.record_bulk(
        at=chunk.now,
        by=chunk.by,
        action=chunk.action,
        subject=chunk.source,
        items=[draft.received_digest for _, draft, _ in wholes],
        facts={"withdrawn": sum(draft.withdrawn_at is not None for _, draft in placed)},
    )


def _touched_before(changed: list[tuple[int, Draft, SourceRecord]]) -> set[str]:
    """Return the ids that the changed records spoke of until now."""
    query = "SELECT alias FROM vulnerabilities_aliasassertion WHERE record_id IN ({})"
    return {row[0] for row in bulk.rows_where_in(query, [known.pk for _, _, known in changed])}


def _withdraw_absent(chunk: Chunk, documents: list[Draft]) -> None:
    """This will take back, visibly, the parts that a document no longer has."""
    for draft in documents:
        begin, end = csaf_drafts.family_of(draft.record_id)
        kept = {part.record_id for part in draft.parts}
        family = SourceRecord.objects.filter(source=chunk.source, document__isnull=False, withdrawn_at__isnull=True)
        rows = family.filter(record_id__gte=begin, record_id__lt=end).values_list("pk", "record_id")
        gone = [pk for pk, name in rows if name not in kept]
        if gone:
            first = standing.take_numbers(len(gone))
            withdrawn_at = bulk.moment(draft.modified_at or chunk.now)
            statement = f"UPDATE {_RECORD} SET withdrawn_at = %s, changed_seq = %s WHERE id = %s"  # noqa: S608
            bulk.run_many(statement, [(withdrawn_at, number, pk) for number, pk in enumerate(gone, start=first)])
            for part in _SAID:
                statement = f"UPDATE vulnerabilities_{part} SET retracted = %s WHERE record_id = %s"  # noqa: S608
                bulk.run_many(statement, [(True, pk) for pk in gone])


def _insert_records(chunk: Chunk, fresh: list[tuple[int, Draft]], documents: dict[str, int]) -> dict[str, int]:
    known_at, source_id, rng = bulk.moment(chunk.now), chunk.source.pk, chunk.rng
    rows = [
        (
            new_id(rng),
            source_id,
            draft.record_id,
            draft.received_digest,
            bulk.moment(draft.published_at),
            bulk.moment(draft.modified_at),
            bulk.moment(draft.withdrawn_at),
            known_at,
            known_at if draft.has_fix else None,
            draft.has_fix,
            draft.summary,
            draft.cvss,
            number,
            documents.get(draft.record_id),
            READ_AS,
        )
        for number, draft in fresh
    ]
    ids = {row[1]: row[0] for row in bulk.insert_returning(_RECORD, _RECORD_COLUMNS, rows, "id, record_id")}
    packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    content = [(ids[draft.record_id], packed.compress(draft.content)) for _, draft in fresh if draft.content]
    bulk.insert("vulnerabilities_receivedrecord", ("record_id", "content"), content)
    return ids


def _update_records(chunk: Chunk, changed: list[tuple[int, Draft, SourceRecord]], documents: dict[str, int]) -> None:
    if not changed:
        return
    rows = [
        (
            draft.received_digest,
            draft.digest if draft.content else None,
            bulk.moment(draft.published_at),
            bulk.moment(draft.modified_at),
            bulk.moment(draft.withdrawn_at),
            bulk.moment(known.fix_known_at or (chunk.now if draft.has_fix else None)),
            draft.has_fix,
            draft.summary,
            draft.cvss,
            number,
            documents.get(draft.record_id),
            READ_AS,
            known.pk,
        )
        for number, draft, known in changed
    ]
    bulk.run_many(_UPDATE, rows)
    packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    statement = "UPDATE vulnerabilities_receivedrecord SET content = %s WHERE record_id = %s"
    bulk.run_many(
        statement, [(packed.compress(draft.content), known.pk) for _, draft, known in changed if draft.content]
    )
    for part in _PARTS:
        statement = f"DELETE FROM vulnerabilities_{part} WHERE record_id = %s"  # noqa: S608 - our own table names
        bulk.run_many(statement, [(known.pk,) for _, _, known in changed])


def _insert_parts(placed: list[tuple[int, Draft]], rng: Dice) -> None:
    """This will insert what the records say: ranges, named versions, doubts, claims, aliases."""
    ids = packages.ids_of({named for _, draft in placed for named in draft.packages})
    ranges: list[bulk.Row] = []
    safe: list[bulk.Row] = []
    named: list[bulk.Row] = []
    doubts: list[bulk.Row] = []
    aliases: list[bulk.Row] = []
    for pk, draft in placed:
        off = draft.withdrawn_at is not None
        ranges.extend(_spans(draft.ranges, pk, ids, off=off))
        safe.extend(_spans(draft.safe, pk, ids, off=off))
        named.extend((ids[package], pk, version, off) for package, version in draft.named)
        doubts.extend((ids[package], pk, reason, because, off) for package, reason, because in draft.doubts)
        aliases.extend((pk, draft.record_id, alias) for alias in draft.aliases)
    bulk.insert("vulnerabilities_range", _RANGE_COLUMNS, ranges)
    bulk.insert("vulnerabilities_saferange", _RANGE_COLUMNS, safe)
    bulk.insert("vulnerabilities_namedversion", ("package_id", "record_id", "version", "retracted"), named)
    columns = ("package_id", "record_id", "reason", "because", "retracted")
    bulk.insert("vulnerabilities_rangedoubt", columns, doubts)
    products = claims.products_of(placed, rng=rng)
    bulk.insert("vulnerabilities_productclaim", claims.COLUMNS, claims.rows_of(placed, products))
    bulk.insert("vulnerabilities_designation", claims.DESIGNATION_COLUMNS, claims.designations_of(placed, products))
    bulk.insert("vulnerabilities_productcpe", cpes.COLUMNS, cpes.rows_of(placed))
    bulk.insert("vulnerabilities_producthelper", identities.COLUMNS, identities.rows_of(placed, products))
    bulk.insert("vulnerabilities_aliasassertion", ("record_id", "identifier", "alias"), aliases)


def _spans(spans: Spans, pk: int, ids: dict[packages.Named, int], *, off: bool) -> Iterator[bulk.Row]:
    for (package, lo, hi), one in spans.items():
        words = (one.introduced, one.fixed, one.last_affected, one.by_line, one.is_ambiguous)
        yield (ids[package], pk, lo, hi, *words, KEY_FORMAT, off)


def _renumber(moved: set[str], stored: set[str]) -> None:
    """This will number the records whose group changed without their own doing, so that readers look at them again."""
    names = moved - stored
    if not names:
        return
    query = f"SELECT id FROM {_RECORD} WHERE record_id IN ({{}})"  # noqa: S608
    ids = [row[0] for row in bulk.rows_where_in(query, names)]
    if ids:
        first = standing.take_numbers(len(ids))
        statement = f"UPDATE {_RECORD} SET changed_seq = %s WHERE id = %s"  # noqa: S608
        bulk.run_many(statement, list(enumerate(ids, start=first)))
