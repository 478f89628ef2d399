"""Every change to evaluations: from a registered benchmark to a report handed on, and what is forgotten."""

from watchbell.apps.evaluation.services.built_in import BUILT_IN, register_built_in
from watchbell.apps.evaluation.services.carrying import Means, carry_out, tend_runs
from watchbell.apps.evaluation.services.containing import (
    Happened,
    containment_to_sign,
    mint_run_token,
    mint_token,
    report_incident,
    require_contained,
    settle_incident,
    sign_containment,
)
from watchbell.apps.evaluation.services.filling import TakenIn
from watchbell.apps.evaluation.services.flaws import (
    Send,
    Sent,
    is_read_by,
    open_flaw,
    opened_flaw,
    report_flaw,
    send_flaw_on,
)
from watchbell.apps.evaluation.services.handing_on import (
    MOST_COMMENT,
    comment,
    consent,
    handed_on,
    open_handed_on,
    preview,
    withdraw_consent,
)
from watchbell.apps.evaluation.services.incidents import TOLD_WITHIN, incident_record, open_incident
from watchbell.apps.evaluation.services.keeping import REPORT_KEY, comment_of, signed_bytes
from watchbell.apps.evaluation.services.kits import run_kit
from watchbell.apps.evaluation.services.planning import (
    IsLocked,
    NotReady,
    amend,
    change_draft,
    draft_protocol,
    lock,
    open_protocol,
    reason_of,
)
from watchbell.apps.evaluation.services.registering import (
    SEEDS,
    RegisteredOtherwise,
    commit_seed,
    register_benchmark,
    reveal_seed,
    seed_of,
)
from watchbell.apps.evaluation.services.reporting import issue_report, open_report
from watchbell.apps.evaluation.services.reviewing import Noted, note_transcript, words_of
from watchbell.apps.evaluation.services.rounds import make_round
from watchbell.apps.evaluation.services.running import (
    CARRY,
    Part,
    cancel_run,
    go_on_with_run,
    pause_run,
    require_startable,
    start_run,
    why_not_here,
)
from watchbell.apps.evaluation.services.sealed import import_sealed_result
from watchbell.apps.evaluation.services.standing import engagement_of, opened
from watchbell.apps.evaluation.services.taking_in import LogFile, import_log
from watchbell.apps.evaluation.services.transcripts import open_samples, open_transcript

__all__ = [
    "BUILT_IN",
    "CARRY",
    "MOST_COMMENT",
    "REPORT_KEY",
    "SEEDS",
    "TOLD_WITHIN",
    "Happened",
    "IsLocked",
    "LogFile",
    "Means",
    "NotReady",
    "Noted",
    "Part",
    "RegisteredOtherwise",
    "Send",
    "Sent",
    "TakenIn",
    "amend",
    "cancel_run",
    "carry_out",
    "change_draft",
    "comment",
    "comment_of",
    "commit_seed",
    "consent",
    "containment_to_sign",
    "draft_protocol",
    "engagement_of",
    "go_on_with_run",
    "handed_on",
    "import_log",
    "import_sealed_result",
    "incident_record",
    "is_read_by",
    "issue_report",
    "lock",
    "make_round",
    "mint_run_token",
    "mint_token",
    "note_transcript",
    "open_flaw",
    "open_handed_on",
    "open_incident",
    "open_protocol",
    "open_report",
    "open_samples",
    "open_transcript",
    "opened",
    "opened_flaw",
    "pause_run",
    "preview",
    "reason_of",
    "register_benchmark",
    "register_built_in",
    "report_flaw",
    "report_incident",
    "require_contained",
    "require_startable",
    "reveal_seed",
    "run_kit",
    "seed_of",
    "send_flaw_on",
    "settle_incident",
    "sign_containment",
    "signed_bytes",
    "start_run",
    "tend_runs",
    "why_not_here",
    "withdraw_consent",
    "words_of",
]
