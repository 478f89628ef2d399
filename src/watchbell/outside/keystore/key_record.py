"""What is written in a key's file, and is it still what we wrote?"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from watchbell.outside.keystore.interface import KeyCorrupt, KeyKind

_FIRST = "watchbell-key 1"
_VERSION = re.compile(r"version ([1-9][0-9]{0,8}) ([0-9a-f]{80}) ([0-9a-f]{64}|-)")


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of a key: wrapped with AES-KW (RFC 3394), and the public half of a signing key."""

    number: int
    wrapped: bytes
    public: bytes = b""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """All living versions of one key, oldest first; the last one is the one in use."""

    key_id: str
    kind: KeyKind
    versions: tuple[KeyVersion, ...]

    @property
    def newest(self) -> KeyVersion:
        """Return the version that new seals and signatures are made with."""
        return self.versions[-1]

    def dumps(self, wrapping: bytes) -> bytes:
        """Return the file's bytes: plain lines, closed by a MAC so that no line can be altered unseen."""
        lines = [_FIRST, f"id {self.key_id}", f"kind {self.kind.value}"]
        lines += [f"version {v.number} {v.wrapped.hex()} {v.public.hex() or '-'}" for v in self.versions]
        text = "".join(f"{line}\n" for line in lines).encode()
        return text + f"mac {_mac(wrapping, text)}\n".encode()


def loads(data: bytes, key_id: str, wrapping: bytes) -> KeyRecord:
    """Return the record in a key's file; raises KeyCorrupt unless every byte is as it was written."""
    text, mark, mac = data.rpartition(b"mac ")
    if not mark or not hmac.compare_digest(mac, f"{_mac(wrapping, text)}\n".encode()):
        raise corrupt(key_id)
    first, named, kind, *versions = text.decode().splitlines()
    found = [match for match in map(_VERSION.fullmatch, versions) if match]
    if (first, named) != (_FIRST, f"id {key_id}") or not found or len(found) != len(versions):
        raise corrupt(key_id)
    return KeyRecord(
        key_id,
        KeyKind(kind.removeprefix("kind ")),
        tuple(KeyVersion(int(m[1]), bytes.fromhex(m[2]), bytes.fromhex(m[3].strip("-"))) for m in found),
    )


def wrap(wrapping: bytes, raw: bytes) -> bytes:
    """Return a 32-byte key wrapped in 40 bytes."""
    return aes_key_wrap(wrapping, raw)


def unwrap(wrapping: bytes, version: KeyVersion, key_id: str) -> bytes:
    """Return the raw key; the caller lets go of it as soon as it is used."""
    try:
        return aes_key_unwrap(wrapping, version.wrapped)
    except InvalidUnwrap as error:
        raise corrupt(key_id) from error


def corrupt(key_id: str) -> KeyCorrupt:
    """Return the error for a key file that is not as we wrote it."""
    return KeyCorrupt(
        key_id,
        "its file is damaged or was made under another wrapping key",
        "Restore this key's file and wrapping.key together from the keystore's own backup",
    )


def _mac(wrapping: bytes, text: bytes) -> str:
    mac_key = hmac.new(wrapping, b"watchbell key file", hashlib.sha256).digest()
    return hmac.new(mac_key, text, hashlib.sha256).hexdigest()
