"""What finders send: SARIF, our own lines, and CSAF 2.1 reports all become claims, and nothing is lost unsaid."""

import json
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.advisory import (
    Activity,
    AiUsage,
    Claim,
    ClaimedEvidence,
    ClaimedProduct,
    Credit,
    CreditKind,
    EvidenceLevel,
    Location,
    Reference,
    ReferenceKind,
    Severity,
)
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import Refused
from watchbell.formats import claimed, findings_ndjson, sarif, sniff, vrf
from watchbell.formats.claimed import Claimed, NotTaken


def log(*results: Any, rules: list[Any] | None = None) -> dict[str, Any]:
    driver = {"name": "scanner", "rules": rules or []}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results)}]}


def result(text: str = "A path is followed", **more: Any) -> dict[str, Any]:
    return {"ruleId": "path", "message": {"text": text}, **more}


def test_the_cap_refuses_the_rest_by_number_and_drops_nothing_silently() -> None:
    found = sarif.read(log(*(result(str(index)) for index in range(sarif.MAX_RESULTS + 1))))

    assert (len(found.claims), found.refused_over_limit, found.results) == (25_000, 1, 25_001)


def test_a_result_without_a_message_still_speaks_through_its_rule() -> None:
    rules = [
        {"id": "path", "shortDescription": {"text": "Path traversal"}, "properties": {"tags": ["external/cwe/cwe-022"]}}
    ]

    found = sarif.read(log({"ruleId": "path", "ruleIndex": 0}, rules=rules))

    assert (found.claims[0].title, found.claims[0].cwes) == ("Path traversal", ("CWE-22",))


def test_a_result_that_says_nothing_is_refused_alone_with_its_pointer() -> None:
    found = sarif.read(log({}, result()))

    assert len(found.claims) == 1
    assert found.refused[0].place == "/runs/0/results/0/message"


@pytest.mark.parametrize(("status", "suppressed"), [("accepted", 1), (None, 1), ("underReview", 0), ("rejected", 0)])
def test_only_a_suppression_in_force_sets_a_result_aside(status: str | None, suppressed: int) -> None:
    suppression = {"kind": "external", **({"status": status} if status else {})}

    found = sarif.read(log(result(suppressions=[suppression])))

    assert (found.suppressed, len(found.claims)) == (suppressed, 1 - suppressed)


def test_where_an_attacker_enters_comes_before_where_it_breaks() -> None:
    def at(uri: str, line: int) -> dict[str, Any]:
        return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}

    flow = {"threadFlows": [{"locations": [{"location": at("in.py", 1)}, {"location": at("mid.py", 2)}]}]}

    found = sarif.read(log(result(codeFlows=[flow], locations=[at("out.py", 3)])))

    assert found.claims[0].locations == (Location(uri="in.py", line=1), Location(uri="out.py", line=3))


def test_links_and_embedded_contents_are_never_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("a codec opened a connection")

    monkeypatch.setattr(socket, "socket", no_network)
    document = log(result(locations=[{"physicalLocation": {"artifactLocation": {"uri": "file:///etc/passwd"}}}]))
    document["runs"][0]["artifacts"] = [{"location": {"uri": "http://evil.example/"}, "contents": {"text": "secret"}}]
    document["runs"][0]["externalPropertyFileReferences"] = {"results": [{"location": {"uri": "http://evil.example/"}}]}

    found = sarif.read(document)

    assert found.claims[0].locations[0].uri == "file:///etc/passwd"
    assert "secret" not in repr(found)


def test_a_result_keeps_its_name_when_the_file_is_reordered() -> None:
    first = sarif.read(log(result("a"), result("b")))
    second = sarif.read(log(result("new"), result("b"), result("a")))

    assert {one.submitter_item_id for one in first.claims} <= {one.submitter_item_id for one in second.claims}
    assert len({one.submitter_item_id for one in second.claims}) == 3


def test_a_million_places_end() -> None:
    found = sarif.read(log(result(locations=[{}] * 1_000_000)))

    assert len(found.claims[0].locations) <= sarif.MAX_LOCATIONS


@pytest.mark.parametrize("version", ["2.0.0", "1.0.0", ""])
def test_another_sarif_is_refused_by_version(version: str) -> None:
    with pytest.raises(Refused) as caught:
        sarif.read({"version": version, "runs": []})

    assert caught.value.refusal.code == "unsupported-version"


KEYS = [
    "message",
    "text",
    "locations",
    "codeFlows",
    "threadFlows",
    "location",
    "physicalLocation",
    "region",
    "startLine",
    "properties",
    "tags",
    "cwe",
    "fixes",
    "description",
    "taxa",
    "toolComponent",
    "suppressions",
    "partialFingerprints",
    "arguments",
    "rule",
    "index",
    "ruleId",
]

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(ODD, ODD)
def test_any_result_is_a_claim_refused_or_set_aside(one: Any, rule: Any) -> None:
    found = sarif.read(log(one, rules=[rule]))

    assert found.results == 1


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
NAMED = WORDS.filter(lambda text: bool(text.strip()))
CLAIMS = st.builds(
    Claim,
    submitter_item_id=NAMED,
    title=NAMED,
    description=WORDS,
    products=st.lists(st.builds(ClaimedProduct, name=NAMED, vendor=WORDS, version=WORDS), max_size=2).map(tuple),
    locations=st.lists(st.builds(Location, uri=WORDS, line=st.integers(0, 9999), symbol=WORDS), max_size=2).map(tuple),
    cwes=st.lists(NAMED, max_size=2).map(tuple),
    severities=st.lists(st.builds(Severity, vector=NAMED, by=WORDS), max_size=2).map(tuple),
    evidence=st.builds(ClaimedEvidence, text=WORDS, level=st.sampled_from(EvidenceLevel)),
    ai_usage=st.builds(
        AiUsage,
        activities=st.none() | st.frozensets(st.sampled_from(Activity)),
        human_oversight=WORDS,
        model=WORDS,
        model_withheld=st.booleans(),
    ),
    aliases=st.lists(NAMED, max_size=2).map(tuple),
    references=st.lists(
        st.builds(Reference, url=NAMED, kind=st.sampled_from(ReferenceKind), summary=WORDS), max_size=2
    ).map(tuple),
    credits=st.lists(st.builds(Credit, name=NAMED, kind=st.sampled_from(CreditKind)), max_size=2).map(tuple),
    suggested_fix=WORDS,
    fingerprints=st.dictionaries(NAMED, WORDS, max_size=2).map(lambda prints: tuple(sorted(prints.items()))),
    extra=st.dictionaries(NAMED.map("x_{}".format), st.integers(1, 9), max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(CLAIMS)
def test_a_claim_written_as_a_line_reads_back_as_the_same_claim(claim: Claim) -> None:
    line = findings_ndjson.dumps(claim)

    assert findings_ndjson.loads(line) == claim
    assert b"\n" not in line


def test_a_misspelt_field_is_noticed_with_its_line_and_the_next_line_is_read() -> None:
    lines = [b'{"id":"1","title":"t","severty":"x"}', b"", b'{"id":"2","title":"t","x_lab":{"run":7}}', b'{"id":"3"']

    refused, kept, broken = claimed.records(b"\n".join(lines), findings_ndjson.loads)

    assert isinstance(refused, NotTaken)
    assert refused.refusal.place == "line 1 /severty"
    assert isinstance(kept, Claimed)
    assert (kept.place, kept.claim.extra) == ("line 3", {"x_lab": {"run": 7}})
    assert isinstance(broken, NotTaken)
    assert broken.refusal.place == "line 4 column 9"


def test_saying_nothing_about_ai_is_not_the_same_as_saying_none_was_used() -> None:
    silent = findings_ndjson.loads(b'{"id":"1","title":"t"}')
    denied = findings_ndjson.loads(b'{"id":"1","title":"t","ai_usage":{"activities":[]}}')

    assert (silent.ai_usage.is_known, denied.ai_usage.is_known) == (False, True)


def report(**flaw: Any) -> dict[str, Any]:
    leaf = {"category": "product_version", "name": "1.0", "product": {"name": "Ledger 1.0", "product_id": "P1"}}
    branches = [
        {
            "category": "vendor",
            "name": "Acme",
            "branches": [{"category": "product_name", "name": "Ledger", "branches": [leaf]}],
        }
    ]
    return {
        "document": {
            "category": "csaf_vulnerability_report",
            "csaf_version": "2.1",
            "title": "Ledger follows paths",
            "distribution": {"tlp": {"label": "AMBER"}},
            "publisher": {"category": "discoverer", "name": "Lab", "namespace": "https://lab.example"},
            "tracking": {"id": "LAB-1"},
            "notes": [
                {
                    "category": "other",
                    "title": "AI Usage",
                    "text": "Discovery: yes\nPatch: no\nModel: withheld\nHuman oversight: each report read by a person",
                }
            ],
        },
        "product_tree": {"branches": branches},
        "vulnerabilities": [
            {
                "cve": "CVE-2026-0001",
                "cwes": [{"id": "CWE-22", "name": "x", "version": "4.15"}],
                "notes": [
                    {"category": "description", "title": "Vulnerability Description", "text": "A path is followed."}
                ],
                "metrics": [{"content": {"cvss_v4": {"vectorString": "CVSS:4.0/AV:N"}}, "products": ["P1"]}],
                "product_status": {"known_affected": ["P1"], "under_investigation": ["P1"]},
                "threats": [{"category": "exploit_status", "details": "A reproducer is attached."}],
                **flaw,
            }
        ],
    }


def test_a_csaf_report_becomes_a_claim_with_its_marking() -> None:
    found = vrf.loads(json.dumps(report()).encode())

    (claim,) = found.claims
    assert (found.tlp, found.tracking_id, claim.submitter_item_id) == (Tlp.AMBER, "LAB-1", "LAB-1")
    assert claim.products == (ClaimedProduct(vendor="Acme", name="Ledger", version="1.0"),)
    assert (claim.aliases, claim.cwes, claim.severity) == (("CVE-2026-0001",), ("CWE-22",), "CVSS:4.0/AV:N")
    assert claim.evidence.level is EvidenceLevel.E0_ASSERTED


def test_an_ai_usage_note_is_heard_on_the_document_too_and_a_model_may_be_withheld() -> None:
    (claim,) = vrf.read(report()).claims

    assert claim.ai_usage.activities == {Activity.DISCOVERY}
    assert (claim.ai_usage.model, claim.ai_usage.model_withheld) == ("", True)
    assert claim.ai_usage.human_oversight == "each report read by a person"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"csaf_version": "2.0"}, "/document/csaf_version"),
        ({"category": "csaf_security_advisory"}, "/document/category"),
        ({"distribution": {"tlp": {"label": "PURPLE"}}}, "/document/distribution/tlp/label"),
        ({"tracking": {}}, "/document/tracking/id"),
    ],
)
def test_another_document_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    document = report()
    document["document"].update(change)

    with pytest.raises(Refused) as caught:
        vrf.read(document)

    assert caught.value.refusal.place == place


def test_a_product_nobody_defined_is_refused_by_the_number_of_the_test() -> None:
    with pytest.raises(Refused) as caught:
        vrf.read(report(product_status={"known_affected": ["P9"]}))

    assert (caught.value.refusal.code, caught.value.refusal.place) == (
        "csaf-6.1.1",
        "/vulnerabilities/0/product_status/known_affected/0",
    )


def test_a_report_without_a_label_is_held_as_strictly_as_an_unmarked_one() -> None:
    document = report()
    del document["document"]["distribution"]

    assert vrf.read(document).tlp is Tlp.AMBER_STRICT


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (report(), "vrf"),
        ({"document": {"category": "csaf_vex", "csaf_version": "2.0"}}, "csaf"),
        ({"bomFormat": "CycloneDX"}, "cyclonedx"),
        ({"spdxVersion": "SPDX-2.3"}, "spdx"),
        (log(), "sarif"),
        ({"id": "X", "affected": []}, "osv"),
        ({"dataType": "CVE_RECORD"}, "cve"),
        ({"type": "bundle", "id": "bundle--1"}, "stix"),
        ({"catalogVersion": "1", "vulnerabilities": []}, "kev"),
        ({"id": "1", "title": "t"}, "finding"),
        ({"hello": "world"}, None),
    ],
)
def test_a_document_is_named_by_what_it_is(document: dict[str, Any], kind: str | None) -> None:
    assert sniff.what_is(document) == kind
