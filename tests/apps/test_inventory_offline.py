"""A node and the offline matcher say the same of the same lists: one rule, two ways to ask it."""

import json
from pathlib import Path

import pytest
from tests.apps.scene_inventory import add, between, from_on, load, osv, publish, rows, sbom, work
from tests.apps.scene_published import take
from tests.apps.test_inventory_equipment import take_table
from tests.apps.test_inventory_marks import (
    ACME,
    ADDRESS,
    FILE,
    GITOID,
    HELD,
    NUMBER,
    SERIAL,
    UUID,
    advisory,
    bom,
    generic,
    part,
    refers,
    spdx,
)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import queries
from watchbell.apps.inventory.models import Match
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.matching.designations import HELPED_BY
from watchbell.domain.matching.packages import package_of_purl
from watchbell.domain.matching.tiers import Basis
from watchbell.domain.versions import NOT_ALWAYS_ORDERED, scheme_for
from watchbell.edge.build import build
from watchbell.edge.matching import match
from watchbell.edge.snapshot import opened
from watchbell.formats.installed import reading
from watchbell.outside.reader import IMPORT, Line, ndjson_lines, open_document

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

Found = set[tuple[str, str, str, str, str]]
"""Ecosystem, package, version, the vulnerability's display id, and affected or not to be told."""


def on_the_node() -> Found:
    groups = published.groups_of_records(set(Match.objects.values_list("record_id", flat=True)))
    rows: Found = set()
    for one in Match.objects.select_related("version"):
        known = groups[one.record_id].display_id
        word = "affected" if one.status == "affected" else "undetermined"
        rows.add((one.version.ecosystem, one.version.name, one.version.raw, known, word))
    sure = {row[:4] for row in rows if row[4] == "affected"}
    return {row for row in rows if row[4] == "affected" or row[:4] not in sure}


def offline(folder: Path, records: Path, lists: list[bytes]) -> Found:
    build([str(records)], folder / "snapshot", now=NOON)
    with opened(str(folder / "snapshot"), {"WATCHBELL_HOME": str(folder)}) as db:
        answer = match([reading.loads(each) for each in lists], db)
    rows: Found = set()
    for one in answer.matches:
        found = package_of_purl(one.component.purl)
        rows.add((found.package.ecosystem, found.package.name, one.component.version, one.flaw.id, one.status))  # type: ignore[union-attr]
    return rows


def test_both_say_the_same_of_small_lists(cast: Cast, tmp_path: Path) -> None:
    records = [
        osv("PYSEC-1", "gate", *between("1.0", "2.0"), aliases=["CVE-2026-0001"]),
        osv("GHSA-1", "gate", *between("1.5", "2.5"), aliases=["CVE-2026-0001", "CVE-2026-0002"]),
        osv("PYSEC-2", "gate"),
        osv("PYSEC-3", "gate", *from_on("0"), withdrawn="2026-10-01T00:00:00Z"),
        osv("DSA-1", "door", *between("0", "1:2.0-1"), ecosystem="Debian:12"),
        osv("X-1", "door", affected=[{"package": {"ecosystem": "npm", "name": "Door"}, "versions": ["1.0.0", "odd"]}]),
    ]
    purls = ["pypi/gate@1.7", "pypi/Gate@2.5", "pypi/gate", "pypi/gate@latest", "npm/door@1.0.0", "npm/door@odd"]
    purls += ["npm/door@2.0.0", "deb/debian/door@1%3A1.0?distro=debian-12", "deb/debian/door@3%3A1?distro=bookworm"]
    listed = sbom(*(f"pkg:{one}" for one in purls))
    source = tmp_path / "records.ndjson"
    source.write_text("\n".join(json.dumps(one) for one in records))
    publish(*records)
    load(cast.hospital, add(cast.hospital), listed)
    work()

    found = on_the_node()

    assert offline(tmp_path, source, [listed]) == found
    assert len(found) >= 10


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_both_say_the_same_of_real_lists_and_records(cast: Cast, tmp_path: Path) -> None:
    lines = [
        one.content
        for member in open_document(DATA / "osv" / "osv.ndjson.zst", "osv", IMPORT)
        for one in ndjson_lines(member.stream, IMPORT)
        if isinstance(one, Line)
    ]
    names = [*(DATA / "sboms").glob("*proton-bridge-v1*"), *(DATA / "sboms").glob("*laravel*1.4*")]
    lists = [path.read_bytes() for path in names]
    wanted = b"golang.org/", b"github.com/"
    chosen = [one for one in lines if b'"Go"' in one and any(word in one for word in wanted)][:2000]
    source = tmp_path / "records.ndjson"
    source.write_bytes(b"\n".join(chosen))
    publish(*(json.loads(one) for one in chosen))  # noqa: TID251 - our own test data
    for at, listed in enumerate(lists):
        load(cast.hospital, add(cast.hospital, f"list {at}"), listed)
    work()

    found = {row for row in on_the_node() if scheme_for(row[0]) not in NOT_ALWAYS_ORDERED}

    assert offline(tmp_path, source, lists) == found
    assert found


# What has no package URL: each thing has a version of its own, by which it is told in both answers.
HELPED = [
    advisory("ACME-1", "<3.0", "Gate", **FILE),
    advisory("ACME-2", "<2.05", "Gate"),
    advisory("ACME-3", "<3.0", "Gate", model_numbers=[NUMBER]),
    advisory("ACME-4", "<9.0", "Gate", model_numbers=["6TG2200-9XX00-0XA0"]),
    advisory("ACME-5", "<3.0", "Weir", serial_numbers=["SN 2200-17"], skus=["WEIR-910-B"]),
    advisory("ACME-6", "all but the good ones", "Sluice", sbom_urls=[ADDRESS]),
    advisory(
        "ACME-7", "vers:generic/>=1.0|<2.09", "Lock", x_generic_uris=[*generic(GITOID), *generic("urn:acme:lock")]
    ),
    advisory("ACME-8", "<3.0", "Dam", x_generic_uris=generic(f"urn:cdx:{UUID}/1#dam"), serial_numbers=["DAM0*"]),
    advisory("ACME-9", "<3.0", "Pier", x_generic_uris=generic("https://acme.example/spdx/gate#SPDXRef-pier")),
]
LISTED = bom(
    part("a", "2.01", **HELD),
    part("b", "2.06", **HELD, **{"bom-ref": "b"}),
    part("c", "3.0", **HELD, **{"bom-ref": "c"}),
    part("d", "", **HELD, **{"bom-ref": "d"}),
    part("e", "not a version", **HELD, **{"bom-ref": "e"}),
    part(f"Gate {NUMBER}", "2.02", **ACME, **{"bom-ref": "f"}),
    part(NUMBER, "2.03", **{"bom-ref": "g", "supplier": {"name": "Zed"}}),
    part("h", "2.04", **ACME, **SERIAL, **{"bom-ref": "h"}),
    part("weir 910-b", "2.05", **ACME, **{"bom-ref": "i"}),
    part("j", "2.07", **refers("bom", ADDRESS), **{"bom-ref": "j"}),
    part("k", "2.08", omniborId=[GITOID], **{"bom-ref": "k"}),
    part("l", "2.09", **refers("other", "urn:acme:lock"), **{"bom-ref": "l"}),
    part("m", "2.10", **{"bom-ref": "dam"}),
    part("n", "2.11", purl="pkg:generic/n@2.11", **HELD, **{"bom-ref": "n"}),
    part("o", "2.12", purl="pkg:pypi/o@2.12", **HELD, **{"bom-ref": "o"}),
    serialNumber=f"urn:uuid:{UUID}",
)
PIER = spdx({"name": "p", "SPDXID": "SPDXRef-pier", "versionInfo": "2.13"})
LINES = [
    {"name": "q", "vendor": "ACME", "product": "hall", "model": NUMBER, "firmware": "2.14"},
    {"name": "r", "vendor": "ACME", "product": "hall", "serial number": "sn220017", "firmware": "2.15"},
    {"name": "s", "vendor": "Zed", "product": "hall", "model": NUMBER, "firmware": "2.16"},
]


def test_both_recognise_the_same_things_by_what_their_maker_gives_for_it(cast: Cast, tmp_path: Path) -> None:
    columns = "name,vendor,product,model,serial number,firmware"
    lines = [",".join(line.get(name, "") for name in columns.split(",")) for line in LINES]
    folder = tmp_path / "records"
    folder.mkdir()
    osv_too = osv("PYSEC-1", "o", *between("5", "6"))  # else nobody publishes anything about the ecosystem offline
    for at, one in enumerate([*HELPED, osv_too]):
        (folder / f"{at}.json").write_text(json.dumps(one))
    publish(osv_too)
    take(SourceKind.CSAF, *HELPED)
    load(cast.hospital, add(cast.hospital, "bill"), LISTED)
    load(cast.hospital, add(cast.hospital, "pier"), PIER)
    take_table(cast.hospital, *LINES)
    work()

    build([str(folder)], tmp_path / "snapshot", now=NOON)
    with opened(str(tmp_path / "snapshot"), {"WATCHBELL_HOME": str(tmp_path)}) as db:
        answer = match([reading.loads(each) for each in (LISTED, PIER, "\n".join([columns, *lines]).encode())], db)
    shown = [
        (line.display_id, one)
        for line in rows(cast.hospital)
        for one in queries.exposures_of(cast.hospital.actor, line.group_id, now=NOON)
    ]

    by_helper = {
        (one.component.version, one.flaw.id, one.status == "affected", one.because.rpartition("; ")[2])
        for one in answer.matches
        if one.basis is Basis.HELPER
    }
    assert by_helper == {
        (one.version, flaw, one.tier == "exact", one.because.rpartition("; ")[2])
        for flaw, one in shown
        if one.basis is Basis.HELPER
    }
    assert len(by_helper) >= 15
    assert {each[3] for each in by_helper} == set(HELPED_BY.values())
    cover = queries.coverage(cast.hospital.actor, now=NOON)
    assert (cover.components, cover.assessed) == (answer.components, answer.assessed)
