"""Which keys does this node hold? One keystore, opened where the settings say."""

from functools import cache

from django.conf import settings

from watchbell.apps.engagements.services import MODEL_NAMES, RECEIPTS
from watchbell.apps.journal.services import HEAD_KEY
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import FolderKeystore, KeyKind

MFA_SEEDS = "mfa-seeds"
CURSORS = "cursors"
FILES = "files"
NODE_KEYS = {
    **dict.fromkeys((MFA_SEEDS, CURSORS, FILES, MODEL_NAMES), KeyKind.AEAD),
    **dict.fromkeys((HEAD_KEY, RECEIPTS), KeyKind.SIGNING),
}
"""What every node needs, and what for; all other keys belong to something that is on it."""


@cache
def keystore() -> FolderKeystore:
    """Return the node's keystore."""
    return FolderKeystore(settings.WATCHBELL.keys)


def make_node_keys() -> None:
    """This will create the keys every node needs, once; two processes racing agree on one of each."""
    for name, kind in NODE_KEYS.items():
        keystore().ensure(name, kind)


@cache
def blob_store() -> BlobStore:
    """Return where the node's sealed files lie."""
    return BlobStore(settings.WATCHBELL.home / "blobs", keystore())
