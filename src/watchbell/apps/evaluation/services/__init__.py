"""Every change to evaluations: register, draft, lock, amend, sign, run, take in, halt, report, reveal, forget."""

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
from watchbell.apps.evaluation.services.taking_in import LogFile, TakenIn, import_log
from watchbell.apps.evaluation.services.transcripts import open_transcript

__all__ = [
    "BUILT_IN",
    "CARRY",
    "REPORT_KEY",
    "SEEDS",
    "Happened",
    "IsLocked",
    "LogFile",
    "Means",
    "NotReady",
    "Part",
    "RegisteredOtherwise",
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
    "issue_report",
    "lock",
    "make_round",
    "mint_run_token",
    "mint_token",
    "open_protocol",
    "open_report",
    "open_transcript",
    "opened",
    "pause_run",
    "reason_of",
    "register_benchmark",
    "register_built_in",
    "report_incident",
    "require_contained",
    "require_startable",
    "reveal_seed",
    "run_kit",
    "seed_of",
    "settle_incident",
    "sign_containment",
    "signed_bytes",
    "start_run",
    "tend_runs",
    "why_not_here",
]
