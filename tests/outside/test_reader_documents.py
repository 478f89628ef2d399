"""What the bounded reader takes, and what it refuses before it costs anything."""

import gzip
import io
import itertools
import os
import struct
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.outside.reader import Limits, open_document

SMALL = Limits(max_bytes=1_000_000, max_inflated_bytes=8_000_000, max_ratio=100, max_members=20)
DOCUMENT = b'{"id": "TEST-1", "summary": "a small document"}\n'


def contents(source, limits=SMALL, name="upload"):
    return [(member.name, member.content()) for member in open_document(source, name, limits)]


def refusal_of(source, limits=SMALL):
    with pytest.raises(Refused) as caught:
        contents(source, limits)
    return caught.value.refusal


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


class Pipe(io.RawIOBase):
    """A source that cannot seek and gives little at a time, as a socket does."""

    def __init__(self, content):
        super().__init__()
        self._inner = io.BytesIO(content)

    def readable(self):
        return True

    def read(self, size=-1):
        return self._inner.read(min(size, 100) if size > 0 else size)


@pytest.mark.parametrize(
    "packed",
    [
        DOCUMENT,
        gzip.compress(DOCUMENT, mtime=0),
        gzip.compress(DOCUMENT[:10], mtime=0) + gzip.compress(DOCUMENT[10:], mtime=0),
        zstandard.compress(DOCUMENT),
        zstandard.compress(DOCUMENT[:10]) + zstandard.compress(DOCUMENT[10:]),
    ],
    ids=["plain", "gzip", "gzip in two parts", "zstd", "zstd in two frames"],
)
def test_a_document_reads_the_same_however_it_was_packed(packed, tmp_path):
    file = tmp_path / "any-name.json"
    file.write_bytes(packed)

    assert contents(packed) == contents(file) == contents(Pipe(packed)) == [("upload", DOCUMENT)]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_gives_its_files_in_order_and_leaves_out_its_folders(method):
    archive = zipped(("folder/", b""), ("folder/a.json", DOCUMENT), ("b.json", b"{}"), method=method)

    expected = [("folder/a.json", DOCUMENT), ("b.json", b"{}")]

    assert contents(archive) == contents(Pipe(archive)) == expected


def test_a_zip_written_to_a_pipe_with_sizes_after_the_data_is_read():
    class Unseekable(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise OSError

        def tell(self):
            raise OSError

    file = Unseekable()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", DOCUMENT)

    assert contents(file.getvalue()) == [("a.json", DOCUMENT)]


def test_a_zip_with_64_bit_records_is_read():
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.json", "w", force_zip64=True) as out,
    ):
        out.write(DOCUMENT)

    assert contents(file.getvalue()) == [("a.json", DOCUMENT)]


def test_more_entries_than_a_plain_zip_can_count_are_read_when_allowed():
    names = [f"{number}.json" for number in range(66_000)]
    archive = zipped(*((name, b"{}") for name in names), method=zipfile.ZIP_STORED)
    limits = Limits(max_bytes=50_000_000, max_inflated_bytes=8_000_000, max_members=70_000)

    found = [member.name for member in open_document(archive, "upload", limits)]

    assert found == names


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"", "empty", "empty"),
        (b"<!DOCTYPE html><title>Sign in</title>", "wrong-kind", "HTML"),
        (b"\n  <html><body>503", "wrong-kind", "HTML"),
        (b"\x7fELF\x02\x01\x01" + bytes(9), "wrong-kind", "program"),
        (b"%PDF-1.7\n", "wrong-kind", "PDF"),
        (b"\x80\x04\x95\x10\x00\x00", "wrong-kind", "pickle"),
        (b"SQLite format 3\x00", "wrong-kind", "database"),
        ("{}".encode("utf-16"), "not-utf8", "UTF-16"),
        ("{}".encode("utf-16-le"), "not-utf8", "UTF-16"),
        (b'{"a": "\x00"}', "wrong-kind", "binary"),
        (gzip.compress(gzip.compress(DOCUMENT, mtime=0), mtime=0), "nested-archive", "gzip"),
        (gzip.compress(zipped(("a.json", DOCUMENT)), mtime=0), "nested-archive", "zip"),
        (zipped(("a.json", zipped(("b.json", DOCUMENT)))), "nested-archive", "zip"),
        (zipped(("a.json", b"<html>")), "wrong-kind", "HTML"),
    ],
    ids=map(str, itertools.count()),
)
def test_the_bytes_and_not_the_name_decide_what_a_document_is(content, code, word):
    refusal = refusal_of(content)

    assert refusal.code == code
    assert word in refusal.message


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lambda data: zipped(("a.json", data))])
def test_a_bomb_is_refused_long_before_it_has_grown(pack):
    bomb = pack(bytes(b" " * 100_000_000))

    refusal = refusal_of(bomb, Limits(max_inflated_bytes=50_000_000, max_ratio=100))

    assert refusal.code in ("ratio", "inflates-too-large")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress, lambda data: zipped(("a.json", data))])
def test_what_is_larger_than_allowed_is_refused_packed_and_unpacked(pack):
    content = pack(os.urandom(150_000).hex().encode())

    assert refusal_of(content, Limits(max_bytes=100_000)).code == "too-large"
    assert refusal_of(content, Limits(max_inflated_bytes=200_000)).code == "inflates-too-large"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lambda data: zipped(("a.json", data))])
def test_a_packed_document_that_ends_too_early_is_refused_at_every_length(pack):
    packed = pack(DOCUMENT * 3)

    for length in range(5, len(packed)):
        assert refusal_of(packed[:length]).code in ("truncated", "corrupt", "zip-structure")


def test_something_behind_a_gzip_or_zstd_is_refused():
    assert refusal_of(gzip.compress(DOCUMENT, mtime=0) + b"more").code == "corrupt"
    assert refusal_of(zstandard.compress(DOCUMENT) + b"more").code in ("corrupt", "truncated")


def test_a_gzip_of_a_hundred_parts_counts_as_a_hundred_members():
    assert refusal_of(gzip.compress(b"{}\n", mtime=0) * 100).code == "too-many-members"


def test_a_zstd_with_a_huge_window_is_refused_with_the_way_out():
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    inner = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = inner.compress(DOCUMENT) + inner.flush()

    refusal = refusal_of(packed)

    assert refusal.code == "zstd-window"
    assert "--long" in refusal.todo


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/passwd", "C:evil", "a\\..\\evil", "a//b", "./a", "a\nb", "x" * 2000, ".."],
)
def test_names_that_leave_the_folder_are_refused(name):
    assert refusal_of(zipped((name, b"{}"))).code == "zip-path"


@pytest.mark.parametrize("mode", [0o120777, 0o060600, 0o020600, 0o010600], ids=["symlink", "block", "char", "fifo"])
def test_links_and_devices_are_refused(mode):
    info = zipfile.ZipInfo("a.json")
    info.external_attr = mode << 16
    assert refusal_of(zipped((info, b"/etc/passwd"))).code == "zip-special"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.json", "A.JSON"])
def test_two_entries_of_one_name_are_refused(second):
    assert refusal_of(zipped(("a.json", b"{}"), (second, b"[]"))).code == "zip-duplicate"


def test_too_many_entries_are_refused_without_reading_them():
    archive = zipped(*((f"{number}", b"") for number in range(21)))

    assert refusal_of(archive).code == "too-many-members"


def changed(archive, offset_in_central, fmt, value, *, local=None):
    """Return the archive with a field of its first central record, and optionally of the local header, replaced."""
    data = bytearray(archive)
    central = data.index(b"PK\x01\x02")
    struct.pack_into(fmt, data, central + offset_in_central, value)
    if local is not None:
        struct.pack_into(fmt, data, local, value)
    return bytes(data)


def test_encrypted_entries_are_refused():
    assert refusal_of(changed(zipped(("a.json", DOCUMENT)), 8, "<H", 1, local=6)).code == "zip-encrypted"


def test_methods_other_than_stored_and_deflated_are_refused():
    assert refusal_of(zipped(("a.json", DOCUMENT), method=zipfile.ZIP_BZIP2)).code == "zip-method"


@pytest.mark.parametrize(
    ("offset", "value"), [(16, 1), (20, 5), (24, 10), (8, 8)], ids=["crc", "packed", "size", "flag"]
)
def test_a_directory_that_says_other_than_the_header_is_refused(offset, value):
    archive = zipped(("a.json", DOCUMENT))

    assert refusal_of(changed(archive, offset, "<L" if offset > 8 else "<H", value)).code == "zip-mismatch"


def test_a_local_name_other_than_the_directorys_is_refused():
    archive = zipped(("a.json", DOCUMENT)).replace(b"a.json", b"b.json", 1)

    assert refusal_of(archive).code == "zip-mismatch"


def test_an_entry_that_declares_ten_bytes_and_holds_a_hundred_million_is_cut_at_the_eleventh():
    archive = zipped(("a.json", b" " * 100_000_000))
    lying = changed(archive, 24, "<L", 10, local=22)

    assert refusal_of(lying).code == "zip-lies"


def test_an_entry_whose_checksum_is_wrong_is_refused_and_the_next_one_is_read():
    archive = zipped(("a.json", DOCUMENT), ("b.json", b"{}"))
    lying = changed(archive, 16, "<L", 1, local=14)
    members = open_document(lying, "upload", SMALL)

    with pytest.raises(Refused) as caught:
        next(members).content()
    following = next(members)

    assert caught.value.refusal.code == "corrupt"
    assert (following.name, following.content()) == ("b.json", b"{}")


def test_entries_that_share_their_bytes_are_refused():
    """The overlapping kind of bomb: many directory entries, one kernel."""
    archive = zipped(("a.json", DOCUMENT))
    central, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    record = archive[central:end]
    doubled = archive[:central] + record + record.replace(b"a.json", b"b.json") + archive[end:]
    data = bytearray(doubled)
    struct.pack_into("<2HL", data, doubled.index(b"PK\x05\x06") + 8, 2, 2, 2 * len(record))

    assert refusal_of(bytes(data)).code == "zip-mismatch"


def test_nested_extents_with_truthful_headers_are_refused():
    inner = zipped(("b.json", b"{}"), method=zipfile.ZIP_STORED)
    outer = zipped(("a.json", inner), method=zipfile.ZIP_STORED)
    inner_central = inner[inner.index(b"PK\x01\x02") : inner.index(b"PK\x05\x06")]
    central, end = outer.rindex(b"PK\x01\x02"), outer.rindex(b"PK\x05\x06")
    moved = bytearray(inner_central)
    struct.pack_into("<L", moved, 42, outer.index(inner))
    data = bytearray(outer[:end] + moved + outer[end:])
    struct.pack_into("<2HL", data, len(data) - 22 + 8, 2, 2, end - central + len(moved))

    assert refusal_of(bytes(data)).code == "zip-overlap"


def test_an_archive_that_can_be_read_in_two_ways_is_refused():
    first = zipped(("a.json", b"{}"))
    archive = bytearray(first[:-2] + struct.pack("<H", 22) + first[-22:])

    assert refusal_of(bytes(archive)).code == "zip-structure"


def test_a_zip_behind_other_bytes_is_not_taken_for_a_zip():
    assert refusal_of(b"#!/bin/sh\n" + zipped(("a.json", b"{}"))).code == "wrong-kind"
    assert refusal_of(zipped(("a.json", b"{}")) + b"x").code == "zip-structure"


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from(["gzip", "zstd", "zip"]))
def test_whatever_text_was_packed_comes_out_again(noise, packing):
    content = b"{" + noise.hex().encode()
    pack = {"gzip": gzip.compress, "zstd": zstandard.compress, "zip": lambda data: zipped(("upload", data))}

    assert contents(pack[packing](content)) == [("upload", content)]


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_refused_or_reads_as_it_was_and_never_fails_otherwise(data):
    original = zipped(("a.json", DOCUMENT), ("b/c.json", b"{}"))
    damaged = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] ^= data.draw(st.integers(1, 255))

    try:
        found = [content for _, content in contents(bytes(damaged))]
    except Refused:
        return

    assert all(content in (DOCUMENT, b"{}") for content in found)


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255), st.sampled_from(["gzip", "zstd"]))
def test_a_damaged_stream_is_refused_or_reads_as_it_was(at, flip, packing):
    frame = zstandard.ZstdCompressor(write_checksum=True).compress(DOCUMENT)
    damaged = bytearray(gzip.compress(DOCUMENT, mtime=0) if packing == "gzip" else frame)
    damaged[at % len(damaged)] ^= flip

    try:
        found = contents(bytes(damaged))
    except Refused:
        return

    assert found == [("upload", DOCUMENT)]


def test_a_file_that_is_not_there_is_an_ordinary_error():
    with pytest.raises(FileNotFoundError):
        contents(Path("not-there.json"))


def test_reading_a_huge_bomb_takes_little_memory():
    import resource

    bomb = gzip.compress(b" " * 200_000_000, 1, mtime=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = 0

    for member in open_document(bomb, "upload", Limits(max_inflated_bytes=10**9, max_ratio=10**6)):
        while piece := member.stream.read(65536):
            taken += len(piece)

    assert taken == 200_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
