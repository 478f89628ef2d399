"""A node and the offline matcher say the same of the same lists: one rule, two ways to ask it."""

import json
from pathlib import Path

import pytest
from tests.apps.scene_inventory import add, between, from_on, load, osv, publish, sbom, work
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory.models import Match
from watchbell.apps.vulnerabilities import queries as published
from watchbell.domain.matching.packages import package_of_purl
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
