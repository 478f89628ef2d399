"""Findings come in the words of many: each reader keeps what was said, and says where it could not."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.test_findings import CLAIMS, log, result
from tests.support.machine import ROOT

from watchbell.domain.advisory import Activity, AiUsage, Claim, ClaimedProduct, EvidenceLevel, ReferenceKind
from watchbell.domain.refusal import Refused
from watchbell.formats import (
    claimed,
    findings_csv,
    findings_mail,
    findings_ndjson,
    record_claims,
    sarif,
    sniff,
    strictjson,
    vrf,
)
from watchbell.formats.claimed import Claimed, NotTaken

WITHHELD = AiUsage(activities=frozenset({Activity.DISCOVERY}), model_withheld=True)
SAID = {"activities": ["discovery"], "model_withheld": True}


def only(items: Any) -> Claim:
    (item,) = items
    assert isinstance(item, Claimed), item
    return item.claim


# SARIF


def extended(**rule: Any) -> dict[str, Any]:
    document = log(result(**rule))
    tool = document["runs"][0]["tool"]
    tool["driver"]["rules"] = [{"id": "path", "name": "The driver's"}]
    by_hand = {"id": "plug/1", "guid": "11111111-1111-4111-8111-111111111111", "name": "The plug-in's"}
    tool["extensions"] = [{"name": "plug-in", "guid": "22222222-2222-4222-8222-222222222222", "rules": [by_hand]}]
    return document


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "The plug-in's"),
        ({"rule": {"index": 0, "toolComponent": {"name": "plug-in"}}}, "The plug-in's"),
        ({"rule": {"index": 0, "toolComponent": {"guid": "22222222-2222-4222-8222-222222222222"}}}, "The plug-in's"),
        ({"rule": {"guid": "11111111-1111-4111-8111-111111111111"}}, "The plug-in's"),
        ({"ruleId": "plug/1/deep"}, "The plug-in's"),
        ({"ruleIndex": 0}, "The driver's"),
        ({"rule": {"index": 7, "toolComponent": {"index": 9}}}, "The driver's"),
    ],
)
def test_a_rule_is_found_by_index_guid_or_id_in_the_driver_or_an_extension(
    reference: dict[str, Any], title: str
) -> None:
    assert sarif.read(extended(**reference)).claims[0].title == title


def test_the_way_of_a_flow_is_kept_and_its_artifacts_are_named_by_index() -> None:
    def at(index: int, line: int) -> dict[str, Any]:
        place = {"artifactLocation": {"index": index}, "region": {"startLine": line}}
        return {"location": {"physicalLocation": place}}

    document = log(result(codeFlows=[{"threadFlows": [{"locations": [at(0, 1), at(1, 2), at(1, 3)]}]}]))
    document["runs"][0]["artifacts"] = [{"location": {"uri": "in.py"}}, {"location": {"uri": "file:///etc/out"}}]

    (claim,) = sarif.read(document).claims

    way = (("in.py", 1), ("file:///etc/out", 2), ("file:///etc/out", 3))
    assert [tuple((one.uri, one.line) for one in flow) for flow in claim.flows] == [way]
    assert claim.locations == claim.flows[0][:1]
    assert findings_ndjson.loads(findings_ndjson.dumps(claim)).flows == claim.flows


def test_a_run_says_which_repository_was_looked_at_and_how_ai_was_used_unless_its_result_does() -> None:
    document = log(result("a"), result("b", properties={"ai_usage": "Discovery: no"}))
    run = document["runs"][0]
    run["versionControlProvenance"] = [{"repositoryUri": "https://git.example/acme/ledger", "revisionId": "4c2d"}]
    run["properties"] = {"ai_usage": SAID}

    first, second = sarif.read(document).claims

    assert first.products == (ClaimedProduct(repository="https://git.example/acme/ledger", version="4c2d"),)
    assert (first.ai_usage, second.ai_usage.activities) == (WITHHELD, frozenset())


def test_what_is_gone_since_the_last_scan_is_no_flaw_of_today() -> None:
    found = sarif.read(log(result(baselineState="absent"), result(baselineState="unchanged")))

    assert (found.not_flaws, len(found.claims)) == (1, 1)


def test_an_argument_that_looks_like_a_place_for_another_is_left_as_it_is() -> None:
    (claim,) = sarif.read(log({"message": {"text": "{0} and {1}", "arguments": ["{1}", "two"]}})).claims

    assert claim.title == "{1} and two"


def test_a_result_that_is_no_json_of_ours_is_refused_alone_at_its_place() -> None:
    octets = json.dumps(log(result("a"), result("b"), result("c"))).encode()
    twice = octets.replace(b'{"text": "b"}', b'{"text": "b", "text": "x"}')

    items = list(sarif.opened(twice).items())

    assert [isinstance(one, Claimed) for one in items] == [True, False, True]
    assert isinstance(items[1], NotTaken)
    assert (items[1].refusal.code, items[1].refusal.place) == ("duplicate-key", "/runs/0/results/1")


@pytest.mark.parametrize("end", [b"", b"}", b'"', b"\\"])
def test_a_log_that_was_cut_off_is_refused_as_a_whole(end: bytes) -> None:
    octets = json.dumps(log(result("a"), result("b"))).encode()

    with pytest.raises(Refused) as caught:
        sarif.opened(octets[: len(octets) // 2] + end)

    assert caught.value.refusal.code == "not-json"


# What is published, handed in as a finding


def osv_record(**more: Any) -> bytes:
    affected = [{"package": {"ecosystem": "PyPI", "name": "ledger", "purl": "pkg:pypi/ledger"}, "versions": ["1.2"]}]
    record = {
        "id": "LAB-2026-7",
        "modified": "2026-11-01T00:00:00Z",
        "summary": "A path is followed",
        "details": "More words.",
        "aliases": ["CVE-2026-0007"],
        "affected": affected,
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        "references": [{"type": "EVIDENCE", "url": "https://lab.example/7"}],
        "credits": [{"name": "Ada", "type": "FINDER", "contact": ["mailto:ada@lab.example"]}],
        "database_specific": {"cwe_ids": ["CWE-22"], "ai_usage": SAID},
        **more,
    }
    return json.dumps(record).encode()


def test_an_osv_record_becomes_a_claim_with_its_package_and_its_names() -> None:
    claim = record_claims.of_osv(osv_record())

    assert (claim.submitter_item_id, claim.title, claim.cwes) == ("LAB-2026-7", "A path is followed", ("CWE-22",))
    assert claim.products == (ClaimedProduct(purl="pkg:pypi/ledger", name="ledger", version="1.2"),)
    assert (claim.aliases, claim.references[0].kind) == (("LAB-2026-7", "CVE-2026-0007"), ReferenceKind.EVIDENCE)
    assert (claim.credits[0].name, claim.ai_usage) == ("Ada", WITHHELD)


def cve_record(**more: Any) -> bytes:
    cna = {
        "providerMetadata": {"orgId": "11111111-1111-4111-8111-111111111111", "shortName": "lab"},
        "title": "A path is followed",
        "descriptions": [{"lang": "de", "value": "Ein Pfad"}, {"lang": "en", "value": "A path."}],
        "affected": [{"vendor": "Acme", "product": "Ledger", "versions": [{"version": "1.2", "status": "affected"}]}],
        "problemTypes": [{"descriptions": [{"lang": "en", "cweId": "CWE-22", "description": "CWE-22"}]}],
        "solutions": [{"lang": "en", "value": "Update."}],
        "references": [{"url": "https://lab.example/7"}],
        "x_ai_usage": SAID,
    }
    meta = {"cveId": "CVE-2026-0007", "assignerOrgId": "11111111-1111-4111-8111-111111111111", "state": "PUBLISHED"}
    record = {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {**meta, **more},
        "containers": {"cna": cna},
    }
    return json.dumps(record).encode()


def test_a_cve_record_becomes_a_claim_in_its_authoritys_words() -> None:
    claim = record_claims.of_cve(cve_record())

    assert (claim.submitter_item_id, claim.title, claim.description) == (
        "CVE-2026-0007",
        "A path is followed",
        "A path.",
    )
    assert claim.products == (ClaimedProduct(vendor="Acme", name="Ledger", version="1.2"),)
    assert (claim.cwes, claim.suggested_fix, claim.ai_usage) == (("CWE-22",), "Update.", WITHHELD)


def test_a_record_its_author_took_back_claims_nothing_and_is_refused() -> None:
    lines = b"\n".join([osv_record(), osv_record(withdrawn="2026-11-02T00:00:00Z")])

    kept, gone = claimed.records(lines, record_claims.of_osv)
    (void,) = claimed.records(cve_record(state="REJECTED"), record_claims.of_cve)

    assert isinstance(kept, Claimed)
    assert isinstance(gone, NotTaken)
    assert (gone.refusal.code, gone.refusal.place) == ("withdrawn", "line 2 /withdrawn")
    assert isinstance(void, NotTaken)
    assert void.refusal.place == "line 1 /cveMetadata/state"


# VINCE's form


def vince(**more: Any) -> dict[str, Any]:
    return {
        "contact_name": "Ada",
        "contact_org": "Lab",
        "contact_email": "ada@lab.example",
        "credit_release": "True",
        "share_release": "False",
        "vendor_name": "Acme",
        "product_name": "Ledger",
        "product_version": "1.2",
        "vul_description": "A path is followed.\nSince 1.0.",
        "vul_exploit": "Send two dots.",
        "vul_impact": "Every file is read.",
        "vul_discovery": "By reading.",
        "vul_public": False,
        "public_references": "https://a.example/1, https://a.example/2",
        "tracking": "LAB-7",
        "ai_usage": SAID,
        **more,
    }


def test_the_form_of_vince_becomes_a_claim_and_nothing_of_it_is_lost() -> None:
    document = vince(a_field_of_tomorrow="x")

    (claim,) = vrf.read(document).claims

    assert sniff.what_is(document) == "vince"
    assert (claim.submitter_item_id, claim.title) == ("LAB-7", "A path is followed.")
    assert claim.products == (ClaimedProduct(vendor="Acme", name="Ledger", version="1.2"),)
    assert [one.url for one in claim.references] == ["https://a.example/1", "https://a.example/2"]
    assert (claim.credits[0].name, claim.ai_usage) == ("Ada", WITHHELD)
    kept = claim.extra["vince"]
    assert (kept["a_field_of_tomorrow"], kept["contact_email"], kept["share_release"]) == (
        "x",
        "ada@lab.example",
        False,
    )


def test_whoever_did_not_ask_to_be_named_is_not_thanked() -> None:
    assert vrf.read(vince(credit_release="False")).claims[0].credits == ()
    assert vrf.read(vince(credit_release="")).claims[0].credits == ()


def test_an_answer_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(Refused) as caught:
        vrf.read(vince(vul_public="perhaps"))

    assert caught.value.refusal.place == "/vul_public"


# Tables


def test_a_table_of_findings_is_read_line_by_line_with_its_own_delimiter() -> None:
    table = (
        "ID;Title;CWEs;evidence_level;ai_activities;ai_model_withheld;x_run\n"
        "1;A path;CWE-22, CWE-23;E1;discovery;yes;7\n"
        ";;;;;;\n"
        "2;;;;;;\n"
        "3;Level;;E9;;;\n"
        "4;Silent;;;;;\n"
        "5;Nothing used;;;none;;\n"
    )

    first, untitled, level, silent, denied = findings_csv.read(table.encode())

    claim = only([first])
    assert (claim.submitter_item_id, claim.title, claim.cwes) == ("1", "A path", ("CWE-22", "CWE-23"))
    assert (claim.evidence.level, claim.ai_usage, claim.extra) == (
        EvidenceLevel.E1_STATICALLY_CONFIRMED,
        WITHHELD,
        {"x_run": "7"},
    )
    assert isinstance(untitled, NotTaken)
    assert isinstance(level, NotTaken)
    assert (untitled.refusal.place, level.refusal.place) == ("line 4 /title", "line 5 /evidence_level")
    assert (only([silent]).ai_usage.is_known, only([denied]).ai_usage.activities) == (False, frozenset())


@pytest.mark.parametrize("header", ["id,severty,title", "id,description", "title,title"])
def test_a_header_with_a_misspelt_an_absent_or_a_repeated_column_is_refused(header: str) -> None:
    with pytest.raises(Refused):
        list(findings_csv.read(f"{header}\n1,2,3\n".encode()))


@pytest.mark.parametrize("title", ["=1+1", "@SUM(A1)", "-2", "'quoted'", "+1", "'=x"])
def test_what_a_spreadsheet_would_run_is_written_as_text_and_read_back_as_it_was(title: str) -> None:
    table = findings_csv.dumps([Claim(submitter_item_id="1", title=title)])

    cell = table.decode().splitlines()[1].split(",")[1]
    assert cell.startswith("'")
    assert only(findings_csv.read(table)).title == title


FIT = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12).filter(
    lambda text: "'" not in text[:1]
)


@given(st.lists(st.builds(Claim, submitter_item_id=FIT, title=FIT, description=FIT), max_size=4))
def test_what_fits_a_table_comes_back_from_it(claims: list[Claim]) -> None:
    table = findings_csv.dumps(claims)

    assert [only([one]) for one in findings_csv.read(table)] == claims


# Mail


def mail(*parts: str, subject: str = "A path is followed", more: str = "") -> bytes:
    head = f"From: Ada <ada@lab.example>\nSubject: {subject}\nMessage-ID: <7@lab.example>\nMIME-Version: 1.0\n{more}"
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"{head}Content-Type: multipart/mixed; boundary=b\n\n{body}--b--\n".replace("\n", "\r\n").encode()


TEXT = "Content-Type: text/plain; charset=utf-8\n\n"
FILE = 'Content-Type: application/x-elf\nContent-Disposition: attachment; filename="../../x.py"\n\nprint()'


def test_a_mail_becomes_a_claim_and_what_is_attached_is_only_listed() -> None:
    claim = findings_mail.loads(mail(TEXT + "Two dots.\n\nAI usage:\nDiscovery: yes\nModel: withheld\n\nBye", FILE))

    assert (claim.submitter_item_id, claim.title) == ("7@lab.example", "A path is followed")
    assert claim.description.startswith("Two dots.")
    assert (claim.ai_usage.activities, claim.ai_usage.model_withheld) == (WITHHELD.activities, True)
    (attached,) = claim.extra["mail"]["attachments"]
    assert (attached["name"], attached["type"], attached["bytes"]) == ("../../x.py", "application/x-elf", 7)
    assert "print()" not in repr(claim)


def test_a_mail_in_html_alone_is_its_words() -> None:
    claim = findings_mail.loads(
        mail('Content-Type: text/html\n\n<p>Two <a href="http://evil.example/">dots</a> &lt;</p>')
    )

    assert " ".join(claim.description.split()) == "Two dots <"
    assert "evil" not in repr(claim)


def test_the_words_of_a_header_are_decoded_and_stay_words() -> None:
    claim = findings_mail.loads(
        mail(TEXT + "x", subject="=?utf-8?q?=3Cscript=3E_=C3=BCber?=\n\tzwei =?nonsense?b?eA==?=")
    )

    assert claim.title == "<script> über zwei x"


def test_a_mail_of_parts_inside_parts_is_refused_before_anything_is_parsed() -> None:
    inner = "Content-Type: text/plain\n\nx"
    for number in range(21):
        inner = f"Content-Type: multipart/mixed; boundary=c{number}\n\n--c{number}\n{inner}\n--c{number}--\n"

    with pytest.raises(Refused) as caught:
        findings_mail.loads(mail(inner))

    assert caught.value.refusal.code == "too-deep"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (mail(TEXT, more="Content-Type: x/y;" + ";" * 3_000_000 + "\n"), "too-large"),
        (mail(TEXT + "\n" * 600_000), "too-many"),
    ],
)
def test_a_mail_made_to_be_slow_is_refused_at_once(message: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        findings_mail.loads(message)

    assert caught.value.refusal.code == code


def test_a_mail_that_says_nothing_is_refused() -> None:
    with pytest.raises(Refused):
        findings_mail.loads(b"From: a@b\r\nSubject: \r\n\r\n")


# Lines


def test_a_long_line_a_broken_one_and_a_last_one_without_its_end_are_each_answered() -> None:
    good = b'{"id":"1","title":"t"}\r\n'
    long = b'{"id":"2","title":"' + b"x" * claimed.LONGEST_LINE + b'"}\n'

    items = list(claimed.records(good + long + b"\n{\n" + b'{"id":"3","title":"t"}', findings_ndjson.loads))

    first, second, third, last = items
    assert (only([first]).submitter_item_id, only([last]).submitter_item_id) == ("1", "3")
    assert isinstance(second, NotTaken)
    assert isinstance(third, NotTaken)
    assert (second.refusal.code, second.refusal.place) == ("line-too-long", "line 2")
    assert third.refusal.place.startswith("line 4 ")


# The schema of our own lines

SCHEMA = jsonschema_rs.validator_for((ROOT / "docs/standards/findings-ndjson.schema.json").read_text())
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    ["", "E1", "e4", "x", "WEB", "FINDER", "discovery", " ", None, True, 1, -1, [], {}, ["x"], [1]]
)
HOLDERS = ("product", "evidence", "ai_usage", "products", "locations", "severities", "references", "credits", "flows")
NAMES = {
    "product": ("purl", "name", "vendor", "x_mine", "nmae"),
    "evidence": ("text", "level", "x_mine"),
    "ai_usage": ("activities", "human_oversight", "model", "model_withheld", "modell"),
    "products": ("purl", "name", "cpe", "version"),
    "locations": ("uri", "line", "symbol", "row"),
    "severities": ("vector", "by", "else"),
    "references": ("url", "kind", "summary"),
    "credits": ("name", "kind", "organisation", "contacts"),
    "flows": ("uri", "line"),
}


@st.composite
def near_misses(draw: st.DrawFn) -> dict[str, Any]:
    """Return a finding that may be one: every field of ours, each right or nearly."""
    said = draw(st.dictionaries(st.sampled_from(sorted(findings_ndjson.KNOWN)), VALUES, max_size=3))
    for holder in draw(st.sets(st.sampled_from(HOLDERS), max_size=2)):
        one = draw(st.dictionaries(st.sampled_from(NAMES[holder]), VALUES, max_size=3))
        said[holder] = [[one]] if holder == "flows" else [one] if holder.endswith("s") else one
    return {"id": "1", "title": "t", **said, **draw(st.sampled_from([{}, {"x_more": 1}, {"severty": "x"}]))}


@settings(max_examples=400)
@given(near_misses())
def test_the_schema_and_the_reader_take_the_same_lines(document: dict[str, Any]) -> None:
    try:
        findings_ndjson.loads(json.dumps(document).encode())
        is_taken = True
    except Refused:
        is_taken = False

    assert SCHEMA.is_valid(document) == is_taken


@settings(max_examples=100)
@given(CLAIMS)
def test_what_we_write_fits_our_own_schema(claim: Claim) -> None:
    assert SCHEMA.is_valid(strictjson.loads(findings_ndjson.dumps(claim)))


def test_the_schema_names_every_field_the_reader_knows() -> None:
    document = strictjson.loads((ROOT / "docs/standards/findings-ndjson.schema.json").read_bytes())

    assert set(document["properties"]) == findings_ndjson.KNOWN
