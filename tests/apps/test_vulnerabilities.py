"""Records come in, are kept with their provenance, change, are withdrawn, and nothing is stored by half."""

import gzip
import json
import random
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from tests.conftest import NOON

from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.models import (
    NamedVersion,
    Package,
    Range,
    RangeDoubt,
    Source,
    SourceRecord,
)
from watchbell.apps.vulnerabilities.services import drafts, record_import, storing
from watchbell.domain import canonical
from watchbell.domain.handling import system
from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.refusal import Refused
from watchbell.domain.versions import Scheme, key
from watchbell.formats import strictjson

CONSOLE = system("console")
DICE = random.Random(14409)
pytestmark = pytest.mark.django_db


def osv(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "modified": "2026-01-02T00:00:00Z", "published": "2026-01-01T00:00:00Z", **more}


def affects(
    package: str, *events: dict[str, str], ecosystem: str = "PyPI", versions: list[str] | None = None
) -> dict[str, Any]:
    entry: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        entry["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
    return entry | ({"versions": versions} if versions else {})


def since(introduced: str, fixed: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"introduced": introduced}, {"fixed": fixed}


def take(*records: Any, now: Any = NOON, source: str = "osv") -> services.Report:
    lines = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    items = list(enumerate(lines, start=1))
    return services.import_osv(items, source=source, by=CONSOLE, now=now, rng=DICE)


def matching(package: str, version: str, scheme: Scheme = Scheme.PYPI) -> set[str]:
    """Return the records whose range holds this version, asked through the documented view."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT record.record_id FROM {join.RANGES} affected JOIN vulnerabilities_package package"
            " ON package.id = affected.package_id JOIN vulnerabilities_sourcerecord record"
            " ON record.id = affected.advisory_id WHERE package.name = %s AND %s >= affected.lo AND %s < affected.hi",
            [package, key(scheme, version), key(scheme, version)],
        )
        return {row[0] for row in cursor.fetchall()}


def test_a_record_is_kept_as_received_with_its_source_and_the_moment_it_became_known() -> None:
    line = b'{"id":"PYSEC-1", "published":"2026-01-01T00:00:00Z","summary":"A flaw", "affected":[]}'

    report = take(line)

    page = queries.record(SourceRecord.objects.get().public_id)
    assert (report.stored, report.refused) == (1, 0)
    assert page is not None
    assert (page.content, page.source, page.record_id, page.summary) == (line, "osv", "PYSEC-1", "A flaw")
    assert page.known_at == NOON


def test_a_version_inside_a_range_is_found_and_one_at_the_fix_is_not() -> None:
    take(osv("PYSEC-1", affected=[affects("Flask_Thing", *since("1.0", "1.2.3"))]))

    assert matching("flask-thing", "1.2.2") == {"PYSEC-1"}
    assert matching("flask-thing", "1.2.3") == set()
    assert matching("flask-thing", "0.9") == set()


def test_importing_the_same_file_again_changes_nothing() -> None:
    records = [osv(f"PYSEC-{n}", aliases=[f"CVE-2026-{1000 + n}"], affected=[affects("a", *since("0", str(n)))])
               for n in range(1, 30)]  # fmt: skip
    take(*records)
    before = everything()

    report = take(*records, now=NOON + timedelta(days=1))

    assert (report.stored, report.unchanged) == (0, 29)
    assert everything() == before
    assert Entry.objects.filter(action="records.imported").count() == 1


def test_the_same_record_written_with_other_spaces_and_key_order_is_unchanged() -> None:
    record = osv("PYSEC-1", summary="é", affected=[affects("a", *since("0", "2"))])
    take(json.dumps(record).encode())

    report = take(json.dumps(dict(reversed(record.items())), indent=1, ensure_ascii=False).encode())

    assert (report.stored, report.unchanged) == (0, 1)


def test_a_changed_record_replaces_its_ranges_and_keeps_when_it_became_known() -> None:
    take(osv("PYSEC-1", affected=[affects("a", {"introduced": "0"})]))
    later = NOON + timedelta(days=3)
    changed = osv("PYSEC-1", affected=[affects("a", *since("0", "2.0"))]) | {"modified": "2026-02-01T00:00:00Z"}

    take(changed, now=later)

    row = SourceRecord.objects.get()
    assert (row.known_at, row.fix_known_at, row.has_fix) == (NOON, later, True)
    assert matching("a", "2.1") == set()
    assert Range.objects.count() == 1


def test_an_older_version_of_a_record_does_not_replace_a_newer_one() -> None:
    old = osv("PYSEC-1", affected=[affects("a", {"introduced": "0"})])
    new = old | {"modified": "2026-03-01T00:00:00Z", "affected": [affects("a", *since("0", "2.0"))]}
    take(new)

    report = take(old)

    assert (report.stored, report.older) == (0, 1)
    assert matching("a", "2.1") == set()


def test_a_withdrawn_record_stays_visible_and_matches_nothing() -> None:
    record = osv("PYSEC-1", affected=[affects("a", *since("0", "2.0"))])
    take(record)
    withdrawn = record | {"modified": "2026-03-01T00:00:00Z", "withdrawn": "2026-03-01T00:00:00Z"}
    before = queries.changed_since(0)[-1].seq

    take(withdrawn)

    assert matching("a", "1.0") == set()
    assert Range.objects.get().retracted
    assert queries.facts_for(["PYSEC-1"])["PYSEC-1"].is_withdrawn
    assert [change.record for change in queries.changed_since(before)] == [SourceRecord.objects.get().pk]


def test_a_record_that_comes_back_after_being_withdrawn_matches_again() -> None:
    record = osv("PYSEC-1", affected=[affects("a", *since("0", "2.0"))])
    take(record | {"withdrawn": "2026-01-02T00:00:00Z"})

    take(record | {"modified": "2026-04-01T00:00:00Z"})

    assert matching("a", "1.0") == {"PYSEC-1"}


def test_one_bad_line_of_many_is_refused_with_its_line_and_the_others_are_stored() -> None:
    lines: list[Any] = [osv(f"PYSEC-{n}") for n in range(10)]
    lines[4] = b'{"id": "PYSEC-4", "affected": ['

    report = take(*lines)

    assert (report.stored, report.refused) == (9, 1)
    assert report.refusals[0].code == "not-json"
    assert report.refusals[0].place.startswith("line 5")


def test_a_gem_whose_record_only_says_what_is_patched_gets_ranges_and_a_fix() -> None:
    def gem(name: str, patched: list[str]) -> dict[str, Any]:
        held = {"patched_versions": patched, "unaffected_versions": ["< 1.0"]}
        return {"package": {"ecosystem": "RubyGems", "name": name}, "database_specific": held}

    take(osv("RUBYSEC:a/1", affected=[gem("a", [">= 1.2.3"]), gem("b", [">= 2.0"])]))

    assert list(Range.objects.order_by("package__name").values_list("introduced", "fixed")) == [
        ("1.0", "1.2.3"),
        ("1.0", "2.0"),
    ]
    assert SourceRecord.objects.get().has_fix


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (b'{"modified":"2026-01-01T00:00:00Z"}', "line 1, /id"),
        (b'{"id":"A-1","modified":"yesterday"}', "line 1, /modified"),
        (b'{"id":"A-1","affected":[{"package":{"name":7,"ecosystem":"PyPI"}}]}', "line 1, /affected/0/package/name"),
        (b'{"id":"A-1","aliases":["' + b"C" * 200 + b'"]}', "line 1, /aliases/0"),
        (b'{"id":"' + b"A" * 200 + b'"}', "line 1, /id"),
        (
            b'{"id":"A-1","affected":[{"package":{"name":"' + b"n" * 600 + b'","ecosystem":"PyPI"}}]}',
            "line 1, /affected/0/package",
        ),
    ],
)
def test_a_record_that_is_wrong_is_refused_whole_with_the_place(line: bytes, place: str) -> None:
    report = take(line)

    assert [refusal.place for refusal in report.refusals] == [place]
    assert not SourceRecord.objects.exists()
    assert not Package.objects.exists()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (affects("a", {"fixed": "2"}), Reason.RANGE_NOT_UNDERSTOOD),
        (affects("a", {"introduced": "0"}, {"fixed": "2"}, {"last_affected": "3"}), Reason.RANGE_NOT_UNDERSTOOD),
        (affects("a", *since("0", "2"), ecosystem="Nowhere"), Reason.UNKNOWN_ECOSYSTEM),
        (affects("a", *since("0", "not a version"), ecosystem="npm"), Reason.UNPARSABLE_VERSION),
        (affects("a"), Reason.RANGE_NOT_GIVEN),
        (affects("a", *since("0", "1" * 400 + "a" * 100), ecosystem="Debian:12"), None),
    ],
)
def test_what_cannot_be_read_of_a_record_is_kept_as_a_doubt_and_never_as_not_affected(
    entry: dict[str, Any], reason: Reason | None
) -> None:
    report = take(osv("A-1", affected=[entry]))

    assert report.stored == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM vulnerabilities_doubt_view")
        doubts = {row[0] for row in cursor.fetchall()}
    assert doubts == ({reason.value} if reason else set()) or Range.objects.exists()


def test_events_in_any_order_and_a_pair_at_one_version_follow_the_rule_of_the_format() -> None:
    joined = affects("joined", {"fixed": "0.13.0"}, {"introduced": "0.13.0"}, {"introduced": "0"}, {"fixed": "0.14"})
    empty = affects("empty", *since("0", "1.0"), {"introduced": "45.0.0"}, {"fixed": "45.0.0"})

    take(osv("A-1", affected=[joined]), osv("A-2", affected=[empty]))

    assert matching("joined", "0.13.5") == {"A-1"}
    assert matching("empty", "46.0") == set()


def test_a_hundred_thousand_listed_versions_become_few_rows_and_none_is_lost() -> None:
    versions = [f"1.{n}" for n in range(100_000)]

    take(osv("A-1", affected=[affects("a", *since("1.0", "1.99990"), versions=versions)]))

    assert matching("a", "1.5") == {"A-1"}
    assert matching("a", "1.99999") == {"A-1"}
    assert Range.objects.count() == 11


def test_a_listed_version_without_an_order_matches_letter_by_letter() -> None:
    take(osv("A-1", affected=[affects("a", ecosystem="npm", versions=["banana"])]))

    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM vulnerabilities_named_view")
        assert cursor.fetchall() == [("banana",)]
    assert NamedVersion.objects.count() == 1


def test_the_same_record_twice_in_one_file_is_stored_once_and_the_newer_stands() -> None:
    old = osv("A-1", affected=[affects("a", {"introduced": "0"})])
    new = old | {"modified": "2026-05-01T00:00:00Z", "affected": [affects("a", *since("0", "2"))]}

    take(new, old, new)

    assert SourceRecord.objects.count() == 1
    assert matching("a", "3") == set()


def test_two_sources_of_one_record_id_stand_side_by_side() -> None:
    take(osv("A-1", summary="one"), source="osv")
    take(osv("A-1", summary="two"), source="elsewhere")

    group = queries.group_of("A-1")
    assert group is not None
    assert [row[3] for row in queries.records_of(group.public_id)] == ["elsewhere", "osv"]


def test_no_transaction_writes_more_than_a_thousand_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    keep = storing.store

    def counting(chunk: storing.Chunk) -> storing.Stored:
        seen.append(sum(draft.weight for draft in chunk.drafts))
        return keep(chunk)

    monkeypatch.setattr(storing, "store", counting)
    records = [osv(f"A-{n}", affected=[affects(f"p{m}", *since("0", "2")) for m in range(90)]) for n in range(40)]

    take(*records)

    assert max(seen) <= record_import.MOST_ROWS
    assert sum(seen) == 40 * 92


def test_an_import_that_is_stopped_goes_on_where_it_was_and_ends_the_same() -> None:
    records = [osv(f"A-{n}", affected=[affects(f"p{m}", *since("0", "2")) for m in range(90)]) for n in range(40)]
    lines = [(n, json.dumps(record).encode()) for n, record in enumerate(records, start=1)]

    class Stopped(Exception):
        pass

    def stop(seen: int) -> None:
        if seen > 15:
            raise Stopped

    with pytest.raises(Stopped):
        services.import_osv(lines, source="osv", by=CONSOLE, now=NOON, rng=DICE, progress=stop)
    half = SourceRecord.objects.count()
    report = services.import_osv(lines, source="osv", by=CONSOLE, now=NOON, rng=DICE)

    assert 0 < half < 40
    assert (report.stored, report.unchanged) == (40 - half, half)
    assert Range.objects.count() == 40 * 90


def test_change_numbers_name_each_record_once_and_later_changes_come_later() -> None:
    take(*(osv(f"A-{n}") for n in range(5)))
    first = queries.changed_since(0, 3)
    rest = queries.changed_since(first[-1].seq)
    take(osv("A-2") | {"modified": "2026-06-01T00:00:00Z"})

    news = queries.changed_since(rest[-1].seq)

    assert len(first) + len(rest) == 5
    assert [change.record for change in news] == [SourceRecord.objects.get(record_id="A-2").pk]


def test_a_bulk_entry_counts_what_was_stored_and_holds_no_content() -> None:
    take(osv("A-1", summary="secret words"), osv("A-2"))

    entry = Entry.objects.get(action="records.imported")
    assert entry.facts == {"withdrawn": 0, "count": 2}
    assert entry.subject_id == Source.objects.get(name="osv").public_id
    assert "secret" not in f"{entry.facts}{entry.digests}"


def test_what_we_publish_is_stored_in_the_callers_transaction_or_not_at_all() -> None:
    record = json.dumps(osv("WB-2026-0001", aliases=["CVE-2026-9999"], affected=[affects("a", *since("0", "2"))]))
    with transaction.atomic():
        services.store_advisory(record.encode(), by=CONSOLE, now=NOON, rng=DICE)
        transaction.set_rollback(True)
    assert not SourceRecord.objects.exists()

    with transaction.atomic():
        row = services.store_advisory(
            record.encode(),
            by=CONSOLE,
            now=NOON,
            rng=DICE,
            products_named=[("Acme Infusion", "Pump Controller")],
        )

    assert row.record_id == "WB-2026-0001"
    assert matching("a", "1") == {"WB-2026-0001"}
    picked = queries.products("pump")
    assert [(one.vendor, one.name, one.listings) for one in picked] == [("Acme Infusion", "Pump Controller", 1)]
    assert [name.display_id for name in queries.listed_for(picked[0].public_id)] == ["CVE-2026-9999"]


def test_packages_are_named_in_one_spelling_and_numbered_once() -> None:
    asked = [("PyPI", "Flask_Thing"), ("PyPI", "flask-thing"), ("npm", "left-pad")]

    ids = services.ensure_packages(asked)

    assert ids["PyPI", "Flask_Thing"] == ids["PyPI", "flask-thing"]
    assert services.ensure_packages(asked) == ids
    assert Package.objects.count() == 2


def test_a_package_without_a_name_is_refused() -> None:
    with pytest.raises(Refused, match="no ecosystem or name"):
        services.ensure_packages([("PyPI", "")])


def test_records_are_found_by_the_beginning_of_any_of_their_ids() -> None:
    take(osv("GHSA-aaaa-bbbb-cccc", aliases=["CVE-2026-1234"]), osv("PYSEC-7"))

    assert [name.display_id for name in queries.search("cve-2026-12")] == ["CVE-2026-1234"]
    assert [name.display_id for name in queries.search("GHSA-aaaa")] == ["CVE-2026-1234"]
    assert queries.search("C") == []
    assert queries.search("%%%") == []


@pytest.mark.parametrize("form", ["one.json", "pretty.json", "list.json", "lines.ndjson", "lines.ndjson.gz", "all.zip"])
def test_every_form_of_file_brings_the_same_records(tmp_path: Path, form: str) -> None:
    records = [osv(f"A-{n}", affected=[affects("a", *since("0", str(n + 1)))]) for n in range(3)]
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    path = tmp_path / form
    match form:
        case "one.json":
            path.write_text(json.dumps(records[0]))
        case "pretty.json":
            path.write_text(json.dumps(records[0], indent=2))
        case "list.json":
            path.write_text(json.dumps(records, indent=2))
        case "lines.ndjson":
            path.write_bytes(lines)
        case "lines.ndjson.gz":
            path.write_bytes(gzip.compress(lines, mtime=0))
        case _:
            with zipfile.ZipFile(path, "w") as archive:
                for record in records:
                    archive.writestr(f"{record['id']}.json", json.dumps(record, indent=1))

    report = from_path(path)

    assert (report.stored, report.refused) == (1 if form in ("one.json", "pretty.json") else 3, 0)


def test_a_folder_is_read_in_order_and_a_bad_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(osv("A-1")))
    (tmp_path / "b.json").write_text("{ nonsense")
    (tmp_path / "c.json").write_text(json.dumps(osv("A-2"), indent=1))

    report = from_path(tmp_path)

    assert (report.stored, report.refused) == (2, 1)
    assert "b.json" in report.refusals[0].place


def test_a_page_in_place_of_a_document_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text("<!doctype html><html><body>Sign in</body></html>")

    with pytest.raises(Refused):
        from_path(path)

    assert not SourceRecord.objects.exists()


def from_path(path: Path) -> services.Report:
    place = services.Place(str(path))
    return services.import_path(services.SourceKind.OSV, place, by=CONSOLE, now=NOON, rng=DICE)


def test_the_digest_of_a_record_is_that_of_its_canonical_form() -> None:
    record = osv("A-1", database_specific={"score": 9.80, "big": 2**53 - 1, "ключ": "é", "\U0001f600": 1, "\ufffd": 2})
    content = json.dumps(record).encode()

    assert drafts.canonical_digest(content) == canonical.digest(strictjson.loads(content))


def everything() -> list[tuple[Any, ...]]:
    """Return every row of the room, column by column, sources' own times aside."""
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names()):
            if table.startswith("vulnerabilities_") and table not in (
                "vulnerabilities_source",
                "vulnerabilities_standing",
            ):
                cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
                rows += [
                    (table, *(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row))
                    for row in cursor.fetchall()
                ]
    return rows


def test_doubts_and_ranges_of_a_changed_record_do_not_pile_up() -> None:
    entry = affects("a", *since("0", "2"), ecosystem="Nowhere", versions=["x"])
    for month in (1, 2, 3):
        take(osv("A-1", affected=[entry]) | {"modified": f"2026-0{month}-01T00:00:00Z"})

    assert (RangeDoubt.objects.count(), NamedVersion.objects.count()) == (1, 1)
