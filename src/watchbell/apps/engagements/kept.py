"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

RECORD = "Stays while the node keeps its record: it holds no content, only ids, moments, counts and digests."
OWN_LOG = "The access log's export holds it, for the developer and the evaluator."
NAMES_NOBODY = "Nothing personal is in it."
OPAQUE = "A person stands here by an opaque id; erasing the account leaves the id without a name."

KEPT = (
    Kept(
        model="engagements.ModelVersion",
        columns=(
            *("id", "public_id", "organisation", "digest", "sealed_name", "registered_at"),
            *("partner_release_at", "public_release_at"),
        ),
        holds="A developer's model by its digest, its name sealed, and the developer's two release dates.",
        until=RECORD,
        on_export="The developer's pages and interface give it.",
        on_deletion="The name goes with the node's key for names; digest and dates stay: nothing resets thirty days.",
    ),
    Kept(
        model="engagements.UsedWindow",
        columns=("id", "organisation", "digest", "engagement", "starts_at", "ends_at"),
        holds="From when until when a model could be used, and under which engagement.",
        until=RECORD,
        on_export="The developer's pages show it.",
        on_deletion="Stays, so that deleting and beginning anew cannot reset a model's thirty days.",
    ),
    Kept(
        model="engagements.Engagement",
        columns=(
            *("id", "public_id", "model_id", "developer", "evaluator", "state", "created_at", "reply_by"),
            *("starts_at", "ends_at", "seen_at", "ended_at", "paused_at"),
            *("evidence_days", "evidence_goes_on_withdrawal", "evidence_until", "evidence_gone_at"),
        ),
        holds="Between whom, where it stands, and its moments.",
        until=RECORD,
        on_export=OWN_LOG,
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="engagements.TermsVersion",
        columns=("id", "engagement_id", "number", "digest", "offer_digest", "sealed", "at"),
        holds="The terms, sealed under the evidence key, and their digests.",
        until="The terms: the evidence date that the developer signed. Their digests stay.",
        on_export="Both parties download what they sign, and keep it.",
        on_deletion="The evidence key is destroyed: at the signed date, or on withdrawal.",
    ),
    Kept(
        model="engagements.SigningKey",
        columns=("id", "public_id", "organisation", "person", "public_key", "added_at", "retired_at"),
        holds="The public half of a key that a party holds itself, and who gave it.",
        until=RECORD,
        on_export="The organisation's pages show it.",
        on_deletion=OPAQUE,
    ),
    Kept(
        model="engagements.Signature",
        columns=(
            *("id", "engagement_id", "kind", "statement_digest", "sealed_payload", "organisation", "person"),
            *("public_key", "signature", "at"),
        ),
        holds="Who signed which statement; the statement itself is sealed under the evidence key.",
        until="The statement: the evidence date. Signature and digest stay.",
        on_export="Both parties download what they sign, and keep it.",
        on_deletion=OPAQUE,
    ),
    Kept(
        model="engagements.Seat",
        columns=("id", "public_id", "engagement_id", "person", "named_at", "admitted_at", "ended_at"),
        holds="Who had access, from when until when.",
        until=RECORD,
        on_export=OWN_LOG,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="engagements.Grant",
        columns=(
            *("id", "engagement_id", "sealed_endpoint", "endpoint_set_at", "requests", "tokens", "cost", "currency"),
            *("input_per_million", "output_per_million", "per_minute", "at_once", "opened_a_day"),
            *("dialects", "requests_used", "tokens_used", "cost_used", "minute", "calls_in_minute"),
        ),
        holds="The developer's endpoint and credential, sealed under the access key; limits and what is used of them.",
        until="Endpoint and credential: the end of access. Counts stay.",
        on_export="The engagement's page shows limits and counts.",
        on_deletion="The access key is destroyed when access ends, before the end is acknowledged.",
    ),
    Kept(
        model="engagements.GatewayToken",
        columns=(
            *("id", "public_id", "engagement_id", "person", "purpose", "secret_digest"),
            *("made_at", "expires_at", "ended_at"),
        ),
        holds="Whose token it was, what for and for how long; of its secret only a digest.",
        until=RECORD,
        on_export=OWN_LOG,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="engagements.AccessChain",
        columns=("id", "engagement_id", "writer", "size", "head", "anchored_size"),
        holds="How many lines one writer of an access log wrote, and the hash over them.",
        until=RECORD,
        on_export=OWN_LOG,
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="engagements.AccessLine",
        columns=("id", "chain_id", "engagement_id", "seq", "at", "what", "person", "entry", "hash"),
        holds="One touch: what, by whom, when, with digests and counts; never what was said.",
        until=RECORD,
        on_export=OWN_LOG,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="engagements.Call",
        columns=("id", "public_id", "engagement_id", "chain_id", "person", "tokens", "cost", "at", "until"),
        holds="A call that runs, and what is reserved for it.",
        until="It is settled, or half an hour.",
        on_export="Its lines in the access log say the same.",
        on_deletion=OPAQUE,
    ),
    Kept(
        model="engagements.SealedItem",
        columns=("id", "engagement_id", "key", "what", "digest", "at"),
        holds="The digest of each thing sealed under one of an engagement's keys.",
        until=RECORD,
        on_export="The destruction receipt lists it.",
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="engagements.Receipt",
        columns=("id", "public_id", "engagement_id", "key", "content", "public_key", "signature", "at"),
        holds="The node's signed statement that a key was destroyed, and what lay under it.",
        until=RECORD,
        on_export="Both parties download it.",
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="engagements.Partner",
        columns=("id", "public_id", "model_id", "partner", "offered_at", "consented_at", "ended_at"),
        holds="Which organisation a developer chose as a trusted partner, and since when both consent.",
        until=RECORD,
        on_export="Each side's pages show its own.",
        on_deletion=NAMES_NOBODY,
    ),
    Kept(
        model="engagements.Determination",
        columns=(
            *("id", "public_id", "model_id", "requested_at", "retracted_at"),
            *("outcome", "outcome_on", "signer", "noted_at"),
        ),
        holds="That a developer asked for a determination, and what it was told: outcome, date and signer.",
        until=RECORD,
        on_export="The developer's page shows it.",
        on_deletion="A signer is a name of office that the developer noted for itself.",
    ),
)
