"""This will compare each finding with the others, and keep what a coordinator should look at beside it.

It only suggests: nothing is settled, linked or told to a finder, and whoever is not a
coordinator never learns that another report is like theirs.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from watchbell.apps.findings import claims
from watchbell.apps.findings.models import Comparison, Finding, Likeness
from watchbell.apps.jobs.progress import Progress
from watchbell.domain.canonical import canonical
from watchbell.domain.duplicates.answer import Answer
from watchbell.domain.duplicates.index import Index
from watchbell.domain.duplicates.report import Report, report_of
from watchbell.domain.duplicates.suggest import Suggestion, suggestions

KNOWN: Final = 50_000
"""The latest findings that are compared with each other: some 100 MB and half a minute to read them."""
MOST: Final = 3
AT_ONCE: Final = 100
LONGEST_REASON: Final = 1_000


def compare_new(*, now: datetime, progress: Progress) -> None:
    """Compare the findings nobody has compared yet with the latest `KNOWN`, and keep up to three of each.

    A pair is kept once, under the later finding. May run twice, and goes on where it stopped.
    """
    received = Finding.objects.filter(received_at__lte=now)
    waiting = list(received.filter(comparison=None).order_by("-pk").values_list("pk", flat=True)[:KNOWN])[::-1]
    if not waiting:
        return
    latest = list(received.order_by("-pk").values_list("pk", flat=True)[:KNOWN])
    known = {int(one.name): one for one in _reports(latest)}
    index = Index(known.values())
    progress.report(total=progress.done + len(waiting))
    for some in (waiting[at : at + AT_ONCE] for at in range(0, len(waiting), AT_ONCE)):
        rows = [row for pk in some if pk in known for row in _alike(index, known[pk], now)]
        with progress.step(done=progress.done + len(some)):
            Likeness.objects.bulk_create(rows, ignore_conflicts=True)
            Comparison.objects.bulk_create([Comparison(finding_id=pk, at=now) for pk in some], ignore_conflicts=True)


def _reports(keys: Sequence[int]) -> Iterator[Report]:
    """Yield findings as they are compared, named by their row; read some at a time."""
    for at in range(0, len(keys), 500):
        rows = Finding.objects.filter(pk__in=keys[at : at + 500]).values_list("pk", "claim")
        yield from (report_of(str(pk), claims.read(bytes(octets))) for pk, octets in rows)


def _alike(index: Index, report: Report, now: datetime) -> Iterator[Likeness]:
    for one in suggestions(index, report, most=MOST):
        if one.answer is not Answer.DIFFERENT:
            later, earlier = sorted((int(report.name), int(one.name)), reverse=True)
            yield Likeness(
                finding_id=later,
                other_id=earlier,
                answer=one.answer,
                probability=round(1000 * one.probability),
                reasons=_kept(one),
                at=now,
            )


def _kept(suggestion: Suggestion) -> bytes:
    """Return the reasons as canonical JSON: each sentence as it is packed, and its weight."""
    return canonical([[one.said.packed(LONGEST_REASON), round(one.weight, 2)] for one in suggestion.reasons])
