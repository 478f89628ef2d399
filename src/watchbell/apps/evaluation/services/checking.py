"""Is this log of this protocol, and of which part? Which model, which suite and version, which budget, and when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchbell.apps.evaluation.models import Benchmark, Commitment, Containment, Protocol
from watchbell.apps.evaluation.services.registering import opened_seed
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Suite
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.suites.canary import canary_of
from watchbell.formats.eval_log import EvalLog
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a log belongs: its suite with the items asked for (family and level by name), its model and its budget."""

    suite: Suite
    arm: int
    budget: int
    items: Mapping[str, tuple[str, int]]


def place_of(head: EvalLog, row: Protocol, value: rules.Protocol, engagement: "Engagement") -> Place:
    """Return where a log belongs in a protocol; raises Refused where it does not."""
    suite = value.suite_of(head.task) or next(
        (one for one in value.suites if head.task.endswith(f"/{one.short}")), None
    )
    if suite is None:
        raise _other("task", Sentence("The protocol does not name {task}.", task=head.task[:100]), "/eval/task")
    if head.task_version != suite.version:
        message = Sentence(
            "The protocol has version {ours}, the log {theirs}.", ours=suite.version, theirs=head.task_version[:50]
        )
        raise _other("task-version", message, "/eval/task_version")
    arm = next((at for at, name in enumerate(value.models) if head.is_of(name)), None)
    if arm is None:
        raise _other("model", Sentence("The protocol does not name {model}.", model=head.model[:100]), "/eval/model")
    if head.token_limit not in value.budgets:
        found = "none" if head.token_limit is None else str(head.token_limit)
        message = Sentence("The log's token limit is {found}, which is no budget of the protocol.", found=found)
        raise _other("budget", message, "/eval/config/token_limit")
    _require_time(head, row, engagement, is_candidate=arm == 0)
    items = {item: (family, level) for item, family, level in suite.items()}
    return Place(suite=suite, arm=arm, budget=head.token_limit or 0, items=items)


def canaries_of(row: Protocol, value: rules.Protocol, *, keys: Keystore) -> tuple[str, ...]:
    """Return the texts that stand in this protocol's items and nowhere else."""
    return tuple(_canaries(row, value, keys))


def _canaries(row: Protocol, value: rules.Protocol, keys: Keystore) -> Iterator[str]:
    whose = ["", engagement_of(row).evaluator]
    for suite in value.suites:
        for found in Benchmark.objects.filter(name=suite.benchmark, version=suite.version, organisation__in=whose):
            if found.canary:
                yield found.canary
    for commitment in Commitment.objects.filter(engagement=row.engagement):
        yield canary_of(opened_seed(commitment, keys=keys)[0])


def _require_time(head: EvalLog, row: Protocol, engagement: "Engagement", *, is_candidate: bool) -> None:
    """Raise Refused for a log that began before the lock, after a later version's, or outside the window.

    Inspect writes whole seconds, so the second of the lock counts as after it.
    """
    if row.locked_at is None:
        raise _when("not-locked", "The protocol is not locked.", "Lock it before the first call")
    began = min(head.created, head.began)
    if began < row.locked_at.replace(microsecond=0):
        raise _when("before-lock", "The log began before the protocol was locked.", "Run it again")
    newer = Protocol.objects.filter(supersedes=row, locked_at__lte=began).first()
    if newer is not None:
        todo = Sentence("Import it under version {number}", number=newer.number)
        raise _when("superseded", "The log began after a newer version was locked.", todo)
    if not is_candidate:
        return
    if engagement.ends_at is None or began >= min(engagement.ends_at, engagement.ended_at or engagement.ends_at):
        raise _when("outside-window", "The log began outside the window of access.", "Check the machine's clock")
    signed = Containment.objects.filter(protocol=row).values_list("at", flat=True).first()
    if signed is None or began < signed.replace(microsecond=0):
        message = "The log began before the statement about containment was signed."
        raise _when("no-containment", message, "Sign the statement, and run it again")


def _other(code: str, message: str, place: str) -> Refused:
    todo = "Run what was locked, or amend the protocol and say why"
    return refuse(f"other-{code}", message, place=place, todo=todo)


def _when(code: str, message: str, todo: str) -> Refused:
    return refuse(code, message, place="/eval/created", todo=todo)
