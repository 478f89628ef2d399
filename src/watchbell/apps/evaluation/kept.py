"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

RECORD = "Stays while the node keeps its record: it holds no content, only ids, moments, counts and digests."
SEALED = "What is sealed: the evidence date that the developer signed. Ids, moments and digests stay."
AS_AGREED = "The evidence date, unless the signed terms keep it."
BOTH = "Both parties read it on their pages."
OPAQUE = "A person stands here by an opaque id; erasing the account leaves the id without a name."
NAMES_NOBODY = "Nothing personal is in it."

KEPT = (
    Kept(
        model="evaluation.Benchmark",
        columns=(
            *("id", "public_id", "organisation", "name", "version", "visibility", "needs", "content", "generator"),
            *("spdx", "families", "canary", "minutes", "known", "digest", "registered_at"),
        ),
        holds="One version of a benchmark by its digests, and what its controls earned; none of its items.",
        until="The organisation that registered it asks for its removal, and no protocol names it.",
        on_export="The organisation's pages show it.",
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="evaluation.Protocol",
        columns=(
            *("id", "public_id", "engagement", "line", "number", "supersedes_id", "digest", "sealed", "sealed_reason"),
            *("person", "drafted_at", "locked_at", "calls_before", "after_data", "kept", "forgotten_at"),
        ),
        holds="What is to be measured, and why it was amended: sealed under the evidence key; its digest and moments.",
        until=SEALED,
        on_export=BOTH,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="evaluation.Commitment",
        columns=(
            *("id", "public_id", "engagement", "benchmark_id", "commitment", "sealed", "committed_at", "revealed_at"),
            *("seed", "salt"),
        ),
        holds="The hash of the seed that drew the held-out items; when access is over, the seed itself.",
        until=RECORD,
        on_export=BOTH,
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="evaluation.Containment",
        columns=(
            *("id", "public_id", "engagement", "protocol_id", "digest", "sealed_payload", "organisation", "person"),
            *("public_key", "signature", "at"),
        ),
        holds="Who signed the statement about an evaluator's machines; the statement is sealed under the evidence key.",
        until=SEALED,
        on_export="The evaluator downloads what it signs, and keeps it.",
        on_deletion=OPAQUE,
    ),
    Kept(
        model="evaluation.Run",
        columns=(
            *("id", "public_id", "protocol_id", "source", "state", "suite", "arm", "budget", "log_digest", "eval_id"),
            *("blob", "person", "began_at", "ended_at", "received_at", "finished_at", "listed", "recovered", "refused"),
            *("outcomes", "calls_logged", "calls_admitted", "tokens_logged", "tokens_charged", "deviations"),
            *("asked_at", "carried", "token", "reason", "total", "kept", "done", "missing", "tokens_told"),
            *("carried_at", "told_at"),
        ),
        holds="One log by its digest: when it ran, how much of it was taken in, and the counts of calls on both sides.",
        until="Counts of outcomes: the evidence date, unless the signed terms keep scores. The rest stays.",
        on_export=BOTH,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="evaluation.Sample",
        columns=(
            *("id", "protocol_id", "run_id", "suite", "arm", "budget", "item", "epoch", "family", "level", "outcome"),
            *("limit", "credit", "input_tokens", "output_tokens", "total_tokens", "calls", "wall_ms", "answer"),
            *("digest", "place"),
        ),
        holds="What came of one item: outcome, tokens, time and digests; no text of anybody's.",
        until=AS_AGREED,
        on_export=BOTH,
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="evaluation.Fingerprint",
        columns=("id", "public_id", "run_id", "moment", "at", "number", "sealed"),
        holds="When an endpoint was asked neutral questions, and how many answers came; the answers are sealed.",
        until=SEALED,
        on_export="What they say together stands in the report.",
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="evaluation.Report",
        columns=(
            *("id", "public_id", "protocol_id", "number", "digest", "is_kept", "content", "public_key", "signature"),
            *("person", "issued_at", "comment", "commented_at"),
        ),
        holds="The issued report and the developer's comment; sealed (evidence key) unless the signed terms keep it.",
        until=AS_AGREED,
        on_export=BOTH,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="evaluation.HandedOn",
        columns=(
            *("id", "public_id", "report_id", "reader", "content", "public_key", "signature", "consented_at"),
            "ended_at",
        ),
        holds="What the developer lets others read of a report; sealed (evidence key) unless the signed terms keep it.",
        until="The developer withdraws its consent: then the content goes at once. Else as the report itself.",
        on_export=BOTH,
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="evaluation.Incident",
        columns=(
            *("id", "public_id", "engagement", "protocol_id", "run_id", "kind", "sealed_note", "person"),
            *("tokens_ended", "noticed_at", "told_at", "settled_at", "settled_by", "sealed_reason"),
        ),
        holds="That something left its scope, when it was seen, told and settled; its words are sealed (evidence key).",
        until=SEALED,
        on_export=BOTH,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="evaluation.Flaw",
        columns=(
            *("id", "public_id", "engagement", "key", "route", "sealed", "sealed_code", "submission", "person"),
            *("reported_at", "sent_as", "sent_at"),
        ),
        holds="That a flaw in other software was found, and where it was sent; its text is sealed (evidence key).",
        until=SEALED,
        on_export="Whoever the terms give it to takes it along from its page.",
        on_deletion=OPAQUE,
    ),
)
