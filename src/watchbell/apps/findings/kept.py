"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

CREDIT = "Stays while the node keeps its record: credit, clock and provenance of a report survive."

KEPT = (
    Kept(
        model="findings.Submission",
        columns=(
            *("id", "public_id", "submitter", "organisation", "person", "receipt_digest", "key", "content_digest"),
            *("blob", "channel", "format", "marking", "received_at", "completed_at"),
            *("total", "done", "job", "stored", "same", "refused", "set_aside"),
        ),
        holds="Who handed in which upload and when, under opaque ids; the bytes lie sealed in files.",
        until=CREDIT,
        on_export="Its organisation's export holds it; a receipt's holder sees its state.",
        on_deletion="A person's erasure blanks their name in orgs; the opaque id stays.",
    ),
    Kept(
        model="findings.Arrival",
        columns=("id", "submitter", "key", "size", "digest", "received", "began_at"),
        holds="Which upload of whom is on its way in pieces, and how much of it is here.",
        until="Until the upload is whole, at most a day.",
        on_export="Not exported: it becomes a submission or ends.",
        on_deletion="Ends with its day.",
    ),
    Kept(
        model="findings.Piece",
        columns=("id", "arrival_id", "start", "blob"),
        holds="Which sealed file holds which bytes of an upload on its way.",
        until="Until the upload is whole, at most a day.",
        on_export="Not exported: it becomes a submission or ends.",
        on_deletion="Ends with its day, and its file with it.",
    ),
    Kept(
        model="findings.Answers",
        columns=("id", "submission_id", "first", "refused", "told"),
        holds="What was answered for each item of an upload: stored, the same as one before, or why it was refused.",
        until=CREDIT,
        on_export="With its submission.",
        on_deletion="Nothing is dropped: an answer that was given stays as it was.",
    ),
    Kept(
        model="findings.Finding",
        columns=(
            *("id", "public_id", "submission_id", "index", "submitter", "item_id"),
            *("title", "vendor", "product", "version", "purl", "claim", "digest", "root_cause"),
            *("state", "level", "duplicate_of_id", "rejection", "rejection_note"),
            *("marking", "received_at", "settled_at"),
        ),
        holds="The claimed flaw as its finder stated it, and what triage decided.",
        until=CREDIT,
        on_export="Its organisation's export holds the claim and what was decided, as that organisation may know it.",
        on_deletion="Nothing is dropped: a decision is taken back, never erased.",
    ),
    Kept(
        model="findings.Comparison",
        columns=("finding_id", "at"),
        holds="That a finding was compared with the others, and when.",
        until=CREDIT,
        on_export="Stays: it is the node's own work.",
        on_deletion="Nothing is dropped: it tells of work that was done.",
    ),
    Kept(
        model="findings.Likeness",
        columns=("id", "finding_id", "other_id", "answer", "probability", "reasons", "at"),
        holds="Which reports may be one flaw, how probably and why; for coordinators alone.",
        until=CREDIT,
        on_export="Stays: no finder learns that another reported something like it.",
        on_deletion="Nothing is dropped: what a coordinator was shown stays on record.",
    ),
    Kept(
        model="findings.Weighed",
        columns=("finding_id", "weakness", "impact"),
        holds="Which kind of weakness and what impact a finding claims, for its place in the queue.",
        until=CREDIT,
        on_export="Stays: its claim says it, and the export holds that.",
        on_deletion="Nothing is dropped: it is what its finder claimed.",
    ),
    Kept(
        model="findings.Place",
        columns=(
            *("finding_id", "number", "by_age", "chance", "low", "high"),
            *("judged", "real", "minutes", "at"),
        ),
        holds="Where a finding stands in the queue, and what is believed of it; for coordinators alone.",
        until="Until the order is worked out anew, or the finding is decided.",
        on_export="Stays: no finder learns how their claims are believed.",
        on_deletion="Ends when the finding is decided.",
    ),
    Kept(
        model="findings.Turn",
        columns=("id", "source", "number"),
        holds="Which organisation last had its turn by age, under an opaque id.",
        until=CREDIT,
        on_export="Stays: it is the node's own count.",
        on_deletion="Stays: it is a count.",
    ),
    Kept(
        model="findings.EvidenceReceipt",
        columns=(
            *("id", "public_id", "finding_id", "level", "party", "recorded_by"),
            *("entry_point", "controlled_by", "note", "at"),
        ),
        holds="Who has shown a finding, how, and when.",
        until=CREDIT,
        on_export="With its finding.",
        on_deletion="A person's erasure blanks their name in orgs; the opaque id stays.",
    ),
)
