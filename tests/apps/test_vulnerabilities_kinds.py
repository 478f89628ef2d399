"""CVE records and CSAF documents come in beside OSV: ranges by package, claims by product, and one flaw shown once."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.apps.scene_inventory import between, osv
from tests.apps.scene_published import CONSOLE, DICE, csaf, cve, product, take, up_to
from tests.conftest import NOON

from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.models import (
    NamedVersion,
    Product,
    ProductClaim,
    ProductListing,
    Range,
    RangeDoubt,
    Says,
    SourceRecord,
)
from watchbell.apps.vulnerabilities.services import SourceKind, storing
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
CVE, CSAF, OSV = SourceKind.CVE, SourceKind.CSAF, SourceKind.OSV
GATE = {"packageURL": "pkg:pypi/gate"}
LATER = "2030-02-01T00:00:00Z"


def said() -> dict[str, list[tuple[str, str, str | None]]]:
    """Return (product, what it says, the fix) by record."""
    found: dict[str, list[tuple[str, str, str | None]]] = {}
    for one in ProductClaim.objects.filter(retracted=False).select_related("record", "product").order_by("pk"):
        found.setdefault(one.record.record_id, []).append((one.product.name, one.says, one.fixed))
    return found


def test_a_cve_record_joins_a_package_it_names_for_certain_and_claims_its_product() -> None:
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0", kind="python"), **GATE)))

    record = SourceRecord.objects.get()
    assert (record.source.kind, record.record_id, record.summary) == ("cve", "CVE-2030-1000", "Flaw CVE-2030-1000")
    assert strictjson.loads(storing.content_of(record.pk))["dataType"] == "CVE_RECORD"
    assert [(one.package.name, one.introduced, one.fixed) for one in Range.objects.all()] == [("gate", "0", "2.0")]
    assert said() == {"CVE-2030-1000": [("Gate", "affected", "2.0"), ("Gate", "safe", None)]}
    assert record.has_fix
    assert Entry.objects.filter(action="records.imported").count() == 1


def test_vendor_and_product_alone_never_join_a_package() -> None:
    take(CVE, cve("CVE-2030-1000", product("Acme", "gate", up_to("2.0"))))

    assert not any(table.objects.exists() for table in (Range, NamedVersion, RangeDoubt))
    assert [one.name for one in queries.products("acme gate")] == ["gate"]
    assert queries.products("acme gate")[0].listings == 1
    assert not ProductListing.objects.exists()


def test_a_rejected_record_takes_back_what_it_claimed_and_stays_to_be_seen() -> None:
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0", kind="python"), **GATE)))

    take(CVE, cve("CVE-2030-1000", state="REJECTED", at=LATER))

    known = queries.facts_for(["CVE-2030-1000"])["CVE-2030-1000"]
    assert known.is_withdrawn
    assert not Range.objects.exists()
    assert said() == {}


def test_a_document_about_several_flaws_is_a_record_for_each_and_its_bytes_are_kept_once() -> None:
    document = csaf("ACME-1", ("CVE-2030-1", "Gate", "<2.0", ""), ("CVE-2030-2", "Wall", "1.0", "pkg:pypi/wall@1.0"))
    document["vulnerabilities"][0]["cve"] = "CVE-2030-1001"
    document["vulnerabilities"][1]["cve"] = "CVE-2030-1002"

    report = take(CSAF, document)

    whole = SourceRecord.objects.get(record_id="ACME-1")
    parts = SourceRecord.objects.filter(document=whole).order_by("record_id")
    assert (report.stored, report.seen, whole.source.record_count) == (1, 1, 1)
    assert [one.record_id for one in parts] == ["ACME-1#CVE-2030-1001", "ACME-1#CVE-2030-1002"]
    assert {storing.content_of(one.pk) for one in parts} == {storing.content_of(whole.pk)}
    assert {one.record_id: said()[one.record_id][0][0] for one in parts} == {
        "ACME-1#CVE-2030-1001": "Gate",
        "ACME-1#CVE-2030-1002": "Wall",
    }
    names = [queries.facts_for([name])[name].ids for name in ("CVE-2030-1001", "CVE-2030-1002")]
    assert names == [("ACME-1#CVE-2030-1001", "CVE-2030-1001"), ("ACME-1#CVE-2030-1002", "CVE-2030-1002")]


def test_a_flaw_that_a_document_no_longer_speaks_of_is_withdrawn_and_an_older_document_changes_nothing() -> None:
    flaws = (("CVE-2030-1001", "Gate", "<2.0", ""), ("CVE-2030-1002", "Wall", "<2.0", "pkg:pypi/wall"))
    old, new = csaf("ACME-1", *flaws), csaf("ACME-1", flaws[0], at=LATER)
    take(CSAF, old)
    take(CSAF, new)

    again = take(CSAF, old)

    assert again.older == 1
    gone = SourceRecord.objects.filter(withdrawn_at__isnull=False).values_list("record_id", flat=True)
    assert sorted(gone) == ["ACME-1#CVE-2030-1001", "ACME-1#CVE-2030-1002"]
    assert said() == {"ACME-1": [("Gate", "affected", "2.0"), ("Gate", "safe", None)]}
    assert not Range.objects.filter(retracted=False).exists()


@pytest.mark.parametrize(
    ("label", "status", "place"),
    [
        ("AMBER", "final", "line 1, /document/distribution/tlp/label"),
        ("", "final", "line 1, /document/distribution/tlp/label"),
        ("WHITE", "draft", "line 1, /document/tracking/status"),
    ],
)
def test_a_document_that_is_not_for_everyone_or_a_draft_is_refused_with_its_place(
    label: str, status: str, place: str
) -> None:
    document = csaf("ACME-1", ("CVE-2030-1001", "Gate", "<2", ""), label=label)
    document["document"]["tracking"]["status"] = status
    lines = [(1, json.dumps(document).encode())]

    report = services.import_records(CSAF, lines, source="csaf", by=CONSOLE, now=NOON, rng=DICE)

    assert [one.place for one in report.refusals] == [place]
    assert not SourceRecord.objects.exists()


def test_one_flaw_told_by_three_kinds_of_source_is_one_vulnerability_with_all_of_them() -> None:
    take(OSV, osv("PYSEC-1", "gate", *between("0", "2.0"), aliases=["CVE-2030-1000"]))
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0"))))
    take(CSAF, csaf("ACME-1", ("CVE-2030-1000", "Gate", "<2.0", "")))

    known = queries.facts_for(["PYSEC-1", "ACME-1"])

    assert known["PYSEC-1"] == known["ACME-1"]
    assert known["ACME-1"].display_id == "CVE-2030-1000"
    told = [(name, source) for _, _, name, source in queries.records_of(known["ACME-1"].public_id)]
    assert told == [("ACME-1", "csaf"), ("CVE-2030-1000", "cve"), ("PYSEC-1", "osv")]


def test_a_bare_number_of_a_vendors_tracker_joins_nothing() -> None:
    take(CSAF, csaf("ACME-1", ("4711", "Gate", "<2.0", "")), csaf("OTHER-1", ("4711", "Wall", "<2.0", "")))

    known = queries.facts_for(["ACME-1", "OTHER-1"])

    assert known["ACME-1"].public_id != known["OTHER-1"].public_id


@pytest.mark.parametrize("kind", [CVE, CSAF])
def test_the_same_archive_again_changes_nothing_and_what_lies_beside_the_records_is_passed_over(
    kind: SourceKind, tmp_path: Path
) -> None:
    records: dict[str, Any] = {
        f"cves/CVE-2030-{at}.json": cve(f"CVE-2030-{at}", product("Acme", "Gate", up_to("2.0")))
        for at in range(1000, 1030)
    }
    if kind is CSAF:
        records = {
            f"2030/acme-{at}.json": csaf(f"ACME-{at}", (f"CVE-2030-{at}", "Gate", "<2", "")) for at in range(1000, 1030)
        }
    file = tmp_path / "records.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("README.md", "read me")
        archive.writestr("cves/delta.json", "{}")
        archive.writestr("cves/broken.json", "{")
        for name, record in records.items():
            archive.writestr(name, json.dumps(record))
    place = services.Place(str(file))
    first = services.import_path(kind, place, by=CONSOLE, now=NOON, rng=DICE)
    before = [list(table.objects.order_by("pk").values()) for table in (SourceRecord, ProductClaim, Product)]

    again = services.import_path(kind, place, by=CONSOLE, now=NOON, rng=DICE)

    assert (first.stored, first.refused, again.stored, again.unchanged, again.refused) == (30, 1, 0, 30, 1)
    assert first.refusals[0].place.startswith("cves/broken.json")
    assert [list(table.objects.order_by("pk").values()) for table in (SourceRecord, ProductClaim, Product)] == before


def test_records_read_by_an_older_reading_are_read_anew_when_they_come_again() -> None:
    record = osv("PYSEC-1", "gate", *between("0", "2.0"))
    take(OSV, record)
    SourceRecord.objects.update(read_as=1)
    Range.objects.all().delete()

    report = take(OSV, record)

    assert report.stored == 1
    assert Range.objects.count() == 1


def test_records_of_an_older_reading_are_read_anew_from_the_bytes_they_came_as() -> None:
    take(OSV, osv("PYSEC-1", "gate", *between("0", "2.0")))
    take(CSAF, csaf("ACME-1", ("CVE-2030-1001", "Gate", "<2", ""), ("CVE-2030-1002", "Wall", "<2", "pkg:pypi/wall")))
    before = list(Range.objects.order_by("package", "lo").values("package", "record", "lo", "hi")), said()
    SourceRecord.objects.update(read_as=1)
    Range.objects.update(lo=b"old")

    report = services.read_again(by=CONSOLE, now=NOON, rng=DICE)

    assert (report.stored, services.read_again(by=CONSOLE, now=NOON, rng=DICE).seen) == (2, 0)
    assert (list(Range.objects.order_by("package", "lo").values("package", "record", "lo", "hi")), said()) == before


def test_what_is_said_of_a_part_of_a_product_is_in_doubt_for_both() -> None:
    document = csaf("ACME-1", ("CVE-2030-1000", "Gate", "<2.0", "pkg:pypi/gate"))
    document["product_tree"]["full_product_names"] = [{"name": "Panel", "product_id": "Q"}]
    named = {"name": "Gate in Panel", "product_id": "R"}
    document["product_tree"]["relationships"] = [
        {"category": "default_component_of", "product_reference": "P0", "relates_to_product_reference": "Q",
         "full_product_name": named}
    ]  # fmt: skip
    document["vulnerabilities"][0]["product_status"] = {"known_affected": ["R"]}

    take(CSAF, document)

    assert not Range.objects.exists()
    assert [one.package.name for one in RangeDoubt.objects.select_related("package")] == ["gate"]
    assert [(one.product.name, one.says) for one in ProductClaim.objects.select_related("product").order_by("pk")] == [
        ("Gate", Says.DOUBT.value),
        ("Panel", Says.DOUBT.value),
    ]
