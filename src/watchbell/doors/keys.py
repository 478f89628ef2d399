"""Which keys does this node hold? One keystore, opened where the settings say."""

from functools import cache

from django.conf import settings

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements.services import MODEL_NAMES, RECEIPTS
from watchbell.apps.files import queries as files
from watchbell.apps.journal import queries as journal
from watchbell.apps.journal.services import HEAD_KEY
from watchbell.apps.orgs import queries as orgs
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


def lost() -> list[str]:
    """Return the node's keys that are not there though something in the database was sealed or signed with them."""
    needed = {
        HEAD_KEY: lambda: bool(journal.published_heads(limit=1)),
        FILES: files.has_any,
        MFA_SEEDS: orgs.anyone_has_a_factor,
        MODEL_NAMES: engagements.has_models,
        RECEIPTS: engagements.has_receipts,
    }
    there = set(keystore().names())
    return sorted(name for name, is_needed in needed.items() if name not in there and is_needed())


@cache
def blob_store() -> BlobStore:
    """Return where the node's sealed files lie."""
    return BlobStore(settings.WATCHBELL.home / "blobs", keystore())
