"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

OWN = "The operator's own export holds it; nobody else's does."

KEPT = (
    Kept(
        model="remediation.WorklistRow",
        columns=(
            *("id", "public_id", "organisation_id", "group_id", "display_id", "title", "tier", "exposures"),
            *("quieted", "quiet_place"),
            *("undetermined", "assets", "exposed", "in_kev", "outcome", "low", "high", "drawn", "band", "backlog"),
            *("reason", "rank", "due_at", "order_at", "clock_started_at", "clock", "forensics_offered"),
            *("forensics_required", "forensics_done_at", "subject_code", "subject_name", "fix_version", "fix_place"),
            *(
                "state",
                "accepted_until",
                "closed_because",
                "is_settled",
                "settled_at",
                "done_at",
                "first_seen_at",
                "updated_at",
            ),
        ),
        holds="Each vulnerability that reaches or reached an operator, how urgent it is, and where it stands.",
        until="The operator's organisation is removed: what was settled stays as evidence.",
        on_export=OWN,
        on_deletion="With the organisation.",
    ),
    Kept(
        model="remediation.Action",
        columns=(
            *("id", "public_id", "row_id", "by_kind", "by_id", "at", "what", "state_before", "state_after"),
            *("note", "blob_id", "until", "due_before", "due_after"),
        ),
        holds="What was done about a row and by whom (an opaque id), with the note and the file that show it.",
        until="As long as its row.",
        on_export=OWN,
        on_deletion="With its row; a person who is erased is an opaque id afterwards.",
    ),
    Kept(
        model="remediation.Desk",
        columns=("id", "organisation_id", "turn", "refreshed_at", "strict_since"),
        holds="When an operator's list was last brought up to date, and since when it counts the unknown at its worst.",
        until="The operator's organisation is removed.",
        on_export=OWN,
        on_deletion="With the organisation.",
    ),
)
