"""Does one statement mean the same in OpenVEX, CSAF and CycloneDX, and is every published example read?"""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.conformance.csaf.test_csaf_corpus import misfits

from watchbell.domain.advisory import Publisher, VexJustification, VexStatus
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.vex_statements import Provenance, Statement, VexDocument, VexFormat
from watchbell.domain.refusal import Refused
from watchbell.formats import csaf_checks, csaf_vex, csaf_vex_writer, cyclonedx_vex, openvex, strictjson, vex

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3].parent / "shared" / "data"


def document(name: str) -> bytes:
    return (HERE / name).read_bytes()


def test_an_openvex_document_gives_one_statement_for_each_product_with_what_it_inherits() -> None:
    found = openvex.loads(document("openvex.json"))

    panel, sensor, pump, unnamed = found.statements
    assert (panel.ids, panel.status) == (("CVE-2026-2001", "GHSA-aaaa-bbbb-cccc"), VexStatus.NOT_AFFECTED)
    assert panel.justification is VexJustification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH
    assert [part.purls for part in panel.subcomponents] == [("pkg:pypi/LibPump@1.4",)]
    assert (panel.author, panel.issued_at, panel.updated_at) == ("Acme Pumps", found.issued_at, found.updated_at)
    assert sensor.product is not None
    assert sensor.product.hashes == (("sha256", "ab12"),)
    assert (pump.action, pump.issued_at and pump.issued_at.month, pump.updated_at) == ("Update to 3.", 2, None)
    assert (unnamed.product, unnamed.is_unexplained) == (None, True)
    assert [place for place, _ in found.defects] == ["/statements/2"]


def test_an_older_openvex_document_is_read_and_its_own_reason_is_kept() -> None:
    found = openvex.loads(document("old_openvex.json"))

    (only,) = found.statements
    assert (only.ids, only.status, only.reason) == (("CVE-2023-12345",), VexStatus.FIXED, "it is mended")
    assert [part.purls for part in only.subcomponents] == [("pkg:apk/wolfi/libcurl",)]
    assert found.defects[0][0] == "/statements/0/justification"


def bare(found: VexDocument) -> list[Statement]:
    nowhere = Provenance(format=VexFormat.OPENVEX, document="")
    return [replace(one, provenance=nowhere) for one in found.statements]


def test_what_we_write_as_openvex_reads_back_as_the_same_statements() -> None:
    found = openvex.loads(document("openvex.json"))
    sound = replace(found, statements=found.statements[:3])

    written = openvex.dumps(sound)

    assert bare(openvex.loads(written)) == bare(sound)
    assert openvex.dumps(openvex.loads(written)) == written
    assert len(strictjson.loads(written)["statements"]) == 2


def test_a_not_affected_without_a_reason_is_not_written() -> None:
    with pytest.raises(Refused) as caught:
        openvex.dumps(openvex.loads(document("openvex.json")))

    assert caught.value.refusal.place == "/statements/2/justification"


PUBLISHER = Publisher("Acme Pumps", "https://pumps.example")


def meaning(one: Statement) -> tuple[object, ...]:
    named = [*([one.product] if one.product else []), *one.subcomponents]
    return one.ids, one.status, one.justification, one.impact, one.action, [part.purls for part in named]


def test_what_we_write_as_csaf_reads_back_with_the_same_meaning() -> None:
    found = openvex.loads(document("openvex.json"))
    sound = replace(found, statements=found.statements[:3])

    written = csaf_vex_writer.dumps(sound, PUBLISHER, title="Pumps")

    assert sorted(map(repr, map(meaning, csaf_vex.loads(written).statements))) == sorted(
        map(repr, map(meaning, sound.statements))
    )
    assert csaf_checks.check(strictjson.loads(written)) == []
    assert strictjson.loads(written)["document"]["tracking"]["version"] == "3"


@pytest.mark.skipif(not (DATA / "csaf20-vectors").exists(), reason="the CSAF 2.0 schema beside the project is absent")
def test_what_we_write_as_csaf_fits_the_standards_schema() -> None:
    schema = strictjson.loads((DATA / "csaf20-vectors/csaf_2.0/json_schema/csaf_json_schema.json").read_bytes())
    found = openvex.loads(document("openvex.json").replace(b"AB12", b"ab12" * 16))
    sound = replace(found, statements=found.statements[:3])

    assert list(misfits(schema, csaf_vex_writer.write(sound, PUBLISHER, title="Pumps"), schema)) == []


def test_a_statement_that_the_profile_forbids_is_not_written() -> None:
    found = openvex.loads(document("openvex.json"))
    first = found.statements[0]
    bad = {
        "/statements/0/product": replace(first, product=None),
        "/statements/0/justification": replace(first, justification=None),
        "/statements/0/action_statement": replace(first, status=VexStatus.AFFECTED, justification=None),
    }

    for place, one in bad.items():
        with pytest.raises(Refused) as caught:
            csaf_vex_writer.write(replace(found, statements=(one,)), PUBLISHER, title="Pumps")
        assert caught.value.refusal.place == place
    both = (first, replace(first, status=VexStatus.FIXED))
    with pytest.raises(Refused) as caught:
        csaf_vex_writer.write(replace(found, statements=both), PUBLISHER, title="Pumps")
    assert caught.value.refusal.code == "csaf-6.1.6"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'"status": "affected"', b'"status": "perhaps"', "/statements/1/status"),
        (b'"name": "CVE-2026-2002"', b'"name": ""', "/statements/1/vulnerability/name"),
        (b"ns/v0.2.0", b"ns/v9", "/@context"),
        (b'"author": "Acme Pumps",', b"", "/author"),
        (b'"2026-03-01T10:00:00Z"', b'"noon"', "/timestamp"),
        (b'"products": [{"@id": "pkg:npm', b'"products": [7, {"@id": "pkg:npm', "/statements/1/products/0"),
    ],
)
def test_a_broken_openvex_document_is_refused_where_it_is_broken(old: bytes, new: bytes, place: str) -> None:
    with pytest.raises(Refused) as caught:
        openvex.loads(document("openvex.json").replace(old, new, 1))

    assert caught.value.refusal.place == place


def test_a_component_of_a_bom_is_a_part_of_its_subject_and_nowhere_else() -> None:
    found = cyclonedx_vex.loads(document("in_bom.cdx.json"))

    lib, lost, *_ = found.statements
    assert lib.product is not None
    assert (lib.product.name, [one.purls for one in lib.subcomponents]) == ("Panel", [("pkg:pypi/libpump@1.4",)])
    assert (lib.author, lib.ids) == ("Acme Pumps", ("CVE-2026-2001", "GHSA-aaaa-bbbb-cccc"))
    assert (lib.reason, lib.impact) == ("code_not_reachable", "The call was removed.")
    assert lib.justification is VexJustification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH
    assert lost.product is None
    assert [place for place, _ in found.defects] == ["/vulnerabilities/0/affects/1/ref"]


def test_versions_that_stand_differently_become_statements_of_their_own() -> None:
    found = cyclonedx_vex.loads(document("in_bom.cdx.json"))

    said = {one.status: one for one in found.statements if one.ids == ("CVE-2026-2002",)}
    ranges = said[VexStatus.AFFECTED].versions
    assert set(said) == {VexStatus.AFFECTED, VexStatus.NOT_AFFECTED, VexStatus.UNDER_INVESTIGATION}
    assert ranges is not None
    assert [judge(one, ranges, record="x").status for one in ("2.3", "2.4")] == [Status.AFFECTED, Status.NOT_AFFECTED]
    assert said[VexStatus.NOT_AFFECTED].is_unexplained
    assert said[VexStatus.AFFECTED].action == "update"


def test_a_bom_link_means_a_thing_in_this_document_or_in_the_one_it_names() -> None:
    found = cyclonedx_vex.loads(document("in_bom.cdx.json"))

    inner, other = (one for one in found.statements if one.ids == ("CVE-2026-2003",))
    assert [part.hashes for part in inner.subcomponents] == [(("sha256", "cd34"),)]
    assert other.product is not None
    assert other.product.refs == ("urn:cdx:00000000-0000-0000-0000-000000000000/1#other",)
    assert not other.is_unexplained


def test_a_vulnerability_without_an_analysis_is_no_statement() -> None:
    found = cyclonedx_vex.loads(document("in_bom.cdx.json"))

    assert not [one for one in found.statements if "CVE-2026-2004" in one.ids]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'"exploitable"', b'"dire"', "/vulnerabilities/1/analysis/state"),
        (b'"status": "unknown"', b'"status": "odd"', "/vulnerabilities/1/affects/0/versions/2/status"),
        (b'"specVersion": "1.5"', b'"specVersion": "1.2"', "/specVersion"),
        (b'{"ref": "panel"', b'{"reef": "panel"', "/vulnerabilities/1/affects/0/ref"),
    ],
)
def test_a_broken_cyclonedx_document_is_refused_where_it_is_broken(old: bytes, new: bytes, place: str) -> None:
    with pytest.raises(Refused) as caught:
        cyclonedx_vex.loads(document("in_bom.cdx.json").replace(old, new, 1))

    assert caught.value.refusal.place == place


def test_a_csaf_document_speaks_of_parts_of_products_and_shows_what_it_cannot_tie_to_anything() -> None:
    found = csaf_vex.loads((HERE.parent / "csaf" / "vex21.json").read_bytes())

    part, several = found.statements
    assert part.product is not None
    assert (part.product.full_name, part.subcomponents[0].purls, part.versions) == (
        "Panel 2.0",
        ("pkg:pypi/LibPump",),
        None,
    )
    assert part.justification is VexJustification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH
    assert (several.product, several.status) == (None, VexStatus.UNDER_INVESTIGATION)


def test_a_security_advisory_also_says_how_products_stand() -> None:
    found = csaf_vex.loads((HERE.parent / "csaf" / "advisory20.json").read_bytes())

    said = {one.provenance.place: one for one in found.statements}
    controller = said["/vulnerabilities/0/product_status/known_affected/0"]
    safe = said["/vulnerabilities/1/product_status/known_not_affected/1"]
    assert (controller.action, controller.versions is not None) == ("Install V8.1 SP3.", True)
    assert (safe.impact, safe.is_unexplained) == ("The call is not reachable.", False)


@pytest.mark.skipif(not (DATA / "sboms").exists(), reason="the BOMs beside the project are absent")
def test_every_published_cyclonedx_example_is_read_with_nothing_lost() -> None:
    found = [cyclonedx_vex.loads(path.read_bytes()) for path in sorted((DATA / "sboms").glob("cdx__VEX__*.json"))]

    assert len(found) > 10
    assert sum(len(one.statements) for one in found) > 100
    assert not [one.defects for one in found if one.defects]
    assert all(one.product is not None for each in found for one in each.statements)


@pytest.mark.skipif(not (DATA / "ics-advisories").exists(), reason="the industrial advisories are absent")
def test_every_industrial_advisory_is_read_as_statements() -> None:
    found = [csaf_vex.loads(path.read_bytes()) for path in sorted((DATA / "ics-advisories").glob("*.json"))]

    assert len(found) > 100
    assert all(each.statements for each in found)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (HERE / "openvex.json", VexFormat.OPENVEX),
        (HERE / "in_bom.cdx.json", VexFormat.CYCLONEDX),
        (HERE.parent / "csaf" / "vex21.json", VexFormat.CSAF),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_the_document_itself_tells_its_format(path: Path, wanted: VexFormat) -> None:
    found = vex.loads(path.read_bytes())

    assert found.format is wanted
    assert {one.provenance.format for one in found.statements} == {wanted}


@pytest.mark.parametrize("data", [b"{}", b'{"id":"OSV-1","affected":[]}', b"[]", b"<bom/>"])
def test_what_holds_no_statements_is_told_what_is_read(data: bytes) -> None:
    with pytest.raises(Refused):
        vex.loads(data)
