"""The one place that holds keys: seals, opens and signs by key id, and never hands a secret key out."""

from watchbell.outside.keystore.folder import FolderKeystore
from watchbell.outside.keystore.interface import (
    KeyCorrupt,
    KeyDestroyed,
    KeyExists,
    KeyKind,
    KeyMissing,
    Keystore,
    KeystoreError,
    SealBroken,
    Signer,
    WrongKey,
    aad,
    attest,
    verify_signature,
)

__all__ = [
    "FolderKeystore",
    "KeyCorrupt",
    "KeyDestroyed",
    "KeyExists",
    "KeyKind",
    "KeyMissing",
    "Keystore",
    "KeystoreError",
    "SealBroken",
    "Signer",
    "WrongKey",
    "aad",
    "attest",
    "verify_signature",
]
