"""What of an engagement must nobody but its developer widen, and when is one state of it wider than another?"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchbell.voluntary.stage import Stage
from watchbell.voluntary.tables import Row, rows

FOREVER = datetime.max.replace(tzinfo=UTC)
OPEN = frozenset({"draft", "offered", "agreed", "active"})
BOUNDS = ("requests", "tokens", "cost", "per_minute", "at_once")


@dataclass(frozen=True)
class Reach:
    """How far one engagement reaches."""

    state: str
    ends_at: datetime | None
    """None while it has no window."""
    evidence_until: datetime
    people: frozenset[str]
    terms: tuple[str, ...]
    scope: tuple[str, ...]
    bounds: tuple[float, ...]
    custody: str
    is_paused: bool
    has_access_key: bool
    latest_token: datetime | None


@dataclass(frozen=True)
class Facts:
    """Everything that only the developer decides, as the tables have it."""

    reaches: dict[str, Reach]
    releases: dict[str, tuple[datetime | None, datetime | None]]
    windows: dict[str, datetime]
    determinations: tuple[tuple[object, ...], ...]
    partners: frozenset[str]
    owners: frozenset[str]
    """The organisations that have a model here."""


def facts(stage: Stage) -> Facts:
    """Return everything that only the developer decides."""
    names: tuple[str, ...] = getattr(stage.keys, "names", tuple)()
    seats, versions, grants, tokens = rows("seat"), rows("termsversion"), rows("grant"), rows("gatewaytoken")
    models = {row["id"]: row for row in rows("modelversion")}
    reaches = {}
    for row in rows("engagement"):
        own = {
            "seats": [one for one in seats if one["engagement_id"] == row["id"]],
            "versions": [one for one in versions if one["engagement_id"] == row["id"]],
            "tokens": [one for one in tokens if one["engagement_id"] == row["id"] and one["ended_at"] is None],
        }
        [grant] = [one for one in grants if one["engagement_id"] == row["id"]]
        reaches[row["public_id"]] = _reach(row, grant, own, names)
    return Facts(
        reaches=reaches,
        releases={row["public_id"]: (row["partner_release_at"], row["public_release_at"]) for row in models.values()},
        windows={row["engagement"]: row["ends_at"] for row in rows("usedwindow")},
        determinations=tuple(tuple(row.values()) for row in rows("determination")),
        partners=frozenset(row["public_id"] for row in rows("partner")),
        owners=frozenset(row["organisation"] for row in models.values()),
    )


def _reach(row: Row, grant: Row, own: dict[str, list[Row]], names: tuple[str, ...]) -> Reach:
    is_open = row["state"] in OPEN
    return Reach(
        state=row["state"],
        ends_at=row["ends_at"] if is_open else row["ends_at"] and min(row["ends_at"], row["ended_at"]),
        evidence_until=_evidence_until(row),
        people=frozenset(
            one["person"] for one in own["seats"] if one["admitted_at"] is not None and one["ended_at"] is None
        ),
        terms=tuple(one["offer_digest"] for one in own["versions"]),
        scope=(str(grant["dialects"]),),
        bounds=tuple(float("inf") if grant[name] is None else grant[name] for name in BOUNDS),
        custody=hashlib.sha256(grant["sealed_endpoint"]).hexdigest(),
        is_paused=row["paused_at"] is not None,
        has_access_key=f"access-{row['public_id']}" in names,
        latest_token=max((one["expires_at"] for one in own["tokens"]), default=None),
    )


def _evidence_until(row: Row) -> datetime:
    """Return until when evidence can be there at the latest: without a window, nobody can say yet."""
    if row["evidence_gone_at"] is not None:
        return datetime.min.replace(tzinfo=UTC)
    if row["evidence_until"] is not None:
        until: datetime = row["evidence_until"]
        return until
    if row["ends_at"] is None:
        return FOREVER
    ends_at: datetime = row["ends_at"]
    return ends_at + timedelta(days=row["evidence_days"])


def widened(before: Facts, after: Facts) -> str:
    """Return what reaches further than before, or nothing."""
    for name, was in before.reaches.items():
        if what := _wider(was, after.reaches[name]):
            return what
    for name, end in after.windows.items():
        if name not in before.windows or end > before.windows[name]:
            return "a window came to be, or counts as longer"
    return ""


def _wider(was: Reach, now: Reach) -> str:
    checks = {
        "the end is later": now.ends_at is not None and (was.ends_at is None or now.ends_at > was.ends_at),
        "evidence stays longer": now.evidence_until > was.evidence_until,
        "more people are let in": not now.people <= was.people,
        "the terms are others": now.terms != was.terms,
        "the scope is another": now.scope != was.scope,
        "a bound is higher": any(after > before for before, after in zip(was.bounds, now.bounds, strict=True)),
        "the model is reached elsewhere": now.custody != was.custody,
        "a pause is over": was.is_paused and not now.is_paused,
        "a key for access came to be": now.has_access_key and not was.has_access_key,
        "an ended one is open again": was.state not in OPEN and now.state in OPEN,
        "a token outlives the window": now.latest_token is not None
        and (now.ends_at is None or now.latest_token > now.ends_at),
    }
    return next((what for what, is_so in checks.items() if is_so), "")


def decided(before: Facts, after: Facts) -> str:
    """Return which of the developer's own decisions is another than before, or nothing."""
    if any(after.releases.get(name) != dates for name, dates in before.releases.items()):
        return "a release date is another"
    if after.determinations != before.determinations:
        return "what is noted of a determination is another"
    if after.partners != before.partners:
        return "another partner is chosen"
    return ""


def came_to_be(before: Facts, after: Facts) -> set[str]:
    """Return the engagements that were not there before."""
    return set(after.reaches) - set(before.reaches)
