"""What may be asked of any keystore, and what it answers when it cannot."""

from enum import Enum
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class KeyKind(Enum):
    """What a key is for; no key serves both."""

    AEAD = "aead"
    SIGNING = "signing"


class KeystoreError(Exception):
    """A key could not be used; `key_id` says which. Everything that does not need it goes on working."""

    def __init__(self, key_id: str, what: str, todo: str) -> None:
        super().__init__(f"Key {key_id}: {what}. {todo}.")
        self.key_id = key_id


class KeyMissing(KeystoreError):
    """There is no such key here."""


class KeyDestroyed(KeyMissing):
    """The key was destroyed on purpose; what it sealed is gone for good."""


class KeyExists(KeystoreError):
    """A key of this name is there already."""


class KeyCorrupt(KeystoreError):
    """The key's file is damaged, or was made under another wrapping key."""


class WrongKey(KeystoreError):
    """This was sealed with another key, or the key is for another purpose."""


class SealBroken(KeystoreError):
    """What was sealed has been altered, or stands in another place than it was sealed for."""


def aad(room: str, table: str, field: str, public_id: str) -> bytes:
    """Return the place a secret belongs to, as bytes to bind it there; each part carries its length.

    A ciphertext copied to another row or column does not open there.
    """
    parts = (part.encode() for part in (room, table, field, public_id))
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def verify_signature(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Return True when the Ed25519 signature over `data` was made by the holder of this key (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer(Protocol):
    """The part of a keystore that signs."""

    def sign(self, key_id: str, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `data` by the newest version of the key."""

    def public_key(self, key_id: str) -> bytes:
        """Return the 32-byte public key of the newest version."""


def attest(keys: Signer, key_id: str, data: bytes) -> tuple[bytes, bytes]:
    """Return the public key and a signature that it checks: of one version, also while the key is being rotated."""
    public_key = keys.public_key(key_id)
    while not verify_signature(public_key, signature := keys.sign(key_id, data), data):
        if public_key == (public_key := keys.public_key(key_id)):
            raise WrongKey(key_id, "its public half does not check what it signs", "Rotate it")
    return public_key, signature


class Keystore(Protocol):
    """Seals, opens and signs by key id. Raises KeystoreError, naming the key."""

    def ensure(self, key_id: str, kind: KeyKind) -> str:
        """Return `key_id` after making the key unless it is there; safe when two processes do it at once."""
        ...

    def create(self, kind: KeyKind, *, key_id: str | None = None) -> str:
        """Return the id of a new key; KeyExists when the name is taken, KeyDestroyed when it was."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the ids of all keys here, sorted."""
        ...

    def seal(self, key_id: str, aad: bytes, data: bytes) -> bytes:
        """Return `data` encrypted and bound to `aad`; the result names its key and version."""
        ...

    def open(self, key_id: str, aad: bytes, sealed: bytes) -> bytes:
        """Return what was sealed; WrongKey or SealBroken when it was not sealed so, or not here."""
        ...

    def sign(self, key_id: str, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `data` by the newest version of the key."""
        ...

    def public_key(self, key_id: str, version: int | None = None) -> bytes:
        """Return the 32-byte public key of a signing key: the newest version, or the one asked for."""
        ...

    def rotate(self, key_id: str) -> int:
        """Return the number of a new version, used from now on; older ones still open what they sealed."""
        ...

    def retire(self, key_id: str, version: int) -> None:
        """This will destroy an old version of a key; what it sealed does not open any more."""
        ...

    def destroy(self, key_id: str) -> None:
        """This will destroy a key with all its versions; the name is never given out again."""
        ...

    def discard(self, key_id: str) -> None:
        """This will remove a key that nothing was ever sealed with; the name may be given out again."""
        ...
