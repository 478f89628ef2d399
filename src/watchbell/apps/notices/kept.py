"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

KEPT = (
    Kept(
        model="notices.Notice",
        columns=(
            *("id", "public_id", "key", "organisation", "person", "kind", "subject_kind", "subject", "facts"),
            *("marking", "at", "read_at", "read_by"),
        ),
        holds="Which kind of news was told to whom, about which opaque id.",
        until="While the node keeps its record.",
        on_export="Each organisation's export holds its own notices.",
        on_deletion="A person's erasure blanks their name in orgs; the opaque id stays.",
    ),
    Kept(
        model="notices.Mail",
        columns=("id", "notice_id", "address_digest", "tried_at", "sent_at"),
        holds="That a mail went out, with a digest of its address.",
        until="With its notice.",
        on_export="Not exported.",
        on_deletion="With its notice; the address itself is kept nowhere here.",
    ),
)
