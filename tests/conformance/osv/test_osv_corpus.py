"""Do we read every OSV record that other publishers write, and the odd ones of our own?"""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from watchbell.formats import claimed, osv, record_claims

OURS = Path(__file__).parent / "ours.ndjson"
THEIRS = Path(__file__).parents[3].parent / "shared" / "data" / "osv" / "osv.ndjson.zst"


def records(lines: Iterator[bytes]) -> Iterator[osv.OsvRecord]:
    for line in lines:
        yield osv.loads(line)


def test_our_odd_records_are_read_with_nothing_dropped() -> None:
    first, second, third = records(iter(OURS.read_bytes().splitlines()))

    assert first.ids == ("WB-OSV-1", "CVE-2026-1001")
    assert [one.ecosystem for one in second.affected] == ["Debian:12", "Cobol Hub"]
    assert second.affected[1].ecosystem_specific == {"severity": "Important"}
    assert (third.modified, third.withdrawn, third.fix_urls) == (
        "",
        "2026-02-01T00:00:00Z",
        ("https://example.org/fix",),
    )
    assert third.record["x_future"] == {"kept": True}


@pytest.mark.skipif(not THEIRS.exists(), reason="the OSV collection beside the project is absent")
def test_every_record_of_five_publishers_is_read_and_none_is_refused() -> None:
    with THEIRS.open("rb") as packed:
        lines = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(packed))
        counted = [(one.id, len(one.affected)) for one in records(iter(lines))]

    assert len(counted) > 1_000
    assert all(own_id and affected for own_id, affected in counted)


@pytest.mark.skipif(not THEIRS.exists(), reason="the OSV collection beside the project is absent")
def test_every_record_that_stands_is_also_a_finding_with_its_product_and_a_withdrawn_one_is_refused() -> None:
    with THEIRS.open("rb") as packed:
        content = zstandard.ZstdDecompressor().stream_reader(packed).read()

    items = list(claimed.records(content, record_claims.of_osv))

    refused = [one.refusal.code for one in items if isinstance(one, claimed.NotTaken)]
    claims = [one.claim for one in items if isinstance(one, claimed.Claimed)]
    assert set(refused) <= {"withdrawn"}
    assert len(claims) > 1_000
    assert all(one.title.strip() and one.products for one in claims)
