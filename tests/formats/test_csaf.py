"""What we publish as CSAF 2.0 keeps the standard's mandatory tests, or is not written at all."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.advisory import (
    Advisory,
    Affected,
    Credit,
    Handling,
    Publisher,
    PublisherKind,
    RangeEvent,
    Reference,
    Remediation,
    RemediationKind,
    Revision,
    Severity,
    VersionRange,
    VersionScheme,
    VexJustification,
    VexStatus,
    Vulnerability,
)
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import Refused
from watchbell.formats import csaf, csaf_checks, product_tree

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
SPAN = VersionRange(scheme=VersionScheme.ECOSYSTEM, events=(RangeEvent(introduced="1.0"), RangeEvent(fixed="1.2.3")))
LEDGER = Affected(
    product="Ledger", vendor="Acme", ecosystem="PyPI", package="ledger", purl="pkg:pypi/ledger", ranges=(SPAN,)
)
FLAW = Vulnerability(
    title="Ledger follows paths",
    description="A path in an upload is followed.",
    aliases=("CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"),
    cwes=("CWE-22", "CWE-99999"),
    severities=(
        Severity(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", by="Acme"),
        Severity(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", by="Lab"),
        Severity(vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", by="Acme"),
    ),
    affected=(LEDGER,),
    remediations=(
        Remediation(kind=RemediationKind.VENDOR_FIX, details="Update to 1.2.3.", url="https://example.org/1.2.3"),
    ),
    references=(Reference("https://example.org/fix", summary="The fix"),),
    credits=(Credit("A. Finder", organisation="Lab"),),
)


def advisory(*flaws: Vulnerability, **more: Any) -> Advisory:
    usual = Advisory(
        id="WB-2026-0001",
        title="Ledger follows paths",
        summary="Update Ledger.",
        publisher=Publisher("Watch", "https://watch.example", PublisherKind.COORDINATOR),
        revisions=(Revision(1, NOON, "First"), Revision(2, NOON + timedelta(days=1), "Fix named")),
        vulnerabilities=flaws or (FLAW,),
        handling=Handling(Tlp.CLEAR),
    )
    return dataclasses.replace(usual, **more)


def test_vendor_product_and_range_become_branches_with_a_purl() -> None:
    document = csaf.write(advisory())

    found = {one.version: one for one in product_tree.products(document["product_tree"])}
    assert set(found) == {"vers:pypi/>=1.0|<1.2.3", "1.2.3"}
    assert (found["1.2.3"].vendor, found["1.2.3"].product, found["1.2.3"].purl) == (
        "Acme",
        "Ledger",
        "pkg:pypi/ledger@1.2.3",
    )


def test_the_fixing_version_is_fixed_and_the_range_before_it_affected() -> None:
    document = csaf.write(advisory())

    ids = {one.version: one.product_id for one in product_tree.products(document["product_tree"])}
    assert document["vulnerabilities"][0]["product_status"] == {
        "known_affected": [ids["vers:pypi/>=1.0|<1.2.3"]],
        "fixed": [ids["1.2.3"]],
    }


def test_the_vendors_severity_is_the_score_and_no_other_vector_is_lost() -> None:
    (flaw,) = csaf.write(advisory())["vulnerabilities"]

    (score,) = flaw["scores"]
    assert (score["cvss_v3"]["baseScore"], score["cvss_v3"]["baseSeverity"]) == (7.5, "HIGH")
    notes = "\n".join(note["text"] for note in flaw["notes"])
    assert "C:H/I:H/A:H (Lab)" in notes
    assert "CVSS:4.0/" in notes


def test_a_weakness_is_written_with_its_true_name_or_as_a_note() -> None:
    (flaw,) = csaf.write(advisory())["vulnerabilities"]

    assert flaw["cwe"]["id"] == "CWE-22"
    assert "CWE-99999" in [note["text"] for note in flaw["notes"]]


@pytest.mark.parametrize(
    ("tlp", "label"),
    [(Tlp.CLEAR, "WHITE"), (Tlp.GREEN, "GREEN"), (Tlp.AMBER, "AMBER"), (Tlp.AMBER_STRICT, "RED"), (Tlp.RED, "RED")],
)
def test_no_marking_is_lowered_by_an_export_that_lacks_the_word(tlp: Tlp, label: str) -> None:
    document = csaf.write(advisory(handling=Handling(tlp)))

    assert document["document"]["distribution"]["tlp"]["label"] == label


def test_a_version_both_affected_and_fixed_cannot_be_published() -> None:
    twice = (LEDGER, dataclasses.replace(LEDGER, ranges=(), versions=("1.2.3",)))

    with pytest.raises(Refused) as caught:
        csaf.write(advisory(dataclasses.replace(FLAW, affected=twice)))

    assert caught.value.refusal.code == "csaf-6.1.6"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"revisions": (Revision(1, NOON, "a"), Revision(3, NOON, "b"))}, "csaf-6.1.21"),
        ({"revisions": (Revision(2, NOON, "a"), Revision(1, NOON + timedelta(days=1), "b"))}, "csaf-6.1.14"),
        ({"vulnerabilities": (FLAW, FLAW)}, "csaf-6.1.23"),
        ({"vulnerabilities": (dataclasses.replace(FLAW, affected=()),)}, "csaf-6.1.27.6"),
        (
            {"vulnerabilities": (dataclasses.replace(FLAW, severities=(Severity(vector="CVSS:3.1/AV:X"),)),)},
            "csaf-6.1.8",
        ),
    ],
)
def test_a_draft_that_breaks_a_mandatory_test_is_refused_by_its_number(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        csaf.write(advisory(**change))

    assert caught.value.refusal.code == code


def test_a_product_that_is_not_affected_says_why() -> None:
    safe = Affected(
        product="Viewer",
        vendor="Acme",
        status=VexStatus.NOT_AFFECTED,
        justification=VexJustification.VULNERABLE_CODE_NOT_PRESENT,
        versions=("2.0",),
    )

    (flaw,) = csaf.write(advisory(dataclasses.replace(FLAW, affected=(LEDGER, safe))))["vulnerabilities"]

    assert flaw["flags"] == [
        {"label": "vulnerable_code_not_present", "product_ids": flaw["product_status"]["known_not_affected"]}
    ]


@pytest.mark.parametrize(
    ("tracking_id", "name"),
    [("WB-2026-0001", "wb-2026-0001.json"), ("../../etc/passwd", "_etc_passwd.json"), ("VU#1 \r\nX", "vu_1_x.json")],
)
def test_a_file_name_never_leaves_its_folder(tracking_id: str, name: str) -> None:
    assert csaf.filename(tracking_id) == name


VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}(-[a-z]+)?", fullmatch=True)
SPANS = st.lists(st.tuples(VERSIONS, VERSIONS), min_size=1, max_size=3).map(
    lambda pairs: VersionRange(
        scheme=VersionScheme.ECOSYSTEM,
        events=tuple(e for start, end in pairs for e in (RangeEvent(introduced=start), RangeEvent(fixed=end))),
    )
)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(
    lambda text: bool(text.strip())
)
AFFECTED = st.builds(
    Affected,
    product=NAMES,
    vendor=NAMES,
    ecosystem=st.sampled_from(["PyPI", "npm", "Debian:12", "Cobol Hub", ""]),
    status=st.sampled_from(VexStatus),
    ranges=st.lists(SPANS, max_size=2).map(tuple),
    versions=st.lists(VERSIONS, max_size=2).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(AFFECTED, min_size=1, max_size=4))
def test_every_advisory_is_written_whole_or_refused_for_a_named_test(affected: list[Affected]) -> None:
    drafted = advisory(dataclasses.replace(FLAW, affected=tuple(affected)))
    try:
        document, code = csaf.write(drafted), ""
    except Refused as refused:
        document, code = None, refused.refusal.code

    assert code.startswith("csaf-6.1.") if document is None else csaf_checks.check(document) == []


def test_a_version_listed_beside_a_range_is_not_left_out() -> None:
    both = dataclasses.replace(LEDGER, versions=("0.9-beta",))

    document = csaf.write(advisory(dataclasses.replace(FLAW, affected=(both,))))

    assert len(document["vulnerabilities"][0]["product_status"]["known_affected"]) == 2
