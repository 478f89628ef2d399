"""An operator asks "does this hit me?" at home: what is certain, what nobody can tell, and never a false all-clear."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.edge.scene import Desk, between, bill, osv, shown

from watchbell.formats import openvex, strictjson

GATE = osv("PYSEC-1", "gate", *between("1.0", "1.2.3"), aliases=["CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"])
KEV = {
    "catalogVersion": "2026.11.01",
    "dateReleased": "2026-11-01T00:00:00Z",
    "count": 1,
    "vulnerabilities": [{"cveID": "CVE-2026-0001", "vulnerabilityName": "Gate flaw", "dateAdded": "2026-11-01"}],
}


def test_an_affected_component_is_shown_once_with_its_range_its_fix_and_every_id(desk: Desk) -> None:
    twin = osv("GHSA-aaaa-bbbb-cccc", "gate", *between("1.1", "1.2.4"), aliases=["CVE-2026-0001"])
    desk.build(GATE, twin, KEV)

    code, answer = desk.match(bill("pkg:pypi/gate@1.2.0"), exposed="yes")

    (found,) = answer["matches"]
    assert code == 1
    assert found["component"] == {"purl": "pkg:pypi/gate@1.2.0", "name": "gate", "version": "1.2.0", "ref": "c0"}
    assert found["vulnerability"] == {
        "id": "CVE-2026-0001",
        "aliases": ["GHSA-aaaa-bbbb-cccc", "PYSEC-1"],
        "summary": "About gate",
    }
    assert found["sources"] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-1"]
    assert (found["status"], found["tier"], found["fixed_in"]) == ("affected", "exact", ["1.2.3", "1.2.4"])
    assert found["because"] == "1.2.0 is in [1.1, 1.2.4) of GHSA-aaaa-bbbb-cccc"
    assert set(found["priority"]) == {"outcome", "due_days", "table", "inputs"}
    assert found["priority"]["inputs"]["in_kev"] is True
    assert set(answer["snapshot"]) == {"id", "built_at", "sources"}


def test_what_is_outside_every_range_is_clean_and_says_so_with_zero(desk: Desk) -> None:
    desk.build(GATE)

    code, answer = desk.match(bill("pkg:pypi/gate@1.2.3", "pkg:pypi/unheard-of@1"))

    assert (code, answer["assessed"], answer["matches"]) == (0, 2, [])


@pytest.mark.parametrize(
    ("purl", "reason"),
    [
        ("pkg:pypi/gate", "no version"),
        ("pkg:pypi/gate@latest", "unparsable version"),
        ("pkg:npm/gate@1.0.0", "no records for this ecosystem"),
        ("pkg:deb/debian/gate@1.0", "no distro release"),
        ("pkg:generic/gate@1.0", "unknown ecosystem"),
        ("", "no package identity"),
    ],
)
def test_what_cannot_be_assessed_is_counted_with_its_reason_and_is_never_clean(
    desk: Desk, purl: str, reason: str
) -> None:
    desk.build(GATE)
    component = {"type": "library", "bom-ref": "x", "name": "gate", **({"purl": purl} if purl else {})}

    code, answer = desk.match(bill("pkg:pypi/other@1", components=[component]))

    assert code == 4
    assert [one["reason"] for one in answer["not_assessed"]] == [reason]
    assert desk.match(bill(components=[component]), fail_on="affected")[0] == 0


def test_a_release_of_a_distribution_is_part_of_what_a_record_is_about(desk: Desk) -> None:
    eleven = osv("DSA-11", "gate", *between("0", "1.0-5"), ecosystem="Debian:11")
    twelve = osv("DSA-12", "gate", *between("0", "2.0-1"), ecosystem="Debian:12")
    desk.build(eleven, twelve)

    _, answer = desk.match(bill("pkg:deb/debian/libgate1@1.0-7?distro=debian-11&upstream=gate"))
    _, other = desk.match(bill("pkg:deb/debian/gate@1.0-7?distro=bookworm"))

    assert shown(answer) == []
    assert [one[1] for one in shown(other)] == ["DSA-12"]


def test_a_record_that_names_the_package_and_cannot_be_decided_is_undetermined_and_not_zero(desk: Desk) -> None:
    desk.build(osv("PYSEC-2", "gate"))

    code, answer = desk.match(bill("pkg:pypi/gate@1.0"))

    assert (code, [one["status"] for one in answer["matches"]], answer["assessed"]) == (4, ["undetermined"], 1)


def test_a_vex_statement_stays_listed_and_takes_nothing_away(desk: Desk) -> None:
    desk.build(GATE)
    statement = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex/1",
        "author": "Acme",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-0001"},
                "products": [{"@id": "pkg:pypi/gate@1.2.0"}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_present",
            }
        ],
    }
    vex = desk.put("vex.json", statement)

    code, answer = desk.match(bill("pkg:pypi/gate@1.2.0"), vex=vex)
    worse, both = desk.match(bill("pkg:pypi/gate@1.2.0", "pkg:pypi/gate@1.1"), vex=vex)

    assert (code, [one["status"] for one in answer["matches"]]) == (0, ["not_affected"])
    assert "Acme says not affected (vulnerable_code_not_present)" in answer["matches"][0]["because"]
    assert (worse, [one["status"] for one in both["matches"]]) == (1, ["affected", "not_affected"])


def test_a_rejected_cve_and_a_withdrawn_record_name_nothing_and_are_counted(desk: Desk) -> None:
    withdrawn = osv("PYSEC-3", "gate", *between("0", "9"), withdrawn="2026-02-01T00:00:00Z")
    rejected = {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-0007", "state": "REJECTED", "assignerOrgId": "a"},
        "containers": {"cna": {"providerMetadata": {"orgId": "a"}, "rejectedReasons": []}},
    }
    desk.build(withdrawn, rejected, osv("PYSEC-4", "other", *between("0", "1")))

    code, answer = desk.match(bill("pkg:pypi/gate@1.0"))

    assert (code, answer["matches"]) == (0, [])
    assert [one["withdrawn"] for one in answer["snapshot"]["sources"]] == [1, 1]


def test_a_cve_record_finds_the_package_it_names_and_its_answers_count(desk: Desk) -> None:
    ssvc = {
        "options": [{"Exploitation": "active"}, {"Automatable": "yes"}, {"Technical Impact": "total"}],
        "timestamp": "2026-02-01T00:00:00Z",
    }
    version = {"version": "0", "lessThan": "2.0", "status": "affected", "versionType": "python"}
    entry = {"vendor": "Acme", "product": "Gate", "versions": [version], "defaultStatus": "unaffected"}
    entry |= {"collectionURL": "https://pypi.registry.example", "packageName": "gate"}
    record = {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {
            "cveId": "CVE-2026-0001",
            "state": "PUBLISHED",
            "assignerOrgId": "a",
            "assignerShortName": "acme",
        },
        "containers": {
            "cna": {"providerMetadata": {"orgId": "a"}, "affected": [entry], "title": "Gate opens"},
            "adp": [
                {
                    "providerMetadata": {"orgId": "b", "shortName": "CISA-ADP"},
                    "metrics": [{"other": {"type": "ssvc", "content": ssvc}}],
                }
            ],
        },
    }
    desk.build(GATE, record)

    _, answer = desk.match(bill("pkg:pypi/gate@1.1"))

    (found,) = answer["matches"]
    assert found["sources"] == ["CVE-2026-0001", "PYSEC-1"]
    assert (found["priority"]["inputs"]["automatable"], found["priority"]["inputs"]["impact"]) == (True, "total")
    desk.run("match", desk.put("list.json", bill("pkg:pypi/gate@1.1")), "--snapshot", str(desk.folder / "snapshot"))
    assert "?" not in desk.out


def test_every_format_carries_what_was_found_and_what_was_not_assessed(desk: Desk) -> None:
    desk.build(GATE)
    listed = desk.put("list.json", bill("pkg:pypi/gate@1.2.0", "pkg:npm/=cmd@1.0"))
    snapshot = str(desk.folder / "snapshot")
    said = {}
    for form in ("table", "json", "vex", "csv", "sarif"):
        assert desk.run("match", listed, "--snapshot", snapshot, "--format", form) == 1
        said[form] = desk.out

    assert all("CVE-2026-0001" in text for text in said.values())
    assert "Cannot assess 1 of 2" in said["table"]
    assert "60 days?" in said["table"]
    assert "A '?' at 1 of them: what decides the term is not published" in said["table"]
    assert "not assessed" in said["csv"]
    assert not any(line.startswith("=") for line in said["csv"].splitlines())
    notes = strictjson.loads(said["sarif"])["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == 1
    assert [one.status.value for one in openvex.loads(said["vex"].encode()).statements] == ["affected"]


def test_nothing_in_a_list_or_a_record_moves_the_terminals_cursor(desk: Desk) -> None:
    evil = "\x1b[2J\u202egate\r"
    desk.build(osv("PYSEC-1", "gate", *between("0", "2"), summary=evil))
    component = {"type": "library", "bom-ref": evil, "name": evil, "version": "1.0", "purl": "pkg:pypi/gate@1.0"}
    listed = desk.put("list.json", bill(components=[component, {"type": "library", "name": evil}, 7]))

    desk.run("match", listed, "--snapshot", str(desk.folder / "snapshot"))

    assert not {"\x1b", "\u202e", "\r"} & set(desk.out + desk.err)
    assert "PYSEC-1" in desk.out


def test_one_bad_component_never_loses_the_rest(desk: Desk) -> None:
    desk.build(GATE)
    document = bill("pkg:pypi/gate@1.2.0")
    document["components"] += [None, {"name": 5}, {"name": "x", "purl": "pkg:" + "a" * 100_000}, {"purl": "::"}]

    code, answer = desk.match(document)

    assert code == 1
    assert shown(answer) == [("pkg:pypi/gate@1.2.0", "CVE-2026-0001", "affected")]
    assert len(answer["not_assessed"]) == answer["components"] - 1 >= 2


def test_a_list_that_lost_something_is_never_clean(desk: Desk) -> None:
    desk.build(GATE)
    document = bill("pkg:pypi/gate@2.0")
    document["components"].append(None)

    assert desk.match(document)[0] == 4


def test_a_bill_of_materials_that_lists_nothing_is_no_all_clear(desk: Desk) -> None:
    desk.build(GATE)

    code, answer = desk.match(bill())

    assert (code, answer["components"]) == (4, 0)
    assert "nothing was assessed" in desk.err


def test_a_csaf_document_speaks_for_the_package_its_helper_names(desk: Desk) -> None:
    product = {"name": "gate", "product_id": "P1", "product_identification_helper": {"purl": "pkg:pypi/gate"}}
    branch = {"category": "product_version_range", "name": "vers:pypi/<2.0", "product": product}
    named = {"category": "product_name", "name": "gate", "branches": [branch]}
    tracking = {"id": "ACME-1", "status": "final", "version": "1", "revision_history": []}
    tracking |= dict.fromkeys(("initial_release_date", "current_release_date"), "2026-01-01T00:00:00Z")
    head = {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Gate", "tracking": tracking}
    publisher = {"category": "vendor", "name": "Acme", "namespace": "https://acme.example"}
    flaw = {"cve": "CVE-2026-0001", "title": "Gate opens", "product_status": {"known_affected": ["P1"]}}
    tree = {"branches": [{"category": "vendor", "name": "Acme", "branches": [named]}]}
    desk.build(GATE, {"document": head | {"publisher": publisher}, "product_tree": tree, "vulnerabilities": [flaw]})

    _, answer = desk.match(bill("pkg:pypi/gate@1.2.0", "pkg:pypi/gate@1.9"))

    assert [one["sources"] for one in answer["matches"]] == [["ACME-1", "PYSEC-1"], ["ACME-1"]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("requirements.txt", b"gate==1.2.0\nother\n"),
        ("poetry.lock", b'[[package]]\nname = "gate"\nversion = "1.2.0"\n\n[metadata]\nlock-version = "2.0"\n'),
        ("list.csv", b"product,purl\ngate,pkg:pypi/gate@1.2.0\n"),
    ],
)
def test_other_lists_than_bills_of_materials_are_read_too(desk: Desk, name: str, content: bytes) -> None:
    desk.build(GATE)
    listed = desk.put(name, content)

    assert desk.run("match", listed, "--snapshot", str(desk.folder / "snapshot")) == 1
    assert "CVE-2026-0001" in desk.out


def test_bad_usage_and_unreadable_files_are_two_with_what_to_do(desk: Desk) -> None:
    desk.build(GATE)
    snapshot = str(desk.folder / "snapshot")
    listed = desk.put("list.json", bill("pkg:pypi/gate@1.2.0"))
    broken = desk.put("broken.json", b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [')

    for words in (
        ("match", listed),
        ("match", "--snapshot", snapshot),
        ("match", str(desk.folder / "nowhere"), "--snapshot", snapshot),
        ("match", broken, "--snapshot", snapshot),
        ("match", listed, "--snapshot", str(desk.folder / "nowhere")),
        ("match", listed, "--snapshot", listed),
        ("match", listed, "--snapshot", snapshot, "--vex", broken),
        ("snapshot",),
        ("snapshot", "info", listed),
    ):
        assert desk.run(*words) == 2, words
        assert desk.err.strip()
        assert not desk.out


def test_a_match_starts_without_django_click_network_or_cryptography(tmp_path: Path) -> None:
    program = (
        "import sys; sys.argv = ['watchbell', 'match']; import watchbell.cli.start; import watchbell.edge.run; "
        "import watchbell.edge.writing.as_json, watchbell.formats.cyclonedx; "
        "print(sorted({'django', 'click', 'cryptography', 'httpx', 'socket', 'ssl', 'jsonschema', 'zstandard', "
        "'packageurl', 'numpy', 'hashlib'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert done.stdout.strip() == "[]"
