"""Keys in a folder: one wrapped file each, readable by this node's user alone."""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from watchbell.outside import durable
from watchbell.outside.keystore import envelope, key_record
from watchbell.outside.keystore.interface import (
    KeyCorrupt,
    KeyDestroyed,
    KeyExists,
    KeyKind,
    KeyMissing,
    KeystoreError,
    WrongKey,
)
from watchbell.outside.keystore.key_record import KeyRecord, KeyVersion

Rng = Callable[[int], bytes]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WRAPPING = "wrapping.key"
_LOCK = ".lock"
_TURN = ".turn"
_KEY_BYTES = 32


class FolderKeystore:
    """A keystore in a 0700 folder that is no part of the database and of no ordinary backup.

    Each call reads its key's file anew: a destroyed key is gone for every
    process at once, and no raw key outlives a call. Only the wrapping key is
    held. Writes take a lock on the folder and are atomic: temp file, fsync,
    rename, fsync of the folder. `rng` returns that many random bytes.
    """

    def __init__(self, folder: Path, *, rng: Rng = os.urandom) -> None:
        self._folder = folder
        self._rng = rng
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._refuse_if_open(folder, "keystore")
        with self._locked():
            durable.remove_leftovers(folder)
            for tombstone in folder.glob("*.destroyed"):
                durable.erase(folder / f"{tombstone.stem}.key")
            self._wrapping = self._wrapping_key()

    def __repr__(self) -> str:
        return f"FolderKeystore({str(self._folder)!r})"

    def ensure(self, key_id: str, kind: KeyKind) -> str:
        """Return `key_id` after making the key unless it is there; safe when two processes do it at once."""
        try:
            self.create(kind, key_id=key_id)
        except KeyExists:
            self._read(key_id, kind)
        return key_id

    def create(self, kind: KeyKind, *, key_id: str | None = None, rng: Rng | None = None) -> str:
        """Return the id of a new key; KeyExists when the name is taken, KeyDestroyed when it was."""
        rng = rng or self._rng
        key_id = key_id or rng(16).hex()
        with self._locked():
            if self._path(key_id).exists():
                raise KeyExists(key_id, "it is there already", "Choose another name, or rotate it")
            self._refuse_if_destroyed(key_id)
            self._write(KeyRecord(key_id, kind, (self._new_version(1, kind, rng),)))
        return key_id

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold off every process that takes a turn too: a key and what names it are made or removed in one.

        A killed process gives its turn back. Not to be taken within a turn.
        """
        with self._locked(_TURN):
            yield

    def names(self) -> tuple[str, ...]:
        """Return the ids of all keys here, sorted."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.key") if path.name != _WRAPPING))

    def health(self) -> tuple[KeystoreError, ...]:
        """Return what is wrong with the keys here; empty when all of them can be used."""
        found = []
        for key_id in self.names():
            try:
                record = self._read(key_id)
                for version in record.versions:
                    key_record.unwrap(self._wrapping, version, key_id)
            except KeystoreError as error:
                found.append(error)
        return tuple(found)

    def seal(self, key_id: str, aad: bytes, data: bytes) -> bytes:
        """Return `data` encrypted and bound to `aad`; the result names its key and version."""
        newest = self._read(key_id, KeyKind.AEAD).newest
        raw = key_record.unwrap(self._wrapping, newest, key_id)
        nonce = self._rng(envelope.NONCE_BYTES)
        return envelope.seal(raw, key_id=key_id, version=newest.number, nonce=nonce, aad=aad, data=data)

    def open(self, key_id: str, aad: bytes, sealed: bytes) -> bytes:
        """Return what was sealed; WrongKey or SealBroken when it was not sealed so, or not here."""
        record = self._read(key_id, KeyKind.AEAD)
        parsed = envelope.parse(sealed, key_id)
        version = self._version(record, parsed.version)
        return envelope.unseal(key_record.unwrap(self._wrapping, version, key_id), parsed, aad)

    def sign(self, key_id: str, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `data` by the newest version of the key."""
        newest = self._read(key_id, KeyKind.SIGNING).newest
        raw = key_record.unwrap(self._wrapping, newest, key_id)
        return Ed25519PrivateKey.from_private_bytes(raw).sign(data)

    def public_key(self, key_id: str, version: int | None = None) -> bytes:
        """Return the 32-byte public key of a signing key: the newest version, or the one asked for."""
        record = self._read(key_id, KeyKind.SIGNING)
        return (record.newest if version is None else self._version(record, version)).public

    def versions(self, key_id: str) -> tuple[int, ...]:
        """Return the numbers of the living versions, oldest first."""
        return tuple(version.number for version in self._read(key_id).versions)

    def rotate(self, key_id: str) -> int:
        """Return the number of a new version, used from now on; older ones still open what they sealed."""
        with self._locked():
            record = self._read(key_id)
            fresh = self._new_version(record.newest.number + 1, record.kind, self._rng)
            self._write(KeyRecord(key_id, record.kind, (*record.versions, fresh)))
        return fresh.number

    def retire(self, key_id: str, version: int) -> None:
        """This will destroy an old version of a key; what it sealed does not open any more."""
        with self._locked():
            record = self._read(key_id)
            if self._version(record, version) == record.newest:
                raise KeystoreError(key_id, "its newest version is in use", "Rotate it first, or destroy the key")
            kept = tuple(each for each in record.versions if each.number != version)
            self._write(KeyRecord(key_id, record.kind, kept), erase_before=True)

    def destroy(self, key_id: str) -> None:
        """This will destroy a key with all its versions; the name is never given out again."""
        with self._locked():
            path = self._path(key_id)
            if not path.exists():
                self._refuse_if_destroyed(key_id)
                raise self._missing(key_id)
            # The tombstone comes first: if we are killed between the two, the next start finishes the work.
            durable.write(self._tombstone(key_id), b"")
            durable.erase(path)

    def discard(self, key_id: str) -> None:
        """This will remove a key that nothing was ever sealed with; the name may be given out again."""
        with self._locked():
            if not durable.erase(self._path(key_id)):
                self._refuse_if_destroyed(key_id)
                raise self._missing(key_id)

    def _read(self, key_id: str, kind: KeyKind | None = None) -> KeyRecord:
        try:
            record = self._read_once(key_id)
        except KeyCorrupt:
            # Another process may have replaced and overwritten the file under our hands; then a new one is there now.
            record = self._read_once(key_id)
        if kind is not None and record.kind is not kind:
            raise WrongKey(key_id, f"it is for {record.kind.value}, not for {kind.value}", "Use a key of that kind")
        return record

    def _read_once(self, key_id: str) -> KeyRecord:
        path = self._path(key_id)
        self._refuse_if_destroyed(key_id)
        try:
            self._refuse_if_open(path, key_id)
            data = path.read_bytes()
        except FileNotFoundError as error:
            self._refuse_if_destroyed(key_id)
            raise self._missing(key_id) from error
        return key_record.loads(data, key_id, self._wrapping)

    def _write(self, record: KeyRecord, *, erase_before: bool = False) -> None:
        durable.write(self._path(record.key_id), record.dumps(self._wrapping), erase_before=erase_before)

    def _new_version(self, number: int, kind: KeyKind, rng: Rng) -> KeyVersion:
        raw = rng(_KEY_BYTES)
        public = b""
        if kind is KeyKind.SIGNING:
            public_half = Ed25519PrivateKey.from_private_bytes(raw).public_key()
            public = public_half.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return KeyVersion(number, key_record.wrap(self._wrapping, raw), public)

    @staticmethod
    def _version(record: KeyRecord, number: int) -> KeyVersion:
        for version in record.versions:
            if version.number == number:
                return version
        raise KeyMissing(record.key_id, f"its version {number} was retired", "What it sealed cannot be opened any more")

    def _wrapping_key(self) -> bytes:
        path = self._folder / _WRAPPING
        if not path.exists():
            if self.names():
                raise KeyMissing("wrapping", "wrapping.key is gone", "Restore it from the keystore's own backup")
            durable.write(path, self._rng(_KEY_BYTES).hex().encode() + b"\n")
        self._refuse_if_open(path, "wrapping")
        text = path.read_text("ascii", errors="replace").strip()
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise key_record.corrupt("wrapping")
        return bytes.fromhex(text)

    def _path(self, key_id: str) -> Path:
        if not _NAME.fullmatch(key_id) or key_id == "wrapping":
            raise KeyMissing(ascii(key_id[:80]), "this is no name of a key", "Use small letters, digits and hyphens")
        return self._folder / f"{key_id}.key"

    def _tombstone(self, key_id: str) -> Path:
        return self._folder / f"{key_id}.destroyed"

    def _refuse_if_destroyed(self, key_id: str) -> None:
        if self._tombstone(key_id).exists():
            raise KeyDestroyed(key_id, "it was destroyed on purpose", "What it sealed is gone for good")

    def _missing(self, key_id: str) -> KeystoreError:
        if not (self._folder / _WRAPPING).exists():
            # a file system that is not there: the key is not gone, it cannot be reached
            return KeystoreError(key_id, "the keystore's folder is empty", "See WATCHBELL_KEYS: is it mounted")
        return KeyMissing(
            key_id, "it is not in this keystore", "Check WATCHBELL_KEYS, or restore the keystore's backup"
        )

    @staticmethod
    def _refuse_if_open(path: Path, key_id: str) -> None:
        if path.stat().st_mode & 0o077:
            wanted = "700" if path.is_dir() else "600"
            raise KeystoreError(key_id, f"others on this machine can reach {path.name}", f"Run chmod {wanted} on it")

    @contextmanager
    def _locked(self, name: str = _LOCK) -> Iterator[None]:
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
