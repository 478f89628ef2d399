"""Every change to evaluations: register, draft, lock, amend, sign, take in, halt, report, reveal, forget."""

from watchbell.apps.evaluation.services.built_in import BUILT_IN, register_built_in
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
from watchbell.apps.evaluation.services.reporting import (
    REPORT_KEY,
    comment,
    comment_of,
    consent,
    handed_on,
    issue_report,
    open_report,
    signed_bytes,
)
from watchbell.apps.evaluation.services.reviewing import Noted, note_transcript, words_of
from watchbell.apps.evaluation.services.rounds import make_round
from watchbell.apps.evaluation.services.sealed import import_sealed_result
from watchbell.apps.evaluation.services.standing import engagement_of, opened
from watchbell.apps.evaluation.services.taking_in import LogFile, TakenIn, import_log
from watchbell.apps.evaluation.services.transcripts import open_transcript

__all__ = [
    "BUILT_IN",
    "REPORT_KEY",
    "SEEDS",
    "Happened",
    "IsLocked",
    "LogFile",
    "NotReady",
    "Noted",
    "RegisteredOtherwise",
    "TakenIn",
    "amend",
    "change_draft",
    "comment",
    "comment_of",
    "commit_seed",
    "consent",
    "containment_to_sign",
    "draft_protocol",
    "engagement_of",
    "handed_on",
    "import_log",
    "import_sealed_result",
    "issue_report",
    "lock",
    "make_round",
    "mint_run_token",
    "mint_token",
    "note_transcript",
    "open_protocol",
    "open_report",
    "open_transcript",
    "opened",
    "reason_of",
    "register_benchmark",
    "register_built_in",
    "report_incident",
    "require_contained",
    "reveal_seed",
    "run_kit",
    "seed_of",
    "settle_incident",
    "sign_containment",
    "signed_bytes",
    "words_of",
]
