"""Which products does a CSAF document speak of, in which versions, and does it do so for every real advisory?"""

from collections import Counter
from pathlib import Path

import pytest

from watchbell.domain.handling import Tlp
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.products import ProductClaim
from watchbell.domain.matching.stretches import BOTTOM, TOP, Standing
from watchbell.domain.refusal import Refused
from watchbell.formats import csaf_claims, csaf_reader
from watchbell.formats.csaf_reader import CsafDocument

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3].parent / "shared" / "data"


@pytest.fixture(scope="module")
def document() -> CsafDocument:
    return csaf_reader.loads((HERE / "advisory20.json").read_bytes())


def claims(document: CsafDocument, index: int = 0) -> dict[str, ProductClaim]:
    found = csaf_claims.claims(document, document.flaws[index])
    return {one.product.name or one.product.full_name: one for one in found}


def said(claim: ProductClaim, *versions: str) -> list[Status]:
    return [judge(version, claim.ranges, record="AP-2026-7").status for version in versions]


def test_the_head_says_who_published_what_when_and_how_far_it_may_travel(document: CsafDocument) -> None:
    assert (document.id, document.publisher, document.tlp) == ("AP-2026-7", "Acme Pumps", Tlp.CLEAR)
    assert (document.is_final, document.aliases, document.updated_at.day) == (True, ("ICSA-26-001-01",), 10)
    assert document.flaws[0].all_ids == ("CVE-2026-2001", "AP-17")
    assert document.flaws[0].severities[0].by == "Acme Pumps"


def test_a_range_and_its_fix_are_one_product_with_its_helpers(document: CsafDocument) -> None:
    controller = claims(document)["Controller 9"]

    assert said(controller, "V8.1 SP2", "8.1 SP3", "V9") == [Status.AFFECTED, Status.FIXED, Status.FIXED]
    assert controller.product.model_numbers == ("CTL-9??",)
    assert controller.product.cpes == ("cpe:2.3:o:acme:controller:*:*:*:*:*:*:*:*",)
    assert len(controller.product.refs) == 2
    assert controller.by == "Acme Pumps"


def test_a_date_where_a_version_should_be_cannot_be_told_and_a_version_called_safe_stays_safe(
    document: CsafDocument,
) -> None:
    panel = claims(document)["Panel"]

    assert said(panel, "1.0", "2.0") == [Status.CANNOT_TELL, Status.NOT_AFFECTED]


def test_a_product_without_a_version_and_one_under_investigation_cannot_be_told(document: CsafDocument) -> None:
    assert said(claims(document)["Valve"], "1.0") == [Status.CANNOT_TELL]


def test_a_component_of_a_product_is_told_with_the_product_it_is_in(document: CsafDocument) -> None:
    library = claims(document)["libpump"]

    assert library.package is not None
    assert (library.package.ecosystem, [one.name for one in library.within]) == ("PyPI", ["Panel"])
    assert library.within[0].hashes == (("sha256", "ab12"),)
    assert said(library, "1.4.0", "1.4", "1.5") == [Status.AFFECTED, Status.AFFECTED, Status.CANNOT_TELL]


def test_where_a_document_contradicts_itself_affected_wins(document: CsafDocument) -> None:
    assert said(claims(document, 1)["Panel"], "2.0") == [Status.AFFECTED]


def test_csaf_2_1_reads_the_same_with_its_own_words() -> None:
    found = csaf_reader.loads((HERE / "vex21.json").read_bytes())

    (flaw,) = found.flaws
    assert (flaw.cwes, flaw.severities[0].by) == (("CWE-787",), "https://lab.example")
    assert [one.product_id for one in found.products["ABC"].within] == ["A", "C"]
    assert found.products["B"].base.purls == ("pkg:pypi/LibPump",)


def nested(levels: int) -> bytes:
    head = (HERE / "vex21.json").read_bytes().partition(b'"full_product_names"')[0]
    opened = b'{"category":"product_family","name":"n","branches":[' * levels
    leaf = b'{"category":"product_name","name":"x","product":{"name":"x","product_id":"P"}}'
    return head + b'"branches":[' + opened + leaf + b"]}" * levels + b"]}}"


def test_a_tree_of_fifty_branches_is_read_and_an_endless_one_is_refused() -> None:
    assert list(csaf_reader.loads(nested(50)).products) == ["P"]
    with pytest.raises(Refused) as caught:
        csaf_reader.loads(nested(500))
    assert caught.value.refusal.code == "too-deep"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'"product_reference": "P6"', b'"product_reference": "P7"', "/product_tree/relationships/0"),
        (b'"product_reference": "P6"', b'"product_reference": "P99"', "/product_tree/relationships/0"),
        (b'"fixed": ["P2"]', b'"fixed": ["P99"]', "/vulnerabilities/0/product_status/fixed/0"),
        (b'"csaf_version": "2.0"', b'"csaf_version": "1.2"', "/document/csaf_version"),
        (b'"2026-01-10T00:00:00Z", "current', b'"soon", "current', "/document/tracking/initial_release_date"),
        (b"csaf_security_advisory", b"csaf_vulnerability_report", "/document/category"),
        (b'"WHITE"', b'"PINK"', "/document/distribution/tlp/label"),
        (b'"model_numbers": ["CTL-9??"]', b'"model_numbers": "CTL-9"', PLACE := "/product_tree/branches/0/branches/0"),
    ],
)
def test_a_broken_document_is_refused_where_it_is_broken(old: bytes, new: bytes, place: str) -> None:
    broken = (HERE / "advisory20.json").read_bytes().replace(old, new, 1)

    with pytest.raises(Refused) as caught:
        csaf_reader.loads(broken)

    assert caught.value.refusal.place.startswith(place)
    assert place != PLACE or caught.value.refusal.place.endswith("/model_numbers")


@pytest.mark.skipif(not (DATA / "ics-advisories").exists(), reason="the industrial advisories are absent")
def test_every_industrial_advisory_is_read_and_most_of_its_versions_are_understood() -> None:
    counted: Counter[str] = Counter()
    for path in sorted((DATA / "ics-advisories").glob("*.json")):
        document = csaf_reader.loads(path.read_bytes())
        for parts in document.products.values():
            claimed = csaf_claims.versions_of(parts.base)
            everything = (BOTTOM, TOP, Standing.AFFECTED) in claimed.claims
            counted["all" if everything else "cannot tell" if claimed.doubts else "ranges"] += 1
        for flaw in document.flaws:
            assert flaw.statuses
            assert all(one.ranges.intervals or one.ranges.doubts for one in csaf_claims.claims(document, flaw))

    assert sum(counted.values()) > 500
    assert counted["cannot tell"] < 0.1 * sum(counted.values()), counted


@pytest.mark.skipif(not (DATA / "csaf21-vectors").exists(), reason="the CSAF 2.1 test documents are absent")
def test_the_standards_own_documents_are_read_unless_they_break_the_test_they_are_named_after() -> None:
    refused: dict[str, str] = {}
    for version, folder in (("2_0-2021", "csaf20-vectors"), ("2_1-2024", "csaf21-vectors")):
        for path in sorted((DATA / folder).rglob(f"oasis_csaf_tc-csaf_{version}-6-*-[0-9][0-9].json")):
            try:
                document = csaf_reader.loads(path.read_bytes())
                assert all(csaf_claims.claims(document, flaw) is not None for flaw in document.flaws)
            except Refused as error:
                refused[path.name.partition("-6-")[2].removesuffix(".json")] = error.refusal.code

    assert {
        name: code for name, code in refused.items() if code not in ("csaf-6.1.1", "csaf-6.1.3", "wrong-time")
    } == {}
    assert {code for name, code in refused.items() if name.startswith("1-03-")} == {"csaf-6.1.3"}
    assert len(refused) < 15
