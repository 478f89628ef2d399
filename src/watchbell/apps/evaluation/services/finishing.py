"""This will close a run that was taken in: its counts, how it differs from the protocol, and the gateway's own count.

That the log tells of other calls than the gateway let through is a fact that stands with the run, not a refusal:
an endpoint that was tried again makes more of them, and a clock that is off finds others.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements.queries import Called
from watchbell.apps.engagements.services.standing import held, record
from watchbell.apps.evaluation.models import Run, Sample
from watchbell.apps.evaluation.queries import span_of
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.apps.evaluation.words import Deviation
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation.fingerprints import Fingerprint
from watchbell.domain.handling import Actor
from watchbell.domain.lifecycle.run import RUN, RunEvent
from watchbell.formats.eval_log import EvalLog, Log
from watchbell.formats.eval_sample import LoggedSample


@dataclass(slots=True)
class Told:
    """What the samples of a log tell together: calls (None once one does not tell its), tokens, and their span.

    What an earlier log of the protocol told already, as the log of a resumed run does, is not counted again.
    """

    calls: int | None = 0
    tokens: int = 0
    began: datetime | None = None
    ended: datetime | None = None

    def add(self, sample: LoggedSample, *, is_counted: bool = False) -> None:
        """Add one sample; the time of one that is counted already belongs to the log as well."""
        if not is_counted:
            self.calls = None if self.calls is None or sample.calls is None else self.calls + sample.calls
            self.tokens += sample.total_tokens
        if sample.began is not None:
            self._reach(sample.began, sample.began + timedelta(milliseconds=sample.wall_ms))

    def add_fingerprints(self, fingerprints: tuple[Fingerprint, ...], *, counted: tuple[Fingerprint, ...]) -> None:
        """Add the calls of fingerprints, which may begin before the first sample and end after the last one."""
        for one in fingerprints:
            if one not in counted:
                self.calls = None if self.calls is None else self.calls + one.number
            self._reach(one.at, one.at + timedelta(seconds=one.seconds))

    def _reach(self, began: datetime, over: datetime) -> None:
        self.began = min(self.began or began, began)
        self.ended = max(self.ended or over, over)


@transaction.atomic
def finish(run: Run, log: Log, told: Told, value: rules.Protocol, *, refused: int, by: Actor, now: datetime) -> None:
    """Write what came of a run and end it; one that is over stays as it is."""
    engagement = held(engagement_of(run.protocol))
    run.refresh_from_db()
    if run.stands.is_over:
        return
    began, ended = _span(log.head, told)
    span, alias = span_of(began, ended), value.model.alias
    called = engagements.calls_between(engagement, *span, model=alias) if run.arm == 0 else None
    outcomes = Counter(Sample.objects.filter(run=run).values_list("outcome", flat=True))
    changed = {
        "state": RUN.next(run.stands, RunEvent.END),
        "began_at": began,
        "ended_at": ended,
        "finished_at": now,
        "listed": log.listed,
        "recovered": log.recovered,
        "refused": refused,
        "outcomes": dict(sorted(outcomes.items())),
        "calls_logged": told.calls,
        "tokens_logged": told.tokens,
        "calls_admitted": called.calls if called else None,
        "tokens_charged": called.tokens if called else None,
        "deviations": [one.value for one in _deviations(log.head, told, value, called)],
    }
    if not Run.objects.filter(pk=run.pk, state=run.state).update(**changed):
        return
    record(
        "evaluation.log_imported",
        engagement,
        by=by,
        now=now,
        digests={"log": run.log_digest},
        run=run.public_id,
        recovered=log.recovered,
        refused=refused,
        calls_logged=told.calls,
        calls_admitted=called.calls if called else None,
    )


def _span(head: EvalLog, told: Told) -> tuple[datetime, datetime]:
    began = min(head.began, told.began or head.began)
    return began, max(began, head.ended or began, told.ended or began)


def _deviations(head: EvalLog, told: Told, value: rules.Protocol, called: Called | None) -> Iterator[Deviation]:
    if not head.is_whole:
        yield Deviation.CUT_OFF
    if head.was_edited:
        yield Deviation.EDITED_AFTER_THE_RUN
    if head.epochs != value.epochs:
        yield Deviation.OTHER_EPOCHS
    if value.scaffold.name not in head.scaffold:
        yield Deviation.OTHER_SCAFFOLD
    if called is not None and told.calls is not None and told.calls > called.calls:
        yield Deviation.MORE_CALLS_THAN_ADMITTED
