"""What does a sealed value look like: its key's id and version, a nonce, and AES-256-GCM over the rest."""

import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchbell.outside.keystore.interface import SealBroken, WrongKey

_MARK = b"WBS1"
_FIXED = struct.Struct(">4sLB")
NONCE_BYTES = 12
_TAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of a sealed value; the header is authenticated together with the place it was sealed for."""

    key_id: str
    version: int
    nonce: bytes
    ciphertext: bytes

    @property
    def header(self) -> bytes:
        """Return the bytes before the nonce."""
        name = self.key_id.encode()
        return _FIXED.pack(_MARK, self.version, len(name)) + name


def seal(raw: bytes, *, key_id: str, version: int, nonce: bytes, aad: bytes, data: bytes) -> bytes:
    """Return `data` sealed; the nonce must be new (96 random bits serve for 2^32 seals of one version)."""
    empty = Envelope(key_id, version, nonce, b"")
    return empty.header + nonce + AESGCM(raw).encrypt(nonce, data, _bound(empty.header, aad))


def parse(sealed: bytes, expected_key: str) -> Envelope:
    """Return the parts of a sealed value; WrongKey when it names another key than the one we were told."""
    if len(sealed) < _FIXED.size or not sealed.startswith(_MARK):
        raise broken(expected_key)
    _, version, name_size = _FIXED.unpack_from(sealed)
    name_end = _FIXED.size + name_size
    name = sealed[_FIXED.size : name_end].decode("ascii", errors="replace")
    if len(sealed) < name_end + NONCE_BYTES + _TAG_BYTES:
        raise broken(expected_key)
    if name != expected_key:
        raise WrongKey(expected_key, f"this was sealed with key {name!a}", "Open it with that key")
    return Envelope(name, version, sealed[name_end : name_end + NONCE_BYTES], sealed[name_end + NONCE_BYTES :])


def unseal(raw: bytes, envelope: Envelope, aad: bytes) -> bytes:
    """Return what was sealed, or raise SealBroken."""
    try:
        return AESGCM(raw).decrypt(envelope.nonce, envelope.ciphertext, _bound(envelope.header, aad))
    except InvalidTag as error:
        raise broken(envelope.key_id) from error


def broken(key_id: str) -> SealBroken:
    """Return the error for a sealed value that does not open."""
    return SealBroken(key_id, "this was altered, or was sealed for another place", "Restore it from a backup")


def _bound(header: bytes, aad: bytes) -> bytes:
    return len(header).to_bytes(4, "big") + header + aad
