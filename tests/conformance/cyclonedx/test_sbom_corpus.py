"""Do we find every component of real bills of materials, and say what is wrong with a flawed one?"""

import csv
from pathlib import Path

import orjson
import pytest

from watchbell.formats import cyclonedx, spdx
from watchbell.formats.sbom import Sbom

HERE = Path(__file__).parent
THEIRS = Path(__file__).parents[3].parent / "shared" / "data" / "sboms"


def test_a_flawed_bom_gives_what_it_has_and_names_each_flaw() -> None:
    found = cyclonedx.loads((HERE / "flawed.cdx.json").read_bytes())

    assert [one.name for one in found.components] == ["ledger", "inner", "other", "driver.sys"]
    assert found.unmatchable == 2
    assert {one.code for one in found.defects} == {
        "bad-purl",
        "duplicate-ref",
        "no-version",
        "no-name",
        "wrong-type",
        "cyclic-dependencies",
    }
    assert [one.place for one in found.defects if one.code == "bad-purl"] == ["/components/1/purl"]


def test_a_small_xml_bom_is_read() -> None:
    ledger, pump = cyclonedx.loads((HERE / "small.cdx.xml").read_bytes()).components

    assert (ledger.supplier, ledger.version, ledger.cpe[:12]) == ("Acme", "1.2.3", "cpe:2.3:a:ac")
    assert (pump.type, pump.is_identified) == ("device", False)


def load(path: Path) -> Sbom:
    return (spdx if "spdx" in path.name.split("__")[0] else cyclonedx).loads(path.read_bytes())


def nested(path: Path) -> int:
    """Count the components below the first level, which the index leaves out and we count: they are installed too."""
    document = orjson.loads(path.read_bytes())
    waiting, counted = [*document["components"], document.get("metadata", {}).get("component", {})], 0
    while waiting:
        children = waiting.pop().get("components", [])
        counted += len(children)
        waiting += children
    return counted


@pytest.mark.skipif(not THEIRS.exists(), reason="the bills of materials beside the project are absent")
def test_every_document_of_the_index_loads_with_its_components_and_vulnerabilities() -> None:
    rows = list(csv.DictReader((THEIRS / "INDEX.csv").open(encoding="utf-8")))
    loaded = {row["file"]: load(THEIRS / row["file"]) for row in rows}

    differing = [row["file"] for row in rows if len(loaded[row["file"]].components) != int(row["components"])]
    assert len(rows) > 20
    assert all(loaded[row["file"]].vulnerabilities == int(row["vulnerabilities"]) for row in rows)
    assert all(
        len(loaded[row["file"]].components) == int(row["components"]) + nested(THEIRS / row["file"])
        for row in rows
        if row["file"] in differing
    )
