"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

RECORD = "Stays while the node keeps its record: a case is closed, never dropped."
PARTIES = "The export of each organisation that takes part holds what it may see."
OPAQUE = "A person's erasure blanks their name in orgs; opaque ids stay."

KEPT = (
    Kept(
        model="cases.Case",
        columns=(
            *("id", "public_id", "title", "organisation", "marking", "opened_at"),
            *("public_at", "exploit_public_at", "attacked_at", "closed_at"),
        ),
        holds="What is coordinated, by whom, and since when the world knows.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="cases.Participant",
        columns=(
            *("id", "public_id", "case_id", "organisation", "contact", "report", "consent", "consent_since"),
            *("joined_at", "left_at", "report_sent_at", "spoke_at", "awaits_first_word"),
            *("vendor_aware_at", "fix_ready_at", "fix_deployed_at"),
        ),
        holds="Who takes part and where they stand; `contact` names a party without an account.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Contacts are addresses of projects, not of persons; organisations stay under opaque ids.",
    ),
    Kept(
        model="cases.ParticipantRole",
        columns=("id", "participant_id", "role"),
        holds="What a participant is in the case.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="cases.Assignment",
        columns=("id", "case_id", "person", "organisation", "since"),
        holds="Which persons are named in a case.",
        until="Until their organisation leaves the case.",
        on_export="Each organisation's export holds its own people.",
        on_deletion=OPAQUE,
    ),
    Kept(
        model="cases.Embargo",
        columns=("id", "case_id", "state", "ends_at", "began_at", "ended_at"),
        holds="What was agreed to be kept quiet, and until when.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="cases.Proposal",
        columns=(
            *("id", "public_id", "embargo_id", "participant_id", "ends_at", "reply_by", "made_at"),
            *("state", "settled_at"),
        ),
        holds="Which ends were proposed by whom.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="cases.ProposalAnswer",
        columns=("id", "proposal_id", "participant_id", "agrees", "at"),
        holds="Who agreed and who did not.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion=OPAQUE,
    ),
    Kept(
        model="cases.CaseVulnerability",
        columns=("id", "public_id", "case_id", "title", "description", "cve", "cwe", "finder_severity"),
        holds="The flaws a case is about, in its finder's words.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="cases.VendorSeverity",
        columns=("id", "vulnerability_id", "participant_id", "vector", "at"),
        holds="How severe each vendor calls a flaw.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="cases.VendorStatus",
        columns=(
            *("id", "vulnerability_id", "participant_id", "product", "purl", "status", "justification", "statement"),
            *("affected_from", "fixed_in", "since"),
        ),
        holds="How each product stands to a flaw, as its vendor says.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="cases.Lane",
        columns=("id", "public_id", "case_id", "participant_id"),
        holds="Places to talk.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="cases.Message",
        columns=("id", "public_id", "lane_id", "author_id", "person", "text", "at"),
        holds="What was said, by which participant's member.",
        until=RECORD,
        on_export="The export of each organisation that may read the lane holds it.",
        on_deletion=OPAQUE,
    ),
    Kept(
        model="cases.CaseFinding",
        columns=("id", "case_id", "vulnerability_id", "finding"),
        holds="Which findings a case coordinates.",
        until=RECORD,
        on_export=PARTIES,
        on_deletion="Nothing personal is in it.",
    ),
)
