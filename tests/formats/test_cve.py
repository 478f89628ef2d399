"""A CVE record is read or refused where it is wrong; nothing is guessed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.formats import cve


def record(cna: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    return {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-0001", "assignerOrgId": "x", "state": "PUBLISHED", **meta},
        "containers": {"cna": {"providerMetadata": {"orgId": "x"}, **(cna or {})}},
    }


CNA = "/containers/cna"
AFFECTED = f"{CNA}/affected/0"
WRONG = {
    "/cveMetadata/cveId": record(cveId="GHSA-1"),
    "/cveMetadata/state": record(state="RESERVED"),
    "/cveMetadata/datePublished": record(datePublished="yesterday"),
    "/containers/cna": {**record(), "containers": {}},
    f"{CNA}/affected": record({"affected": {}}),
    f"{AFFECTED}/vendor": record({"affected": [{"vendor": 7}]}),
    f"{AFFECTED}/defaultStatus": record({"affected": [{"defaultStatus": "maybe"}]}),
    f"{AFFECTED}/versions/0/status": record({"affected": [{"versions": [{"version": "1", "status": "fixed"}]}]}),
    f"{AFFECTED}/versions/0/changes/0/at": record({"affected": [{"versions": [{"version": "1", "changes": [{}]}]}]}),
    f"{AFFECTED}/cpes/0": record({"affected": [{"cpes": [1]}]}),
    f"{CNA}/metrics/0/cvssV3_1/vectorString": record({"metrics": [{"cvssV3_1": {"vectorString": 9.8}}]}),
    f"{CNA}/metrics/0/other/content/options/0": record(
        {"metrics": [{"other": {"type": "ssvc", "content": {"options": ["none"]}}}]}
    ),
    f"{CNA}/references/0/url": record({"references": [{"name": "x"}]}),
    "/dataVersion": {**record(), "dataVersion": "4.0"},
}


@pytest.mark.parametrize(("place", "bad"), WRONG.items(), ids=WRONG)
def test_a_wrong_field_is_refused_where_it_stands(place: str, bad: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        cve.read(bad)

    assert caught.value.refusal.place == place


def test_a_record_of_the_old_format_is_told_which_ones_are_read() -> None:
    with pytest.raises(Refused) as caught:
        cve.read({"data_type": "CVE", "data_format": "MITRE", "data_version": "4.0"})

    assert caught.value.refusal.code == "unsupported-version"
    assert "4.0" in str(caught.value)
    assert "5.0" in str(caught.value)


@pytest.mark.parametrize(
    ("collection", "name", "found"),
    [
        ("https://rubygems.example", "Thing", ("RubyGems", "Thing")),
        ("https://repo.maven.apache.example/maven2", "org.acme/thing", ("Maven", "org.acme:thing")),
        ("https://repo.maven.apache.example/maven2", "thing", None),
        ("https://pub.acme.example", "thing", None),
        ("https://downloads.acme.example", "thing", None),
        ("https://[half", "thing", None),
        ("thing", "thing", None),
    ],
)
def test_a_package_is_named_only_where_its_collection_is_certain(
    collection: str, name: str, found: tuple[str, str] | None
) -> None:
    (claim,) = cve.read(record({"affected": [{"collectionURL": collection, "packageName": name}]})).claims()

    assert (claim.package and (claim.package.ecosystem, claim.package.name)) == found


def test_a_package_url_counts_before_the_name_in_a_collection() -> None:
    affected = {"packageURL": "pkg:npm/%40acme/thing", "collectionURL": "https://rubygems.example", "packageName": "x"}

    (claim,) = cve.read(record({"affected": [affected]})).claims()

    assert claim.package is not None
    assert (claim.package.ecosystem, claim.package.name) == ("npm", "@acme/thing")


KEYS = ["affected", "versions", "version", "status", "lessThan", "changes", "metrics", "other", "content", "options"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["affected", "*", "1.0", "2.*", "ssvc", "n/a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS[:1], "metrics", "credits", "references", "descriptions"]), JSON))
def test_any_shape_is_read_or_refused_with_its_place(cna: dict[str, Any]) -> None:
    try:
        claims, place = cve.read(record(cna)).claims(), "/"
    except Refused as refused:
        claims, place = (), refused.refusal.place

    assert place.startswith("/")
    assert all(one.ranges.scheme or one.ranges.doubts for one in claims)
