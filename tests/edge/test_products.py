"""Things without a package are found by what else names them, each as surely as that is, and a guess never alerts."""

from typing import Any

import pytest
from tests.edge.scene import Desk, between, bill, osv

from watchbell.domain.matching.tiers import Basis
from watchbell.formats import strictjson

DIGEST = "ab" * 32
CPE = "cpe:2.3:a:acme:gate:1.1:*:*:*:*:*:*:*"


def csaf(*leaves: dict[str, Any], relate: bool = False, name: str = "ACME-1") -> dict[str, Any]:
    """Return a document in which Acme's Gate is affected, each leaf a range or version of it."""
    branches = [{"category": "product_version_range", **leaf} for leaf in leaves]
    ids = [leaf["product"]["product_id"] for leaf in leaves]
    named = {"category": "product_name", "name": "Gate 200SP", "branches": branches}
    tree: dict[str, Any] = {"branches": [{"category": "vendor", "name": "ACME Corp.", "branches": [named]}]}
    if relate:
        house = {"category": "product_name", "name": "House", "product": {"name": "House", "product_id": "H"}}
        tree["branches"].append({"category": "vendor", "name": "Other", "branches": [house]})
        full = {"name": "Gate in House", "product_id": "G-H"}
        related = {"category": "installed_on", "product_reference": ids[0], "relates_to_product_reference": "H"}
        tree["relationships"] = [related | {"full_product_name": full}]
        ids = ["G-H"]
    tracking = {"id": name, "status": "final", "version": "1", "revision_history": []}
    tracking |= dict.fromkeys(("initial_release_date", "current_release_date"), "2026-01-01T00:00:00Z")
    head = {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Gate", "tracking": tracking}
    head["publisher"] = {"category": "vendor", "name": "Acme", "namespace": "https://acme.example"}
    flaw = {"cve": "CVE-2026-0001", "title": "Gate opens", "product_status": {"known_affected": ids}}
    return {"document": head, "product_tree": tree, "vulnerabilities": [flaw]}


def leaf(versions: str = "vers:generic/<2.0", at: int = 1, **helper: Any) -> dict[str, Any]:
    product = {"name": "Gate 200SP", "product_id": f"P{at}"}
    return {"name": versions, "product": product | ({"product_identification_helper": helper} if helper else {})}


def cve(vendor: str = "Acme", product: str = "Gate", **more: Any) -> dict[str, Any]:
    version = {"version": "1.0", "lessThan": "2.0", "status": "affected", "versionType": "custom"}
    entry = {"vendor": vendor, "product": product, "versions": [version], "defaultStatus": "unaffected"} | more
    return {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-0001", "state": "PUBLISHED", "assignerOrgId": "a"},
        "containers": {"cna": {"providerMetadata": {"orgId": "a"}, "affected": [entry], "title": "Gate opens"}},
    }


def kev(product: str = "Gate") -> dict[str, Any]:
    entry = {"cveID": "CVE-2026-0001", "vendorProject": "Acme", "product": product, "dateAdded": "2026-11-01"}
    released = {"catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T00:00:00Z", "count": 1}
    return released | {"vulnerabilities": [entry | {"vulnerabilityName": "Gate flaw"}]}


def thing(name: str = "Gate", *, version: str = "1.1", **more: Any) -> dict[str, Any]:
    return bill(components=[{"type": "application", "bom-ref": "x", "name": name, "version": version, **more}])


UUID = "411dafd2-c29f-491a-97d7-e97de5bc2289"
GITOID = "gitoid:blob:sha1:" + "0a" * 20
ADDRESS = "https://acme.example/sbom/gate-1.cdx.json"
SERIAL = {"properties": [{"name": "cdx:device:serialNumber", "value": "sn2200 17"}]}
MADE: dict[str, Any] = {"manufacturer": {"name": "ACME"}, "supplier": {"name": "A Shop"}}


def refers(kind: str, address: str) -> dict[str, Any]:
    return {"externalReferences": [{"type": kind, "url": address}]}


def generic(uri: str) -> list[dict[str, str]]:
    return [{"namespace": "https://acme.example/names", "uri": uri}]


def numbered(held: dict[str, Any]) -> dict[str, Any]:
    """Return the list with a serial number of its own, by which others point into it."""
    return held | {"serialNumber": f"urn:uuid:{UUID}"}


ACME: dict[str, Any] = {"supplier": {"name": "Acme, Inc."}}
HELD: dict[str, Any] = {"hashes": [{"alg": "SHA-256", "content": DIGEST}]}
FILE: dict[str, Any] = {"hashes": [{"filename": "gate.bin", "file_hashes": [{"algorithm": "sha256", "value": DIGEST}]}]}


@pytest.mark.parametrize(
    ("record", "held", "basis", "tier"),
    [
        (csaf(leaf(**FILE)), thing("firmware.bin", **HELD), Basis.HELPER, "exact"),
        (csaf(leaf(model_numbers=["6GK7 243-1BX"])), thing("6GK7243-1BX rev A", **ACME), Basis.HELPER, "exact"),
        (csaf(leaf(skus=["6GK7243-1BX"])), thing("6GK7 243-1BX", **MADE), Basis.HELPER, "exact"),
        (csaf(leaf(serial_numbers=["SN 2200-17"])), thing("gate", **ACME, **SERIAL), Basis.HELPER, "exact"),
        (csaf(leaf(sbom_urls=[ADDRESS])), thing("gate", **refers("bom", ADDRESS)), Basis.HELPER, "exact"),
        (csaf(leaf(x_generic_uris=generic(GITOID))), thing("any", omniborId=[GITOID]), Basis.HELPER, "exact"),
        (csaf(leaf(x_generic_uris=generic(ADDRESS))), thing("any", **refers("other", ADDRESS)), Basis.HELPER, "exact"),
        (csaf(leaf(x_generic_uris=generic(f"urn:cdx:{UUID}/1#x"))), numbered(thing("any")), Basis.HELPER, "exact"),
        (csaf(leaf()), thing("gate 200-SP", **ACME), Basis.BRANCHES, "probable"),
        (csaf(leaf()), thing("gate 200-SP", **MADE), Basis.BRANCHES, "probable"),
    ],
)
def test_a_product_is_found_by_what_its_maker_gave_to_recognise_it_and_alerts(
    desk: Desk, record: Any, held: Any, basis: Basis, tier: str
) -> None:
    desk.build(record)

    code, answer = desk.match(held)
    clean, safe = desk.match(held | {"components": [held["components"][0] | {"version": "2.0"}]})

    (found,) = answer["matches"]
    assert (code, found["status"], found["basis"], found["tier"]) == (1, "affected", basis, tier)
    assert (answer["assessed"], answer["candidates"], found["sources"]) == (1, [], ["ACME-1"])
    assert (clean, safe["assessed"], safe["matches"]) == (4, 0, []), "outside of one record's range is no all-clear"


@pytest.mark.parametrize(
    ("record", "held", "basis"),
    [
        (cve(), thing(**ACME), Basis.NAME),
        (cve(), thing(), Basis.NAME),
        (cve(), thing("any", cpe=CPE), Basis.CPE),
        (cve(product="Other", cpes=[CPE.replace("1.1", "*")]), thing("any", version="", cpe=CPE), Basis.CPE),
        (cve(cpes=["cpe:/a:acme:gate"]), thing("any", cpe="cpe:/a:ACME:gate:1.1"), Basis.CPE),
        (kev(), thing(**ACME), Basis.NAME),
        (csaf(leaf(), relate=True), thing("Gate 200SP", **ACME), Basis.NAME),
    ],
)
def test_what_only_a_name_or_a_cpe_says_is_listed_apart_and_never_alerts_or_clears(
    desk: Desk, record: Any, held: Any, basis: Basis
) -> None:
    desk.build(record)

    code, answer = desk.match(held)

    (found,) = answer["candidates"]
    assert (code, answer["matches"], answer["assessed"]) == (4, [], 0)
    assert [one["reason"] for one in answer["not_assessed"]] == ["no package identity"]
    assert (found["status"], found["tier"], found["basis"]) == ("undetermined", "possible", basis)
    assert "another" in found["because"]
    assert desk.match(held, fail_on="affected")[0] == 0


def test_the_name_of_another_vendors_product_a_cleared_version_and_a_known_package_bring_no_guess(desk: Desk) -> None:
    desk.build(cve(), osv("PYSEC-9", "gate", *between("5", "6")))
    twin = cve(vendor="Zed") | {"cveMetadata": {"cveId": "CVE-2026-0002", "state": "PUBLISHED", "assignerOrgId": "a"}}

    others = [
        thing(supplier={"name": "Zed"}),
        thing(version="2.0", **ACME),
        thing(purl="pkg:pypi/gate@1.1", cpe=CPE, **ACME),
        thing(purl="pkg:npm/gate@1.1"),
    ]

    assert [desk.match(one)[1]["candidates"] for one in others] == [[], [], [], []]
    desk.build(cve(), twin)
    assert desk.match(thing())[1]["candidates"] == [], "two vendors have a product of that name"


def test_kev_is_silent_where_a_record_says_which_versions_are_affected(desk: Desk) -> None:
    desk.build(cve(), kev())

    _, inside = desk.match(thing(**ACME))
    _, outside = desk.match(thing(version="2.0", **ACME))

    assert [one["sources"] for one in inside["candidates"]] == [["CVE-2026-0001"]]
    assert outside["candidates"] == []


def test_two_variants_with_order_numbers_of_their_own_are_not_mixed_up(desk: Desk) -> None:
    one, other = leaf("vers:generic/<2.0", model_numbers=["6GK7243-1AA"]), leaf(at=2, model_numbers=["6GK7243-1BB"])
    other["name"] = "vers:generic/<9.0"
    desk.build(csaf(one, other))

    _, answer = desk.match(thing("6GK7243-1AA", version="5.0", **ACME))
    _, worse = desk.match(thing("6GK7243-1BB", version="5.0", **ACME))

    assert (answer["matches"], [found["basis"] for found in worse["matches"]]) == ([], [Basis.HELPER])


def test_a_surer_way_to_recognise_a_component_outweighs_a_guess_about_the_same_flaw(desk: Desk) -> None:
    desk.build(cve(product="Gate 200SP"), csaf(leaf()))

    _, answer = desk.match(thing("Gate 200SP", **ACME))

    assert [(one["basis"], one["sources"]) for one in answer["matches"]] == [(Basis.BRANCHES, ["ACME-1"])]
    assert answer["candidates"] == []


def test_without_a_version_the_branches_leave_it_open(desk: Desk) -> None:
    desk.build(csaf(leaf()))

    code, answer = desk.match(thing("Gate 200SP", version="", **ACME))

    (found,) = answer["matches"]
    assert (code, found["status"], found["tier"], answer["assessed"]) == (4, "undetermined", "possible", 0)


def test_a_suppliers_statement_that_it_is_affected_makes_a_guess_a_match(desk: Desk) -> None:
    desk.build(cve())
    statement: dict[str, Any] = {
        "vulnerability": {"name": "CVE-2026-0001"},
        "status": "affected",
        "action_statement": "Update",
    }
    statement["products"] = [{"@id": "urn:gate", "identifiers": {"cpe23": CPE}}]
    document: dict[str, Any] = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "urn:vex",
        "author": "Acme",
        "version": 1,
    }
    document |= {"timestamp": "2026-01-01T00:00:00Z", "statements": [statement]}
    vex = desk.put("vex.json", document)

    code, answer = desk.match(thing(cpe=CPE, **ACME), vex=vex)

    assert (code, [one["status"] for one in answer["matches"]], answer["candidates"]) == (1, ["affected"], [])


def test_a_line_of_a_spreadsheet_and_an_spdx_package_carry_vendor_product_and_cpe_too(desk: Desk) -> None:
    desk.build(cve(), csaf(leaf()))
    table = desk.put("list.csv", b"vendor;product;version\nACME;Gate 200SP;1.1\nAcme;Gate;1.1\n")
    package: dict[str, Any] = {
        "name": "any",
        "SPDXID": "SPDXRef-1",
        "versionInfo": "1.1",
        "supplier": "Organization: Acme",
    }
    reference = {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": CPE}
    spdx: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "x",
        "documentNamespace": "urn:x",
    }
    spdx |= {"packages": [package | {"externalRefs": [reference]}]}
    snapshot = str(desk.folder / "snapshot")

    code = desk.run("match", table, "--snapshot", snapshot, "--format", "json")
    answer = strictjson.loads(desk.out)
    _, other = desk.match(spdx)

    assert (code, [one["tier"] for one in answer["matches"]]) == (1, ["probable"])
    assert [one["component"]["name"] for one in answer["candidates"]] == ["Gate"]
    assert [one["basis"] for one in other["candidates"]] == [Basis.CPE]


def test_a_line_of_a_spreadsheet_is_found_by_the_order_and_serial_numbers_it_gives(desk: Desk) -> None:
    desk.build(csaf(leaf(model_numbers=["6GK7243-1BX"]), leaf(at=2, serial_numbers=["SN220017"])))
    lines = "vendor,product,model,serial number,firmware", "ACME,hall 3,6GK7 243-1BX,,1.1", "Acme,hall 4,,SN-220017,1.2"
    table = desk.put("list.csv", "\n".join((*lines, "Zed,hall 5,6GK7243-1BX,SN220017,1.1")).encode())

    code = desk.run("match", table, "--snapshot", str(desk.folder / "snapshot"), "--format", "json")
    found = strictjson.loads(desk.out)["matches"]

    assert (code, [(one["component"]["name"], one["basis"]) for one in found]) == (
        1, [("hall 3", Basis.HELPER), ("hall 4", Basis.HELPER)],
    )  # fmt: skip
    assert [one["because"].rpartition("; ")[2] for one in found] == [
        "recognised by vendor and order number",
        "recognised by vendor and serial number",
    ]


def test_an_spdx_package_is_found_by_its_id_behind_the_documents_namespace_and_by_who_made_it(desk: Desk) -> None:
    uri = "https://acme.example/spdx/gate#SPDXRef-1"
    desk.build(csaf(leaf(x_generic_uris=generic(uri)), leaf(at=2, model_numbers=["6GK7243-1BX"])))
    head: dict[str, Any] = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x"}
    head["documentNamespace"] = uri.partition("#")[0]
    made = {"supplier": "Organization: A Shop", "originator": "Organization: ACME Corp. (psirt@acme.example)"}
    packages = [
        {"name": "any", "SPDXID": "SPDXRef-1", "versionInfo": "1.1"},
        {"name": "6GK7 243-1BX", "SPDXID": "SPDXRef-2", "versionInfo": "1.1"} | made,
    ]

    code, answer = desk.match(head | {"packages": packages})

    assert (code, [one["basis"] for one in answer["matches"]]) == (1, [Basis.HELPER] * 2)


def test_every_format_keeps_a_guess_apart_from_what_is_found(desk: Desk) -> None:
    desk.build(cve())
    listed = desk.put("list.json", thing(**ACME))
    said = {}
    for form in ("table", "csv", "sarif", "vex"):
        assert desk.run("match", listed, "--snapshot", str(desk.folder / "snapshot"), "--format", form) == 4
        said[form] = desk.out

    (result,) = strictjson.loads(said["sarif"])["runs"][0]["results"]
    assert (result["kind"], result["level"]) == ("review", "none")
    assert "Possible, by a name alone: 1" in said["table"]
    assert "Cannot assess 1 of 1" in said["table"]
    assert ",candidate,possible,CVE-2026-0001" in said["csv"]
    assert "statements" not in strictjson.loads(said["vex"])
