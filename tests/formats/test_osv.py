"""OSV records are read leanly, checked, and never dropped for being unusual."""

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
    RangeEvent,
    Reference,
    ReferenceKind,
    Revision,
    Severity,
    VersionRange,
    VersionScheme,
    VexStatus,
    Vulnerability,
)
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import Refused
from watchbell.formats import osv, strictjson

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def record(**more: Any) -> dict[str, Any]:
    return {"id": "OSV-1", "modified": "2026-01-31T00:00:00Z", **more}


def test_an_unknown_ecosystem_and_range_type_are_kept_as_they_came() -> None:
    span = {"type": "STARDATE", "events": [{"fixed": "2"}, {"introduced": "1"}]}
    affected = [{"package": {"ecosystem": "Cobol Hub", "name": "ledger"}, "ranges": [span]}]

    found = osv.read(record(affected=affected))

    assert found.affected[0].ecosystem == "Cobol Hub"
    assert found.affected[0].ranges == [span]


def test_a_hundred_thousand_versions_are_read() -> None:
    versions = [f"1.{index}" for index in range(100_000)]

    found = osv.read(record(affected=[{"package": {"ecosystem": "npm", "name": "a"}, "versions": versions}]))

    assert found.affected[0].versions == versions


def test_a_record_without_modified_is_still_read() -> None:
    assert osv.read({"id": "CVE-2026-1"}).modified == ""


WRONG = {
    "/id": {"id": 7},
    "/aliases": record(aliases="CVE-2026-1"),
    "/aliases/1": record(aliases=["CVE-2026-1", 2]),
    "/affected": record(affected={}),
    "/affected/0": record(affected=["npm"]),
    "/affected/0/package": record(affected=[{"package": "npm"}]),
    "/affected/0/package/name": record(affected=[{"package": {"name": 1}}]),
    "/affected/0/versions/1": record(affected=[{"versions": ["1", 2]}]),
    "/affected/0/ranges/0/type": record(affected=[{"ranges": [{"events": []}]}]),
    "/affected/0/ranges/0/events/1/fixed": record(
        affected=[{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": 2}]}]}]
    ),
    "/severity/0/score": record(severity=[{"type": "CVSS_V3"}]),
    "/withdrawn": record(withdrawn=True),
}


@pytest.mark.parametrize(("place", "bad"), WRONG.items(), ids=WRONG)
def test_a_field_of_the_wrong_type_is_refused_where_it_stands(place: str, bad: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        osv.read(bad)

    assert caught.value.refusal.place == place


def test_links_and_severities_are_handed_on_as_text() -> None:
    found = osv.read(
        record(
            references=[{"type": "FIX", "url": "file:///etc/passwd"}, {"type": "WEB", "url": "https://example.org"}],
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
        )
    )

    assert found.fix_urls == ("file:///etc/passwd",)
    assert found.severities == ("CVSS:3.1/AV:N",)


def advisory(**more: Any) -> Advisory:
    affected = Affected(
        product="Ledger",
        vendor="Acme",
        ecosystem="PyPI",
        package="ledger",
        purl="pkg:pypi/ledger",
        ranges=(
            VersionRange(
                scheme=VersionScheme.ECOSYSTEM, events=(RangeEvent(introduced="0"), RangeEvent(fixed="1.2.3"))
            ),
        ),
    )
    flaw = Vulnerability(
        title="Ledger reads files outside its folder",
        description="A path in an upload is followed.",
        aliases=("CVE-2026-0001",),
        cwes=("CWE-22",),
        severities=(Severity(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", by="Acme"),),
        affected=(affected, Affected(product="Ledger Appliance", vendor="Acme", status=VexStatus.UNDER_INVESTIGATION)),
        references=(Reference("https://example.org/fix", ReferenceKind.FIX),),
        credits=(Credit("A. Finder"),),
    )
    given = {
        "id": "WB-2026-0001",
        "title": flaw.title,
        "publisher": Publisher("Watch", "https://watch.example"),
        "revisions": (Revision(1, NOON, "First"), Revision(2, NOON + timedelta(days=1), "Fix named")),
        "vulnerabilities": (flaw,),
        "handling": Handling(Tlp.CLEAR),
    }
    return Advisory(**{**given, **more})


def test_what_we_publish_reads_back_as_the_same_facts() -> None:
    found = osv.loads(osv.dumps(advisory()))

    assert found.ids == ("WB-2026-0001", "CVE-2026-0001")
    assert (found.published, found.modified) == ("2026-11-04T12:00:00Z", "2026-11-05T12:00:00Z")
    assert [(one.ecosystem, one.name) for one in found.affected] == [("PyPI", "ledger")]
    assert found.affected[0].ranges == [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]
    assert found.fix_urls == ("https://example.org/fix",)


def test_fields_we_do_not_know_are_written_back() -> None:
    kept = advisory(extra={"osv": {"database_specific": {"source": "elsewhere"}, "x": [1]}})

    written = osv.write(kept)

    assert written["x"] == [1]
    assert written["database_specific"] == {"source": "elsewhere", "cwe_ids": ["CWE-22"]}


def test_equal_advisories_give_equal_bytes() -> None:
    assert osv.dumps(advisory()) == osv.dumps(advisory())
    assert strictjson.loads(osv.dumps(advisory()))["id"] == "WB-2026-0001"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["package", "ranges", "events", "type", "versions", "name", "introduced"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["affected", "severity", "references", "aliases", "summary"]), JSON, max_size=4))
def test_any_shape_is_read_or_refused_with_its_place(more: dict[str, Any]) -> None:
    try:
        found, place = osv.read({"id": "X", **more}), "/"
    except Refused as refused:
        found, place = None, refused.refusal.place

    assert place.startswith("/")
    assert found is None or all(isinstance(version, str) for one in found.affected for version in one.versions)
