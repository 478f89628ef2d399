"""How many of these findings have come how far, and how long did each step take: found to deployed.

The first steps count what the viewer may know of. The last two count worklists: the viewer's own,
and of the operators that agreed to share counts only their sum, and only when at least five of
them are in it, so that no number speaks of one organisation.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from statistics import median

from watchbell.apps.advisories import queries as advisories
from watchbell.apps.cases import queries as cases
from watchbell.apps.findings import queries as findings
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.remediation import queries
from watchbell.apps.vulnerabilities import queries as published
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.lifecycle import Finding

FEWEST = 5
"""Organisations that must stand behind a sum of others' counts."""

MOST_ADVISORIES = 500
MOST_PARTS = 9
_DAY = 86400


class Stage(StrEnum):
    """How far something has come."""

    FOUND = "found"
    VALIDATED = "validated"
    DISCLOSED = "disclosed"
    FIXED = "fixed"
    PUBLISHED = "published"
    MATCHED = "matched"
    DEPLOYED = "deployed"


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: `count` things came this far, `median_days` after the step before; None where nothing may be said.

    `of` names what is counted: findings, or lines of worklists. `organisations` is how many operators
    stand behind it, where they do.
    """

    stage: Stage
    count: int | None
    median_days: float | None
    of: str = "findings"
    organisations: int = 0


@dataclass(frozen=True, slots=True)
class Funnel:
    """All steps in order, and the one on which most of what came so far is lost."""

    steps: tuple[Step, ...]
    narrowest: Stage | None


@dataclass(slots=True)
class _Story:
    """When one finding reached each stage."""

    at: dict[Stage, datetime] = field(default_factory=dict)


def funnel(viewer: Actor, *, now: datetime) -> Funnel:
    """Return how far what this viewer may know of has come at this moment."""
    stories = _stories(viewer, now)
    first = [_step(stories, stage, before) for before, stage in _pairs(Stage.FOUND, Stage.PUBLISHED)]
    steps = (Step(Stage.FOUND, len(stories), None), *first, *_deployment(viewer, now))
    return Funnel(steps, _narrowest(steps[: len(first) + 1]))


def _pairs(first: Stage, last: Stage) -> list[tuple[Stage, Stage]]:
    order = list(Stage)[list(Stage).index(first) : list(Stage).index(last) + 1]
    return list(pairwise(order))


def _stories(viewer: Actor, now: datetime) -> list[_Story]:
    stories: dict[str, _Story] = {}
    rows = findings.visible_to(viewer, now=now).select_related("duplicate_of").defer("claim")
    for one in (findings.shown(row, viewer) for row in rows.iterator()):
        story = stories.setdefault(one.public_id, _Story({Stage.FOUND: one.received_at}))
        if one.state is Finding.VALID and one.settled_at:
            story.at[Stage.VALIDATED] = one.settled_at
    _add_cases(stories, viewer, now)
    return list(stories.values())


def _add_cases(stories: dict[str, _Story], viewer: Actor, now: datetime) -> None:
    """This will add when a vendor was told, had a fix, and when it was published, for the cases the viewer is in."""
    issued = dict(advisories.public(now=now).values_list("case", "published_at"))
    rows = cases.visible_to(viewer, now=now).values_list(
        "public_id", "findings__finding", "participants__report_sent_at", "participants__fix_ready_at"
    )
    for case, finding, sent_at, ready_at in rows:
        story = stories.get(finding)
        if story is None:
            continue
        _reach(story, Stage.DISCLOSED, sent_at)
        _reach(story, Stage.FIXED, ready_at)
        _reach(story, Stage.PUBLISHED, issued.get(case))


def _reach(story: _Story, stage: Stage, at: datetime | None) -> None:
    if at is not None:
        story.at[stage] = min(at, story.at.get(stage, at))


def _step(stories: list[_Story], stage: Stage, before: Stage) -> Step:
    reached = [story.at for story in stories if stage in story.at]
    spans = [(at[stage] - at[before]).total_seconds() / _DAY for at in reached if before in at]
    return Step(stage, len(reached), _middle(spans))


def _middle(spans: Collection[float]) -> float | None:
    return round(median(max(0.0, span) for span in spans), 1) if spans else None


def _deployment(viewer: Actor, now: datetime) -> tuple[Step, Step]:
    """Return the last two steps: lines of worklists about what this node published, and those that were fixed."""
    issued = _groups_issued(now)
    own = viewer.organisation if viewer.acts_as(OrganisationKind.OPERATOR) else None
    sharing = {one.public_id for one in orgs.of_kind(OrganisationKind.OPERATOR) if one.shares_counts}
    lines = queries.lines_about(issued, sharing | ({own} if own else set()))
    shown = _may_show(lines, own)
    if not shown and own is None:
        return Step(Stage.MATCHED, None, None, "worklist lines"), Step(Stage.DEPLOYED, None, None, "worklist lines")
    matched = [(one.first_seen_at - issued[one.group]).total_seconds() / _DAY for one in shown]
    done = [one for one in _may_show([one for one in lines if one.fixed_at], own) if one.fixed_at]
    deployed = [(one.fixed_at - one.first_seen_at).total_seconds() / _DAY for one in done if one.fixed_at]
    others = len({one.organisation for one in shown})
    hidden = not done and own is None
    return (
        Step(Stage.MATCHED, len(shown), _middle(matched), "worklist lines", others),
        Step(
            Stage.DEPLOYED, None if hidden else len(done), _middle(deployed), "worklist lines",
            len({one.organisation for one in done}),
        ),
    )  # fmt: skip


def _may_show(lines: Iterable[queries.Line], own: str | None) -> list[queries.Line]:
    """Return the viewer's own lines, and everyone's when at least five others stand behind them."""
    held = list(lines)
    others = {one.organisation for one in held if one.organisation != own}
    return held if len(others) >= FEWEST else [one for one in held if one.organisation == own]


def _groups_issued(now: datetime) -> dict[str, datetime]:
    """Return the vulnerabilities this node published, by their group's public id, and when."""
    rows = list(advisories.public(now=now).values_list("tracking_id", "published_at")[:MOST_ADVISORIES])
    parts = ("", *(f"-{number}" for number in range(1, MOST_PARTS + 1)))
    names = {f"{name}{part}": at for name, at in rows if at is not None for part in parts}
    return {facts.public_id: names[name] for name, facts in published.facts_for(names).items()}


def _narrowest(steps: Iterable[Step]) -> Stage | None:
    """Return the step that the smallest part of what came before gets through."""
    held = list(steps)
    shares = [
        (after.count / before.count, after.stage)
        for before, after in pairwise(held)
        if before.count and after.count is not None
    ]
    return min(shares, key=lambda share: share[0])[1] if shares else None
