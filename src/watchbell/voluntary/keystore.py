"""Keys that can be put back, taken away and watched: what a check needs beside the node's own keystore.

Values are sealed exactly as the folder's keystore seals them. Each key has one version.
"""

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchbell.outside.keystore import (
    KeyDestroyed,
    KeyExists,
    KeyKind,
    KeyMissing,
    KeystoreError,
    WrongKey,
    envelope,
)

Saw = Callable[[str, str], None]


@dataclass(slots=True)
class MemoryKeystore:
    """A keystore in memory. `away` are the deeds it refuses now; `saw` is told of every deed and its key."""

    rng: random.Random
    away: frozenset[str] = frozenset()
    saw: Saw = lambda deed, key: None
    _keys: dict[str, tuple[KeyKind, bytes]] = field(default_factory=dict)
    _gone: frozenset[str] = frozenset()

    def keep(self) -> tuple[dict[str, tuple[KeyKind, bytes]], frozenset[str]]:
        """Return what is here now, for `put_back`."""
        return dict(self._keys), self._gone

    def put_back(self, kept: tuple[dict[str, tuple[KeyKind, bytes]], frozenset[str]]) -> None:
        """This will make everything as it was, destroyed keys included."""
        self._keys, self._gone = dict(kept[0]), kept[1]

    @contextmanager
    def without(self, *deeds: str) -> Iterator[None]:
        """Refuse these deeds inside."""
        before, self.away = self.away, frozenset(deeds)
        try:
            yield
        finally:
            self.away = before

    def names(self) -> tuple[str, ...]:
        """Return the ids of all keys here."""
        return tuple(sorted(self._keys))

    def turn(self) -> nullcontext[None]:
        """Return at once: there is one process here."""
        return nullcontext()

    def ensure(self, key_id: str, kind: KeyKind) -> str:
        """Return `key_id` after making the key unless it is there."""
        if key_id not in self._keys:
            self.create(kind, key_id=key_id)
        return key_id

    def create(self, kind: KeyKind, *, key_id: str | None = None) -> str:
        """Return the id of a new key."""
        key_id = key_id or self.rng.randbytes(16).hex()
        self._tell("create", key_id)
        if key_id in self._keys:
            raise KeyExists(key_id, "it is there already", "Choose another name")
        if key_id in self._gone:
            raise KeyDestroyed(key_id, "it was destroyed on purpose", "Choose another name")
        self._keys[key_id] = (kind, self.rng.randbytes(32))
        return key_id

    def seal(self, key_id: str, aad: bytes, data: bytes) -> bytes:
        """Return `data` sealed."""
        raw, nonce = self._raw("seal", key_id, KeyKind.AEAD), self.rng.randbytes(envelope.NONCE_BYTES)
        return envelope.seal(raw, key_id=key_id, version=1, nonce=nonce, aad=aad, data=data)

    def open(self, key_id: str, aad: bytes, sealed: bytes) -> bytes:
        """Return what was sealed."""
        raw = self._raw("open", key_id, KeyKind.AEAD)
        return envelope.unseal(raw, envelope.parse(sealed, key_id), aad)

    def sign(self, key_id: str, data: bytes) -> bytes:
        """Return the signature over `data`."""
        return Ed25519PrivateKey.from_private_bytes(self._raw("sign", key_id, KeyKind.SIGNING)).sign(data)

    def public_key(self, key_id: str, version: int | None = None) -> bytes:
        """Return the public half of a signing key."""
        raw = self._raw("public_key", key_id, KeyKind.SIGNING)
        return Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()

    def rotate(self, key_id: str) -> int:
        """Raise: each key has one version here."""
        raise KeystoreError(key_id, "it has one version here", "Use the folder's keystore")

    def retire(self, key_id: str, version: int) -> None:
        """Raise: each key has one version here."""
        raise KeystoreError(key_id, "it has one version here", "Use the folder's keystore")

    def destroy(self, key_id: str) -> None:
        """This will destroy a key; its name is never given out again."""
        self._raw("destroy", key_id, None)
        del self._keys[key_id]
        self._gone |= {key_id}

    def discard(self, key_id: str) -> None:
        """This will remove a key that nothing was sealed with; its name stays free."""
        self._raw("destroy", key_id, None)
        del self._keys[key_id]

    def _raw(self, deed: str, key_id: str, kind: KeyKind | None) -> bytes:
        self._tell(deed, key_id)
        if key_id in self._gone:
            raise KeyDestroyed(key_id, "it was destroyed on purpose", "What it sealed is gone for good")
        if key_id not in self._keys:
            raise KeyMissing(key_id, "it is not here", "Make it first")
        there, raw = self._keys[key_id]
        if kind is not None and there is not kind:
            raise WrongKey(key_id, "it is for something else", "Use another key")
        return raw

    def _tell(self, deed: str, key_id: str) -> None:
        self.saw(deed, key_id)
        if deed in self.away:
            raise KeystoreError(key_id, "this keystore is away", "Try again later")


def pen(name: str) -> Ed25519PrivateKey:
    """Return the signing key that a party of this name holds itself."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"pen of {name}".encode()).digest())
