"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

KEPT = (
    Kept(
        model="files.Blob",
        columns=(
            *("id", "public_id", "token", "digest", "size", "key_id", "organisation_id", "kept_by"),
            *("marking", "is_quarantined", "keep_until", "created_at"),
        ),
        holds="Where sealed bytes lie, whose they are, how far they may travel and until when they are kept.",
        until="The date it carries; without one, as long as what refers to it.",
        on_export="Its organisation downloads the file.",
        on_deletion="The sealed bytes are overwritten and unlinked, then the row goes.",
    ),
)
