"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

KEPT = (
    Kept(
        model="jobs.Job",
        columns=(
            *("id", "public_id", "kind", "args", "idempotency_key", "priority", "state", "run_at", "attempts"),
            *("max_attempts", "owner", "lease_until", "cancel_asked_at", "progress_done", "progress_total"),
            *("progress_note", "last_error", "created_at", "started_at", "finished_at"),
        ),
        holds="What is to be done or was done in the background; arguments are opaque ids.",
        until="30 days after it finished; one that gave up stays until someone retries or drops it.",
        on_export="Not exported.",
        on_deletion="Holds opaque ids only.",
    ),
    Kept(
        model="jobs.ScheduleSlot",
        columns=("id", "schedule", "slot", "at"),
        holds="Which rounds of periodic work were started.",
        until="As long as needed to never start one twice.",
        on_export="Not exported.",
        on_deletion="Holds nobody's data.",
    ),
)
