"""Files that are always encrypted: sealed in pieces, so that size costs no memory and no piece can be cut or moved."""

import hashlib
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside import durable
from watchbell.outside.keystore import Keystore, aad

_MARK = b"WBB1"
_PIECE = 64 * 1024
_TAG = 16
_MAX_KEY_HEADER = 4096
_TOKEN = re.compile(r"[0-9a-f]{32}")


class BlobMissing(Exception):
    """The file is not in the store: it was deleted, or the store is not the one the database knows."""


class BlobBroken(Exception):
    """The file was altered, cut, or is not the one that was asked for; nothing of it may be used."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What a row remembers of its file: a random name, the SHA-256 of the plaintext in hex, its size in bytes."""

    token: str
    digest: str
    size: int


class BlobStore:
    """A folder of sealed files under random names.

    Each file has a data key of its own, sealed under the key that the caller
    names: destroy that key, and every copy of the file is unreadable. Pieces
    of 64 KiB are AES-256-GCM with their number and "this is the last one" in
    the nonce (the STREAM construction), bound to the file's name.
    """

    def __init__(self, folder: Path, keys: Keystore, *, rng: Callable[[int], bytes] = os.urandom) -> None:
        self._folder = folder
        self._keys = keys
        self._rng = rng
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, source: BinaryIO | bytes, *, key_id: str, max_bytes: int) -> StoredBlob:
        """Return what was stored, once it is on the disk: only then may the row that names it be committed.

        Raises Refused ("too-large") beyond `max_bytes`, and leaves nothing behind.
        """
        token = self._rng(16).hex()
        path = self._path(token)
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            durable.sync_folder(self._folder)
        plain = _Counted(source, max_bytes)
        durable.write(path, self._sealed(token, key_id, plain))
        return StoredBlob(token, plain.digest.hexdigest(), plain.size)

    def _sealed(self, token: str, key_id: str, plain: "_Counted") -> Iterator[bytes]:
        data_key = self._rng(32)
        header = self._keys.seal(key_id, _place(token), data_key)
        yield _MARK + len(header).to_bytes(4, "big") + header
        cipher = AESGCM(data_key)
        for number, piece, is_last in _numbered(plain):
            yield cipher.encrypt(_nonce(number, is_last=is_last), piece, token.encode())

    def read(self, blob: StoredBlob, *, key_id: str) -> Iterator[bytes]:
        """Return the plaintext piece by piece, each one verified before it is handed out.

        Raises BlobMissing or BlobBroken; the keystore's errors when the key is
        not to be had. Whether the file is whole is known after the last piece.
        """
        digest, size = hashlib.sha256(), 0
        for piece in self._opened(blob.token, key_id):
            digest.update(piece)
            size += len(piece)
            yield piece
        if (digest.hexdigest(), size) != (blob.digest, blob.size):
            raise BlobBroken(f"File {blob.token} is not the one its row describes. Restore it from a backup.")

    def read_all(self, blob: StoredBlob, *, key_id: str) -> bytes:
        """Return the whole plaintext, verified to its end before any of it is handed out."""
        return b"".join(self.read(blob, key_id=key_id))

    def _opened(self, token: str, key_id: str) -> Iterator[bytes]:
        try:
            file = self._path(token).open("rb")
        except FileNotFoundError as error:
            raise BlobMissing(f"File {token} is not in the store. Restore it from a backup.") from error
        with file:
            start = file.read(len(_MARK) + 4)
            header_size = int.from_bytes(start[len(_MARK) :], "big")
            if not start.startswith(_MARK) or header_size > _MAX_KEY_HEADER:
                raise _altered(token)
            cipher = AESGCM(self._keys.open(key_id, _place(token), file.read(header_size)))
            for number, piece, is_last in _numbered(_pieces(file, _PIECE + _TAG)):
                try:
                    yield cipher.decrypt(_nonce(number, is_last=is_last), piece, token.encode())
                except InvalidTag as error:
                    raise _altered(token) from error

    def delete(self, token: str) -> bool:
        """This will overwrite and remove a file; returns False when it was not there."""
        return durable.erase(self._path(token))

    def sweep(self, known_tokens: Container[str], *, older_than: timedelta, now: datetime) -> int:
        """Return how many files were removed: those that no row names and that are older than this.

        The age protects files whose row is about to be committed. `now` carries
        a time zone.
        """
        before = (now - older_than).timestamp()
        removed = 0
        for path in self._folder.glob("??/*"):
            is_ours = durable.is_leftover(path) or (_TOKEN.fullmatch(path.name) and path.name not in known_tokens)
            if is_ours and path.stat().st_mtime < before:
                removed += durable.erase(path)
        return removed

    def _path(self, token: str) -> Path:
        if not _TOKEN.fullmatch(token):
            raise BlobMissing(f"{token[:64]!a} is not the name of a stored file.")
        return self._folder / token[:2] / token


class _Counted:
    """The pieces of a source, counted, hashed and capped on the way."""

    def __init__(self, source: BinaryIO | bytes, max_bytes: int) -> None:
        self._source = source
        self._max_bytes = max_bytes
        self.digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        whole = self._source
        cut = (whole[at : at + _PIECE] for at in range(0, len(whole), _PIECE)) if isinstance(whole, bytes) else None
        for piece in cut if cut is not None else _pieces(whole, _PIECE):  # type: ignore[arg-type]
            self.size += len(piece)
            if self.size > self._max_bytes:
                limit = Sentence("At most {limit} bytes", limit=self._max_bytes)
                raise refuse("too-large", "the file is too large", expected=limit, todo="Send a smaller one")
            self.digest.update(piece)
            yield piece


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Return pieces of exactly this size but for the last, from files that may give less at a time."""
    held = bytearray()
    while more := file.read(size - len(held)):
        held += more
        if len(held) == size:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _numbered(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Return (number, piece, whether it is the last); there is always a last one, empty if need be."""
    number, held = 0, None
    for piece in pieces:
        if held is not None:
            yield number, held, False
            number += 1
        held = piece
    yield number, held or b"", True


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _place(token: str) -> bytes:
    return aad("blobs", "blob", "data_key", token)


def _altered(token: str) -> BlobBroken:
    return BlobBroken(f"File {token} was altered or cut. Restore it from a backup.")
