"""Whatever bytes come in as findings, each reader ends with items or one refusal: never a crash, never half an item."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.formats.test_findings import ODD, log, report
from tests.formats.test_findings_readers import cve_record, mail, osv_record, vince

from watchbell.apps.findings import claims, reading
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.domain.advisory import Claim, Location
from watchbell.domain.refusal import Refused
from watchbell.doors import uploads
from watchbell.formats import jsonparts, sarif, strictjson
from watchbell.formats.claimed import Claimed, NotTaken

GOOD = {
    UploadFormat.SARIF: json.dumps(log({"ruleId": "path", "message": {"text": "t"}})).encode(),
    UploadFormat.VRF: json.dumps(report()).encode(),
    UploadFormat.NDJSON: b'{"id":"1","title":"t"}\n{"id":"2","title":"u"}\n',
    UploadFormat.OSV: osv_record(),
    UploadFormat.CVE: cve_record(),
    UploadFormat.CSV: b'id,title,cwes\n1,"a, b",CWE-22\n',
    UploadFormat.MAIL: mail(
        "Content-Type: text/plain; charset=latin-1\n\nx", "Content-Type: message/rfc822\n\nA: b\n\nc"
    ),
}
GOOD_AS_SENT = {
    **{kind.value: (kind, content) for kind, content in GOOD.items()},
    "vince": (UploadFormat.VRF, json.dumps(vince()).encode()),
}


def ends_well(content: bytes, kind: UploadFormat) -> bool:
    """Return whether these bytes are refused as a whole, or give the same counted items twice, each claimed or not."""
    try:
        upload = reading.upload(content, kind, channel=Channel.API)
    except Refused:
        return True
    items = list(upload.items())
    is_counted = upload.number == len(items)
    return is_counted and list(upload.items()) == items and all(_is_told(item) for item in items)


def _is_told(item: Any) -> bool:
    if isinstance(item, Claimed):
        return bool(item.claim.title.strip())
    return isinstance(item, NotTaken) and bool(item.refusal.code)


@pytest.mark.parametrize("name", sorted(GOOD_AS_SENT))
def test_each_format_is_known_by_its_bytes(name: str) -> None:
    kind, content = GOOD_AS_SENT[name]

    upload = uploads.read_upload(content, name="upload", channel=Channel.API)

    assert upload.format is kind
    assert [type(item) for item in upload.items()] == [Claimed] * (upload.number or 0)
    assert upload.number


@settings(max_examples=300)
@given(content=st.binary(max_size=200), kind=st.sampled_from(sorted(GOOD)))
def test_any_bytes_end_as_items_or_a_refusal(content: bytes, kind: UploadFormat) -> None:
    assert ends_well(content, kind)
    assert ends_well(b"From: a\nSubject: b\n" + content, UploadFormat.MAIL)
    assert ends_well(b"id,title,x_a\n" + content, UploadFormat.CSV)


@settings(max_examples=300)
@given(data=st.data(), kind=st.sampled_from(sorted(GOOD)))
def test_a_good_document_with_a_part_exchanged_ends_as_items_or_a_refusal(
    data: st.DataObject, kind: UploadFormat
) -> None:
    good = GOOD[kind]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 8)))
    put = data.draw(st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"]", b"\\", b"\r", b"\n\n", b"\xff", b"=?"]))

    assert ends_well(good[:start] + put + good[end:], kind)


@settings(max_examples=200)
@given(ODD)
def test_any_values_in_a_record_end_as_items_or_a_refusal(odd: Any) -> None:
    for kind in (UploadFormat.OSV, UploadFormat.CVE, UploadFormat.NDJSON, UploadFormat.VRF):
        document = strictjson.loads(GOOD[kind].splitlines()[0])
        for key in document:
            assert ends_well(json.dumps({**document, key: odd}).encode(), kind)


@settings(max_examples=300)
@given(st.lists(st.lists(ODD, max_size=3) | ODD, max_size=3), st.sampled_from([None, 1, " "]), st.booleans())
def test_a_log_read_result_by_result_is_the_log_read_at_once(runs: list[Any], indent: Any, is_escaped: bool) -> None:
    held = [{"tool": {}, "results": one, "more": [one]} for one in runs]
    octets = json.dumps({"version": "2.1.0", "x": {"runs": 1}, "runs": held}, indent=indent).encode()
    if is_escaped:
        octets = octets.replace(b'"results"', b'"r\\u0065sults"')

    assume(not refusal_of(lambda: strictjson.loads(octets)))

    parts = jsonparts.cut(octets, "runs", "results")

    whole = strictjson.loads(octets)
    rest = strictjson.loads(parts.rest)
    for index, run in enumerate(rest["runs"]):
        if index in parts.lists:
            assert run["results"] == []
            run["results"] = [strictjson.loads(one) for one in parts.items(index)]
    assert rest == whole


def refusal_of(read: Any) -> str:
    try:
        read()
    except Refused as refused:
        return refused.refusal.code
    return ""


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text('{}[]":,\\ runsetl01', max_size=60).map(str.encode))
def test_a_log_that_is_no_json_is_refused_whether_it_is_cut_or_not(inside: bytes) -> None:
    octets = b'{"version":"2.1.0","runs":[{"results":[' + inside + b"]}]}"

    is_whole = not refusal_of(lambda: strictjson.loads(octets))
    items: list[Any] = []
    is_taken = not refusal_of(lambda: items.extend(sarif.opened(octets)._results(0, [])))

    if is_whole:
        assert is_taken
        assert not any(isinstance(one, NotTaken) for one in items)
    elif is_taken:
        assert any(isinstance(one, NotTaken) for one in items)


def hostile() -> Iterator[tuple[str, bytes]]:
    head, tail = b'{"version":"2.1.0","runs":[{"results":[', b"]}]}"
    million = 1_000_000
    yield "a million empty results", head + b"{}," * million + b"{}" + tail
    yield "quotes that never end", head + b'{"a":"' + b'\\"' * million
    yield "brackets that never end", head + b"[" * million
    yield (
        "one result of a million places",
        head + b'{"message":{"text":"x"},"locations":[' + b"{}," * million + b"{}]}" + tail,
    )
    yield "a rule id of slashes", head + b'{"ruleId":"' + b"/" * million + b'"}' + tail
    yield (
        "arguments in arguments",
        head + b'{"message":{"text":"' + b"{0}" * 100_000 + b'","arguments":["{0}"]}}' + tail,
    )


@pytest.mark.parametrize(("what", "octets"), list(hostile()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_hostile_log_is_answered_in_seconds(what: str, octets: bytes) -> None:
    begun = time.process_time()

    assert ends_well(octets, UploadFormat.SARIF)

    assert time.process_time() - begun < 30, what


def test_lines_of_several_kinds_are_told_by_the_first_that_can_be_read() -> None:
    lines = b"{broken}\n" + osv_record() + b"\n" + b'{"id":"1","title":"t"}\n'

    upload = uploads.read_upload(lines, name="upload", channel=Channel.API)

    broken, record, finding = upload.items()
    assert upload.format is UploadFormat.OSV
    assert isinstance(broken, NotTaken)
    assert isinstance(record, Claimed)
    assert isinstance(finding, Claimed)


def test_a_format_that_is_said_counts_and_one_nobody_knows_is_refused() -> None:
    said = uploads.read_upload(b"title,id\nx,1\n", name="upload", channel=Channel.API, said="mail")

    assert said.format is UploadFormat.MAIL
    with pytest.raises(Refused):
        uploads.read_upload(b"{}", name="upload", channel=Channel.API, said="pdf")


def test_a_table_is_one_only_when_its_first_line_names_columns_of_ours() -> None:
    with pytest.raises(Refused):
        uploads.read_upload(b"name,price\nx,1\n", name="upload", channel=Channel.API)


def test_bytes_behind_a_packed_file_are_never_taken_for_more(tmp_path: Any) -> None:
    import gzip

    packed = gzip.compress(GOOD[UploadFormat.NDJSON])

    assert uploads.read_upload(packed, name="u", channel=Channel.API).number == 2
    with pytest.raises(Refused):
        uploads.read_upload(packed[:-4], name="u", channel=Channel.API)
    assert BytesIO(packed).read() == packed


def test_one_bad_line_of_a_hundred_thousand_is_refused_with_its_number_and_all_others_are_read() -> None:
    """IN-19: also with CR LF, and without the last line's end."""
    lines = [b'{"id":"%d","title":"t"}' % number for number in range(100_000)]
    lines[70_000] = b'{"id":"70000"}'

    upload = uploads.read_upload(b"\r\n".join(lines), name="upload", channel=Channel.API)

    refused = [one.refusal.place for one in upload.items() if isinstance(one, NotTaken)]
    assert (upload.number, refused) == (100_000, ["line 70001 /title"])


def test_two_claims_that_read_alike_when_joined_have_different_names() -> None:
    """Another tool joins its fields without a mark between them, and so these two are one to it."""
    first = Claim(submitter_item_id="1", title="SQL injection", cwes=("8",), locations=(Location(line=91),))
    second = Claim(submitter_item_id="1", title="SQL injection", cwes=("89",), locations=(Location(line=1),))
    renamed = replace(first, submitter_item_id="2")

    assert claims.identity(first) != claims.identity(second)
    assert claims.identity(first) == claims.identity(renamed)
