"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

FOR_GOOD = "For good: the record is append-only, and holds opaque ids, counts and digests only."
NOT_CHANGED = "Stays: nothing recorded is removed; erasing a person blanks the name their opaque id led to."
OWN_PART = "Each organisation exports the entries that concern it, with their proofs."

KEPT = (
    Kept(
        model="journal.Entry",
        columns=(
            *("id", "public_id", "action", "at", "actor_kind", "actor_id", "organisation_id"),
            *("subject_kind", "subject_id", "digests", "facts", "salt", "concern_salt"),
        ),
        holds="Which deed was done, when, by whom and to what, as opaque ids.",
        until=FOR_GOOD,
        on_export=OWN_PART,
        on_deletion=NOT_CHANGED,
    ),
    Kept(
        model="journal.EntryConcern",
        columns=("id", "entry_id", "organisation_id"),
        holds="Which organisations may read an entry.",
        until=FOR_GOOD,
        on_export=OWN_PART,
        on_deletion=NOT_CHANGED,
    ),
    Kept(
        model="journal.Unsealed",
        columns=("entry_id",),
        holds="Which entries wait for the sealer.",
        until="Seconds: until the entry is sealed.",
        on_export="Not exported.",
        on_deletion="Gone once sealed.",
    ),
    Kept(
        model="journal.Seal",
        columns=("seq", "entry_id", "padding_salt", "commitment", "chain"),
        holds="The order of the entries and the chain over them.",
        until=FOR_GOOD,
        on_export=OWN_PART,
        on_deletion=NOT_CHANGED,
    ),
    Kept(
        model="journal.Fence",
        columns=("id", "next_seq", "chain", "frontier"),
        holds="Where the sealer stands.",
        until="As long as the node.",
        on_export="Not exported.",
        on_deletion=NOT_CHANGED,
    ),
    Kept(
        model="journal.OwnLog",
        columns=("id", "organisation_id", "size", "frontier", "shown_size", "shown_root"),
        holds="How many entries concern an organisation, and one hash over them.",
        until=FOR_GOOD,
        on_export=OWN_PART,
        on_deletion=NOT_CHANGED,
    ),
    Kept(
        model="journal.TreeHead",
        columns=(
            *("id", "size", "root", "chain", "frontier", "views", "views_secret", "at", "published_for"),
            *("key_id", "public_key", "signature"),
        ),
        holds="Signed heads of the tree over the record.",
        until=FOR_GOOD,
        on_export="Published heads are the same for everyone.",
        on_deletion=NOT_CHANGED,
    ),
    Kept(
        model="journal.StoredReply",
        columns=("id", "actor", "route", "key", "request_digest", "status", "media_type", "body", "at"),
        holds="The reply to a request that may be sent again.",
        until="7 days.",
        on_export="Not exported: its sender received it.",
        on_deletion="Gone after 7 days.",
    ),
    Kept(
        model="journal.HandlerCursor",
        columns=("id", "handler", "seq"),
        holds="How far each handler has read.",
        until="As long as the node.",
        on_export="Not exported.",
        on_deletion="Holds nobody's data.",
    ),
)
