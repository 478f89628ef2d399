"""Every change to the record: record a deed, seal, sign a head, export, answer a repeated request once."""

from watchbell.apps.journal.services.cursors import advance, cursor_of
from watchbell.apps.journal.services.export import Export, NoOrganisation, export, public_lines
from watchbell.apps.journal.services.heads import CADENCE, HEAD_KEY, PADDED_TO, publish_head
from watchbell.apps.journal.services.recording import (
    SALTS,
    Named,
    NotInATransaction,
    SaysTooMuch,
    Subject,
    checked_facts,
    record,
    record_bulk,
)
from watchbell.apps.journal.services.replies import KeyAlreadyUsed, Reply, Request, forget_replies, once
from watchbell.apps.journal.services.sealing import seal_everything, seal_waiting
from watchbell.outside.keystore import Signer

__all__ = [
    "CADENCE",
    "HEAD_KEY",
    "PADDED_TO",
    "SALTS",
    "Export",
    "KeyAlreadyUsed",
    "Named",
    "NoOrganisation",
    "NotInATransaction",
    "Reply",
    "Request",
    "SaysTooMuch",
    "Signer",
    "Subject",
    "advance",
    "checked_facts",
    "cursor_of",
    "export",
    "forget_replies",
    "once",
    "public_lines",
    "publish_head",
    "record",
    "record_bulk",
    "seal_everything",
    "seal_waiting",
]
