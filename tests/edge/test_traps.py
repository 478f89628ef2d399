"""What other matchers fell into, tried on the whole way from records to an answer; every named trap has its test."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.edge.scene import Desk, between, bill, osv, shown
from tests.edge.test_products import ACME, csaf, cve, leaf, thing

ROOT = Path(__file__).resolve().parents[2]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_trap_of_the_page_is_shown_by_a_test_that_is_there() -> None:
    rows = [
        line for line in (ROOT / "docs/standards/matching-traps.md").read_text().splitlines() if "| `tests/" in line
    ]

    without = [row for row in rows if not _NAMED.search(row)]
    missing = [
        f"{file}::{name}"
        for file, name in _NAMED.findall("\n".join(rows))
        if f"def {name}(" not in (ROOT / file).read_text()
    ]

    assert (len(rows) >= 40, without, missing) == (True, [], [])


@pytest.mark.parametrize(
    ("vendor", "product", "purl"),
    [
        ("Angular", "router", "pkg:npm/%40angular/router@1.1"),
        ("Oracle", "mysql", "pkg:golang/github.com/go-sql-driver/mysql@1.1"),
        ("VMware", "ACE", "pkg:npm/ace@1.1"),
        ("Siemens", "NX", "pkg:npm/nx@1.1"),
        ("Acme", "core", "pkg:maven/org.other/core@1.1"),
    ],
)
def test_a_package_is_never_taken_for_a_product_of_the_same_name(
    desk: Desk, vendor: str, product: str, purl: str
) -> None:
    kinds = {"npm": "npm", "golang": "Go", "maven": "Maven"}
    other = osv("X-1", "some:other", *between("0", "1"), ecosystem=kinds[purl.split("/")[0][4:]])
    desk.build(cve(vendor, product), other)
    held = bill(purl)
    held["components"][0] |= {"name": product, "version": "1.1"}

    code, answer = desk.match(held)

    assert (code, answer["assessed"], answer["matches"], answer["candidates"]) == (0, 1, [], [])


def test_a_fix_that_a_distribution_took_back_is_not_undone_by_upstreams_range(desk: Desk) -> None:
    ours = osv("DSA-1", "gate", *between("0", "1.1-1~deb12u2"), ecosystem="Debian:12", aliases=["CVE-2026-0001"])
    upstream = cve(cpes=["cpe:/a:acme:gate"])
    desk.build(ours, upstream)
    fixed, backport = "pkg:deb/debian/gate@1.1-1~deb12u2?distro=debian-12", "pkg:deb/debian/gate@1.0~bpo12+1"
    held = bill(fixed, f"{backport}?distro=debian-12")
    held["components"][0] |= {"cpe": "cpe:2.3:a:acme:gate:1.1:*:*:*:*:*:*:*", **ACME}

    code, answer = desk.match(held)

    assert (code, answer["candidates"]) == (1, [])
    assert [(one["component"]["ref"], one["basis"]) for one in answer["matches"]] == [("c1", "distro release")]


def test_architecture_and_module_are_no_part_of_a_version_and_another_release_is_another_ecosystem(desk: Desk) -> None:
    eight = osv("ALSA-8", "gate", *between("0", "1.0-5.el8"), ecosystem="AlmaLinux:8")
    nine = osv("ALSA-9", "gate", *between("0", "1.0-9.el9"), ecosystem="AlmaLinux:9")
    desk.build(eight, nine)
    purl = "pkg:rpm/almalinux/gate@1.0-7.el8?arch=x86_64&distro=almalinux-8.9&modularitylabel=gate:1:8:x"

    code, answer = desk.match(bill(purl, purl.replace("almalinux-8.9", "almalinux-9.1")))

    assert (code, answer["assessed"]) == (1, 2)
    assert [(one["component"]["ref"], one["sources"]) for one in answer["matches"]] == [("c1", ["ALSA-9"])]


def test_a_commit_is_found_only_by_itself(desk: Desk) -> None:
    bad, other = "a" * 40, "b" * 40
    record = osv("X-1", "gate", *between("0", "1"))
    spans = [{"type": "GIT", "repo": "https://x.example/g", "events": [{"introduced": bad}, {"fixed": "c" * 40}]}]
    record["affected"] = [{"ranges": spans}]
    desk.build(record, osv("X-2", "other", *between("0", "1")))
    held = [
        {"type": "file", "bom-ref": one, "name": one, "pedigree": {"commits": [{"uid": one}]}} for one in (bad, other)
    ]

    code, answer = desk.match(bill(components=held))

    assert (code, [(one["component"]["ref"], one["basis"]) for one in answer["matches"]]) == (1, [(bad, "commit")])
    assert [one["component"]["ref"] for one in answer["not_assessed"]] == [other]


def test_what_was_found_not_affected_once_stays_so_in_the_next_version(desk: Desk) -> None:
    desk.build(osv("PYSEC-1", "gate", *between("0", "9"), aliases=["CVE-2026-0001"]))
    statement: dict[str, Any] = {"vulnerability": {"name": "CVE-2026-0001"}, "status": "not_affected"}
    statement |= {"products": [{"@id": "pkg:pypi/gate"}], "justification": "vulnerable_code_not_in_execute_path"}
    document = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "urn:vex", "author": "Us", "version": 1}
    vex = desk.put("vex.json", document | {"timestamp": "2026-01-01T00:00:00Z", "statements": [statement]})

    code, answer = desk.match(bill("pkg:pypi/gate@1.1", "pkg:pypi/gate@1.2"), vex=vex)

    assert (code, [one["status"] for one in answer["matches"]]) == (0, ["not_affected"] * 2)


def test_a_sentence_in_the_place_of_a_name_finds_nothing(desk: Desk) -> None:
    document = csaf(leaf())
    (branch,) = document["product_tree"]["branches"][0]["branches"]
    branch["name"] = "A buffer overflow in the gate lets an attacker open it"
    desk.build(document)

    code, answer = desk.match(thing("Gate", **ACME))

    assert (code, answer["matches"], answer["candidates"], len(answer["not_assessed"])) == (4, [], [], 1)


def test_where_a_cpe_contradicts_the_branch_the_branch_counts(desk: Desk) -> None:
    desk.build(csaf(leaf("vers:generic/<2.0", cpe="cpe:2.3:a:acme:gate:9.0:*:*:*:*:*:*:*")))

    _, inside = desk.match(thing("Gate 200SP", **ACME))
    _, as_the_cpe_says = desk.match(thing("Gate 200SP", version="9.0", **ACME))

    assert [one["status"] for one in inside["matches"]] == ["affected"]
    assert (as_the_cpe_says["matches"], as_the_cpe_says["candidates"]) == ([], [])


@pytest.mark.parametrize(
    ("aliases", "code", "kept"), [([], 0, ["X-1", "X-2", "X-3"]), ([""], 3, ["X-3"]), ([" "], 3, ["X-3"])]
)
def test_an_empty_alias_merges_nobody(desk: Desk, aliases: list[str], code: int, kept: list[str]) -> None:
    odd = [osv(f"X-{at}", "gate", *between("0", "9"), aliases=aliases) for at in (1, 2)]
    source = desk.put("source.json", [*odd, osv("X-3", "gate", *between("0", "9"))])

    built = desk.run("snapshot", "build", "--from", source, "--out", str(desk.folder / "snapshot"))
    said = desk.err
    _, answer = desk.match(bill("pkg:pypi/gate@1"))

    assert (built, said.count("refused")) == (code, 3 - len(kept))
    assert [(one["vulnerability"]["id"], one["vulnerability"]["aliases"]) for one in answer["matches"]] == [
        (name, []) for name in kept
    ]


def test_one_cve_with_a_record_for_each_of_two_products_shows_each_component_its_own(desk: Desk) -> None:
    first = osv("GHSA-aaaa-aaaa-aaaa", "gate", *between("0", "2"), aliases=["CVE-2026-0001"])
    second = osv("GHSA-bbbb-bbbb-bbbb", "door", *between("0", "2"), aliases=["CVE-2026-0001"])
    desk.build(first, second)

    _, answer = desk.match(bill("pkg:pypi/gate@1", "pkg:pypi/door@1"))

    assert [one[1] for one in shown(answer)] == ["CVE-2026-0001"] * 2
    assert {one["component"]["name"]: one["sources"] for one in answer["matches"]} == {
        "gate": ["GHSA-aaaa-aaaa-aaaa"],
        "door": ["GHSA-bbbb-bbbb-bbbb"],
    }
