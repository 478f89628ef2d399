"""Files that are always encrypted."""

import hashlib
import io
import os
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.conftest import NOON

from watchbell.domain.refusal import Refused
from watchbell.outside.blobs import BlobBroken, BlobMissing, BlobStore, StoredBlob
from watchbell.outside.keystore import FolderKeystore, KeyDestroyed, KeyKind, SealBroken

MANY = 10_000_000
SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]


@pytest.fixture
def keys(tmp_path):
    store = FolderKeystore(tmp_path / "keys")
    store.ensure("files", KeyKind.AEAD)
    return store


@pytest.fixture
def blobs(tmp_path, keys):
    return BlobStore(tmp_path / "blobs", keys)


def files_in(blobs):
    return sorted(path for path in blobs._folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", SIZES)
def test_what_was_stored_comes_back_whole(blobs, size):
    content = os.urandom(size)

    from_bytes = blobs.write(content, key_id="files", max_bytes=MANY)
    from_stream = blobs.write(io.BytesIO(content), key_id="files", max_bytes=MANY)

    assert from_bytes.size == size
    assert from_bytes.digest == from_stream.digest == hashlib.sha256(content).hexdigest()
    assert blobs.read_all(from_bytes, key_id="files") == blobs.read_all(from_stream, key_id="files") == content


def test_nothing_readable_lies_on_the_disk(blobs):
    canary = b"the canary of an embargoed report " * 5000

    blob = blobs.write(canary, key_id="files", max_bytes=MANY)

    (path,) = files_in(blobs)
    assert path.name == blob.token
    assert b"canary" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_beyond_the_limit_is_refused_and_nothing_stays(blobs):
    with pytest.raises(Refused) as caught:
        blobs.write(io.BytesIO(bytes(200_000)), key_id="files", max_bytes=199_999)

    assert caught.value.refusal.code == "too-large"
    assert files_in(blobs) == []


def test_a_source_that_breaks_leaves_nothing(blobs):
    class Breaking(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 100_000:
                raise OSError("the line went dead")
            return super().read(size)

    with pytest.raises(OSError, match="dead"):
        blobs.write(Breaking(bytes(300_000)), key_id="files", max_bytes=MANY)

    assert files_in(blobs) == []


@pytest.mark.parametrize("kept", [0, 3, 60, 150, 65_536, 65_552 + 140, -1, -16, -17])
def test_a_file_that_was_cut_is_noticed(blobs, kept):
    blob = blobs.write(bytes(200_000), key_id="files", max_bytes=MANY)
    (path,) = files_in(blobs)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises((BlobBroken, SealBroken)):
        blobs.read_all(blob, key_id="files")


def test_a_file_cut_exactly_between_two_pieces_is_noticed(blobs):
    blob = blobs.write(bytes(65_536 * 3), key_id="files", max_bytes=MANY)
    (path,) = files_in(blobs)
    sealed = path.read_bytes()
    path.write_bytes(sealed[: -(65_536 + 16)])

    with pytest.raises(BlobBroken):
        blobs.read_all(blob, key_id="files")


def test_pieces_that_changed_places_are_noticed(blobs):
    blob = blobs.write(os.urandom(65_536 * 3), key_id="files", max_bytes=MANY)
    (path,) = files_in(blobs)
    sealed = path.read_bytes()
    piece = 65_536 + 16
    header, first, second, third = sealed[: -3 * piece], *(sealed[len(sealed) - n * piece :][:piece] for n in (3, 2, 1))
    path.write_bytes(header + second + first + third)

    with pytest.raises(BlobBroken):
        blobs.read_all(blob, key_id="files")


def test_one_file_does_not_pass_for_another(blobs):
    one = blobs.write(b"one", key_id="files", max_bytes=MANY)
    two = blobs.write(b"two", key_id="files", max_bytes=MANY)
    folder = blobs._folder
    (folder / one.token[:2] / one.token).write_bytes((folder / two.token[:2] / two.token).read_bytes())

    with pytest.raises(SealBroken):
        blobs.read_all(one, key_id="files")
    with pytest.raises(BlobBroken):
        blobs.read_all(StoredBlob(two.token, one.digest, 3), key_id="files")


def test_with_its_key_destroyed_a_file_is_unreadable_for_good(blobs, keys):
    keys.create(KeyKind.AEAD, key_id="engagement-1")
    blob = blobs.write(b"secret", key_id="engagement-1", max_bytes=MANY)

    keys.destroy("engagement-1")

    with pytest.raises(KeyDestroyed):
        blobs.read_all(blob, key_id="engagement-1")


def test_sweeping_removes_old_files_without_a_row_and_nothing_else(blobs):
    known = blobs.write(b"known", key_id="files", max_bytes=MANY)
    orphan = blobs.write(b"orphan", key_id="files", max_bytes=MANY)
    fresh = blobs.write(b"its row is about to be committed", key_id="files", max_bytes=MANY)
    foreign = blobs._folder / known.token[:2] / "README"
    foreign.write_text("not ours")
    half = blobs._folder / known.token[:2] / ".tmp-0123"
    half.write_bytes(b"half")
    old = (NOON - timedelta(days=2)).timestamp()
    new = (NOON - timedelta(minutes=1)).timestamp()
    for path in [*files_in(blobs), half]:
        os.utime(path, (new, new) if path.name == fresh.token else (old, old))

    removed = blobs.sweep({known.token}, older_than=timedelta(days=1), now=NOON)

    assert removed == 2
    assert {path.name for path in files_in(blobs)} == {known.token, fresh.token, "README"}
    with pytest.raises(BlobMissing):
        blobs.read_all(orphan, key_id="files")


def test_deleting_twice_is_no_error_and_names_are_never_paths(blobs):
    blob = blobs.write(b"x", key_id="files", max_bytes=MANY)

    assert (blobs.delete(blob.token), blobs.delete(blob.token)) == (True, False)
    for name in ("../evil", "", "A" * 32, "a/" * 16):
        with pytest.raises(BlobMissing):
            blobs.delete(name)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    keys = FolderKeystore(folder / "keys")
    keys.ensure("files", KeyKind.AEAD)
    store = BlobStore(folder / "blobs", keys)
    content = os.urandom(150_000)
    return store, store.write(content, key_id="files", max_bytes=MANY), content


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_noticed_before_its_piece_is_handed_out(shared, data):
    store, blob, content = shared
    path = store._folder / blob.token[:2] / blob.token
    sealed = path.read_bytes()
    at = data.draw(st.one_of(st.integers(0, 200), st.integers(0, len(sealed) - 1)))
    altered = bytearray(sealed)
    altered[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(altered)
    read = b""

    try:
        with pytest.raises(Exception, match=r"altered|sealed|retired"):  # noqa: PT012
            for piece in store.read(blob, key_id="files"):
                read += piece
    finally:
        path.write_bytes(sealed)

    assert content.startswith(read)
