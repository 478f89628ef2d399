"""Do our checks agree with the standard's own test documents, and does what we write fit its schema?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.formats.test_csaf import FLAW, LEDGER, advisory

from watchbell.domain.advisory import Activity, Affected, VexJustification, VexStatus
from watchbell.domain.handling import Tlp
from watchbell.formats import csaf, csaf_checks, vrf

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3].parent / "shared" / "data"
VECTORS = DATA / "csaf20-vectors" / "csaf_2.0"
CASES = VECTORS / "test" / "validator" / "data"


def read(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


def test_a_report_of_two_flaws_becomes_two_claims() -> None:
    found = vrf.loads((HERE / "report.json").read_bytes())

    first, second = found.claims
    assert found.tlp is Tlp.AMBER_STRICT
    assert (first.submitter_item_id, second.submitter_item_id) == ("NL-2026-17#1", "NL-2026-17#2")
    assert (first.product.purl, first.product.version, first.aliases) == ("pkg:pypi/ledger@1.2.0", "1.2.0", ("NL-17a",))
    assert first.suggested_fix == "Take the last part of the name only."
    assert "Source review." in first.evidence.text
    assert second.ai_usage.activities == {Activity.DISCOVERY}
    assert second.credits[0].name == "A. Finder"


def cases(kind: str) -> Iterator[tuple[str, Path]]:
    for test in read(CASES / "testcases.json")["tests"]:
        for document in test.get(kind, ()):
            yield test["id"], CASES / document["name"]


@pytest.mark.skipif(not CASES.exists(), reason="the CSAF 2.0 test documents beside the project are absent")
def test_every_bad_document_of_the_tests_we_run_is_caught_by_that_test() -> None:
    judged = [(test, path) for test, path in cases("failures") if test in csaf_checks.TESTS_RUN]

    missed = [path.name for test, path in judged if test not in {one.test for one in csaf_checks.check(read(path))}]

    assert len(judged) > 40
    assert missed == []


@pytest.mark.skipif(not CASES.exists(), reason="the CSAF 2.0 test documents beside the project are absent")
def test_no_good_document_is_called_bad() -> None:
    judged = [path for _, path in cases("valid")]

    assert len(judged) > 80
    assert [path.name for path in judged if csaf_checks.check(read(path))] == []


@pytest.mark.skipif(not (DATA / "ics-advisories").exists(), reason="the industrial advisories are absent")
def test_real_industrial_advisories_keep_the_tests_we_run() -> None:
    paths = sorted((DATA / "ics-advisories").glob("*.json"))

    assert len(paths) > 100
    assert [path.name for path in paths if csaf_checks.check(read(path))] == []


def misfits(schema: Any, value: Any, root: Any, place: str = "") -> Iterator[str]:
    """Yield where a value breaks the part of JSON Schema that CSAF 2.0 uses; foreign schemas are left out."""
    if schema.get("$ref", "").startswith("#/$defs/"):
        yield from misfits(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root, place)
        return
    kinds = {"object": dict, "array": list, "string": str}
    if "type" in schema and not isinstance(value, kinds.get(schema["type"], object)):
        yield f"{place}: not {schema['type']}"
        return
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{place}: pattern"
    if isinstance(value, str | list | dict) and len(value) < max(schema.get(key, 0) for key in MINIMA):
        yield f"{place}: too short"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value} is no listed word"
    if schema.get("uniqueItems") and len({orjson.dumps(one) for one in value}) != len(value):
        yield f"{place}: repeated"
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from misfits(schema.get("items", {}), one, root, f"{place}/{index}")
    if isinstance(value, dict):
        yield from (f"{place}/{key}: required" for key in schema.get("required", ()) if key not in value)
        for key, one in value.items():
            yield from misfits(schema.get("properties", {}).get(key, {}), one, root, f"{place}/{key}")
            if "properties" in schema and key not in schema["properties"]:
                yield f"{place}/{key}: unknown"


MINIMA = ("minLength", "minItems", "minProperties")


@pytest.mark.skipif(not VECTORS.exists(), reason="the CSAF 2.0 schema beside the project is absent")
def test_what_we_write_fits_the_standards_schema() -> None:
    schema = read(VECTORS / "json_schema" / "csaf_json_schema.json")
    safe = Affected(
        product="Viewer",
        vendor="Acme",
        status=VexStatus.NOT_AFFECTED,
        justification=VexJustification.COMPONENT_NOT_PRESENT,
        impact="The library is not shipped.",
        versions=("2.0",),
    )
    flaw = FLAW.__class__(**{**{name: getattr(FLAW, name) for name in FLAW.__slots__}, "affected": (LEDGER, safe)})

    document = orjson.loads(csaf.dumps(advisory(flaw)))

    assert list(misfits(schema, document, schema)) == []
    assert list(misfits(schema, {"document": {}}, schema))


@pytest.mark.skipif(not CASES.exists(), reason="the CSAF 2.0 test documents beside the project are absent")
def test_our_schema_reading_accepts_the_standards_own_good_documents() -> None:
    schema = read(VECTORS / "json_schema" / "csaf_json_schema.json")

    assert [path.name for _, path in cases("valid") if list(misfits(schema, read(path), schema))] == []
