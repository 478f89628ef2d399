"""How does a finding look to its own finder? As if nobody else had reported the same flaw.

A report linked to somebody else's moves with it: what is decided and shown there counts here,
in the finder's own journal too, and nothing names or counts the other report. Three things
stay out. What was shown before the link: a finding that is valid and shown in one instant
was another's before. The vendor's word (E4): it is given in a case, and whoever is not in
that case would learn of it. What a finder showed themselves: it is no evidence for them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import Q

from watchbell.apps.findings.models import EvidenceReceipt, Finding
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.lifecycle import Finding as State

REPRODUCED = (EvidenceLevel.E2_REPRODUCED, EvidenceLevel.E3_REPRODUCED_BY_TWO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a finder sees of their finding; `original` is their own first report of it."""

    state: State
    level: EvidenceLevel
    settled_at: datetime | None
    original: str = ""
    rejection: str = ""
    rejection_note: str = ""


def links(finding: Finding) -> list[Finding]:
    """Return this finding, the report it is linked to, and so on to the first; links never form a circle."""
    found = [finding]
    while found[-1].duplicate_of is not None:
        found.append(found[-1].duplicate_of)
    return found


def followers(finding: Finding) -> list[Finding]:
    """Return every report that leads to this one, oldest first, without its claim."""
    found: dict[int, Finding] = {}
    newest = [finding.pk]
    while newest:
        rows = Finding.objects.filter(duplicate_of__in=newest).select_related("submission").defer("claim")
        newest = [row.pk for row in rows if row.pk not in found]
        found |= {row.pk: row for row in rows}
    return [found[key] for key in sorted(found)]


def is_foreign(finding: Finding) -> bool:
    """Return whether its finder sees this finding through somebody else's report."""
    others = links(finding)[1:]
    return bool(others) and all(one.submitter != finding.submitter for one in others)


def seen(finding: Finding) -> Seen:
    """Return this finding as its finder may know it."""
    chain = links(finding)
    own = next((at for at, one in enumerate(chain) if at and one.submitter == finding.submitter), len(chain))
    first, path = chain[-1], chain[:own]
    level = max(EvidenceLevel(finding.level), *_levels(_receipts_since_linked(path), finding.submitter))
    if own < len(chain):
        since = _latest(path)
        return Seen(state=State.DUPLICATE, level=level, settled_at=since, original=chain[own].public_id)
    is_rejected = first.state == State.REJECTED
    return Seen(
        state=State(first.state),
        level=level,
        settled_at=_latest(path) if first.settled_at else None,
        rejection=first.rejection,
        rejection_note=finding.rejection_note if is_rejected else "",
    )


def _latest(path: Iterable[Finding]) -> datetime | None:
    """Return when the last of these was settled: what is shown became so for this finder then, and not before."""
    return max((one.settled_at for one in path if one.settled_at), default=None)


def _receipts_since_linked(path: list[Finding]) -> list[EvidenceReceipt]:
    """Return what was shown of each further report since the one before was linked to it."""
    wanted = Q()
    for linked, to in pairwise(path):
        wanted |= Q(finding=to, at__gte=linked.settled_at)
    return list(EvidenceReceipt.objects.filter(wanted)) if wanted else []


def _levels(receipts: list[EvidenceReceipt], finder: str) -> Iterator[EvidenceLevel]:
    """Yield the levels that parties other than this finder have shown, and always the lowest."""
    yield EvidenceLevel.E0_ASSERTED
    said = {one.level for one in receipts}
    others = {one.party for one in receipts if one.level in REPRODUCED} - {finder}
    if EvidenceLevel.E1_STATICALLY_CONFIRMED in said:
        yield EvidenceLevel.E1_STATICALLY_CONFIRMED
    if others:
        yield EvidenceLevel.E2_REPRODUCED
    if EvidenceLevel.E3_REPRODUCED_BY_TWO in said and len(others) > 1:
        yield EvidenceLevel.E3_REPRODUCED_BY_TWO
