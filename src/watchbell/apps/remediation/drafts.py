"""What should the row of one vulnerability say today? Worked out from facts alone, before the database is touched."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from watchbell.apps.inventory.reach import Reach, Subject
from watchbell.apps.remediation.models import SUBJECT_LENGTH
from watchbell.apps.remediation.words import Clock
from watchbell.apps.vulnerabilities.queries import Facts
from watchbell.domain.priority import Because, Exposure, Priority, assess, clock_starts_at, due_at, rank, zone_named
from watchbell.domain.priority.cvss import score

NO_DATE = datetime(9999, 12, 31, tzinfo=UTC)
"""Where a row without a due date stands in the order: after every date."""

STRICT = "strict"
"""The policy's sentence for an outcome that was counted at its worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything a row says that follows from what is published and what is run; people's own deeds are not here."""

    group_id: str
    display_id: str
    title: str
    tier: str
    exposures: int
    undetermined: int
    quieted: int
    quiet_place: int
    assets: int
    exposed: str
    in_kev: bool
    outcome: str
    low: str
    high: str
    drawn: str
    band: str
    backlog: bool
    reason: dict[str, Any]
    rank: int
    due_at: datetime | None
    order_at: datetime
    clock_started_at: datetime
    clock: str
    forensics_offered: bool
    forensics_required: bool
    subject_code: str
    subject_name: str
    fix_version: str
    fix_place: bytes

    def columns(self) -> dict[str, Any]:
        """Return the values by column."""
        return {name: getattr(self, name) for name in self.__slots__}


def draft(reach: Reach, facts: Facts, *, zone: str, now: datetime, strict: bool = False) -> Draft:
    """Return what the row of this vulnerability says for an operator in this zone."""
    priority = assess(facts.on(reach.exposed), strict=strict)
    listed = (facts.kev_known_at if facts.in_kev else facts.known_at) or facts.listing_known_at or now
    starts = clock_starts_at(listing_known_at=listed, fix_known_at=facts.fix_known_at)
    due = None if priority.due_days is None else due_at(starts_at=starts, days=priority.due_days, zone=readable(zone))
    code, name, fixed, place = _update(reach.subjects)
    return Draft(
        group_id=facts.public_id,
        display_id=facts.display_id,
        title=facts.summary[:500],
        tier=reach.tier.value,
        exposures=reach.exposures,
        undetermined=reach.undetermined,
        quieted=reach.quieted,
        quiet_place=0 if facts.in_kev and reach.exposed is not Exposure.NO else 1,
        assets=reach.assets,
        exposed=reach.exposed.value,
        in_kev=facts.in_kev,
        outcome=priority.outcome.value,
        low=priority.low.value,
        high=priority.high.value,
        drawn=priority.drawn.value,
        band=priority.band.value,
        backlog=priority.backlog,
        reason=_reason(priority),
        rank=rank(priority, epss=facts.epss, cvss=_score(facts.cvss_vector)),
        due_at=due,
        order_at=due or NO_DATE,
        clock_started_at=starts,
        clock=Clock.FIX.value if starts > listed else Clock.LISTING.value,
        forensics_offered=priority.forensics_offered,
        forensics_required=priority.forensics_required,
        subject_code=code,
        subject_name=name,
        fix_version=fixed,
        fix_place=place,
    )


def readable(zone: str) -> str:
    """Return the organisation's zone, or UTC where nobody knows one of that name."""
    try:
        zone_named(zone)
    except ValueError:
        return "UTC"
    return zone


@lru_cache(maxsize=8192)
def _score(vector: str | None) -> float | None:
    try:
        return score(vector) if vector else None
    except ValueError:
        return None


def _reason(priority: Priority) -> dict[str, Any]:
    """Return the sentences as keys and values, for the page to say in the reader's language."""
    return {
        "why": _sentence(priority.reason),
        "would_be": _sentence(priority.would_be) if priority.would_be else None,
        "inputs": priority.inputs.record(),
        "policy": priority.policy,
        "table": priority.table,
    }


def is_strict(reason: Mapping[str, Any]) -> bool:
    """Return whether a row with this reason counts what is not known at its worst."""
    return bool(reason) and reason["why"]["key"] == STRICT


def _sentence(sentence: Because) -> dict[str, Any]:
    return {"key": sentence.key, "values": dict(sentence.values)}


def _update(subjects: tuple[Subject, ...]) -> tuple[str, str, str, bytes]:
    """Return what one update would be: its code, name, version and place; "" where something has no fix yet."""
    if len(subjects) == 1:
        one = subjects[0]
        return one.code, one.name, one.fixed, one.place
    code = "+".join(one.code for one in subjects)
    if len(code) > SUBJECT_LENGTH:
        kind = "many:product:" if "product:" in code else "many:"
        code = kind + hashlib.sha256(code.encode()).hexdigest()
    fixed = ", ".join(f"{one.name} {one.fixed}" for one in subjects) if all(one.fixed for one in subjects) else ""
    return code, ", ".join(one.name for one in subjects)[:1000], fixed[:1000], b""
