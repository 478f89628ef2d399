"""Every change to evaluations: register, draft, lock, amend, sign, take in, halt, reveal, forget."""

from watchbell.apps.evaluation.services.containing import (
    Happened,
    containment_to_sign,
    mint_run_token,
    report_incident,
    require_contained,
    settle_incident,
    sign_containment,
)
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
from watchbell.apps.evaluation.services.rounds import make_round
from watchbell.apps.evaluation.services.sealed import import_sealed_result
from watchbell.apps.evaluation.services.standing import engagement_of, opened
from watchbell.apps.evaluation.services.taking_in import LogFile, TakenIn, import_log
from watchbell.apps.evaluation.services.transcripts import open_transcript

__all__ = [
    "SEEDS",
    "Happened",
    "IsLocked",
    "LogFile",
    "NotReady",
    "RegisteredOtherwise",
    "TakenIn",
    "amend",
    "change_draft",
    "commit_seed",
    "containment_to_sign",
    "draft_protocol",
    "engagement_of",
    "import_log",
    "import_sealed_result",
    "lock",
    "make_round",
    "mint_run_token",
    "open_protocol",
    "open_transcript",
    "opened",
    "reason_of",
    "register_benchmark",
    "report_incident",
    "require_contained",
    "reveal_seed",
    "seed_of",
    "settle_incident",
    "sign_containment",
]
