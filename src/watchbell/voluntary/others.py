"""Can anybody but the developer hold it up, reach further, or begin something? Everyone tries every deed, everywhere.

V6: no release date moves and no deed of the developer's goes away. V7: nothing reaches further. V8: nothing goes on by
itself. V12: nothing begins.
"""

from collections.abc import Set
from datetime import datetime, timedelta

from watchbell.apps.engagements import services
from watchbell.apps.engagements.services import Release
from watchbell.domain.lifecycle.engagement import BY, ENGAGEMENT, EngagementEvent, Party
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.voluntary.cast import EVALUATORS
from watchbell.voluntary.checked import require
from watchbell.voluntary.deeds import DAY, Attempt, things_to_try
from watchbell.voluntary.projection import OPEN, came_to_be, decided, facts, widened
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.tables import one
from watchbell.voluntary.walk import Effect, Visit, Walk, aside, succeeds

ENDS = {EngagementEvent.DECLINE, EngagementEvent.LEAVE, EngagementEvent.LAPSE, EngagementEvent.END}
ALMOST = timedelta(hours=1)
"""So long before its end a window is used to see whether that keeps it open."""


def the_table_gives_others_endings_only() -> None:
    """Raise Broken unless the rules themselves let others only answer and end, and nothing end for good twice."""
    for (state, event), after in ENGAGEMENT.transitions.items():
        words = f"the table says {state} --{event}--> {after}"
        if BY[event] is not Party.DEVELOPER and event is not EngagementEvent.AGREE:
            require(event in ENDS and not after.is_open, f"{words} by {BY[event]}")
        if BY[event] is Party.TIME:
            require(not after.is_open, f"{words} by itself")
        require(state.is_open or after is state, f"{words}, though it had ended")
        require(after is not State.ACTIVE or event is EngagementEvent.START, words)
    require(BY[EngagementEvent.START] is Party.DEVELOPER, "the table lets somebody else start")
    require(BY[EngagementEvent.OFFER] is Party.DEVELOPER, "the table lets somebody else offer")


def nobody_decides_for_the_developer(walk: Walk, visit: Visit, effect: Effect) -> None:
    """V6: after whatever anybody else does, dates are as they were and the developer's deeds are possible."""
    require(not (what := decided(visit.before, effect.after)), f"{effect}: {what}")
    if not walk.first("V6", visit.was, effect.deed, effect.who in EVALUATORS):
        return
    is_open = effect.after.reaches[visit.stage.engagement_id].state in OPEN
    expected = ALWAYS | (WHILE_OPEN[visit.was] if is_open else set())
    if walk.first("V6", visit.was):
        expected = expected | {"release to everyone", "plan a release"}
    gone = expected - developers_deeds(visit.stage, expected)
    walk.counts["developer after others"] += len(expected)
    require(not gone, f"{effect}: the developer cannot {', '.join(sorted(gone))} any more")


def nobody_widens(walk: Walk, visit: Visit, effect: Effect) -> None:
    """V7: whatever anybody else does, end, scope, custody, people, egress and retention do not grow."""
    require(not (what := widened(visit.before, effect.after)), f"{effect}: {what}")


def nobody_else_begins(walk: Walk, visit: Visit, effect: Effect) -> None:
    """V12: nobody but the developer makes an engagement come to be, offers one or starts one."""
    require(not came_to_be(visit.before, effect.after), f"{effect}: an engagement came to be")
    now = effect.after.reaches[visit.stage.engagement_id].state
    require(now == visit.was or now not in ("offered", "active"), f"{effect}: it is {now} now")
    require(effect.after.owners <= labs(visit.stage), f"{effect}: a model came to be that is no lab's")


def nothing_renews(walk: Walk, stage: Stage) -> None:
    """V8: by use and in silence the end stays where it is; it comes, with the clock's round alone, and stays."""
    before = facts(stage)
    row = one("engagement", public_id=stage.engagement_id)
    until = row["ends_at"] or row["reply_by"]
    with aside(stage):
        if row["state"] == "active" and until > stage.now + ALMOST:
            stage.now = until - ALMOST
            succeeds(stage.mint)
        for deed, attempt in things_to_try(stage, stage.cast.actors["evaluator"], names={"metering", "open_terms"}):
            succeeds(attempt)
            require(not (what := widened(before, facts(stage))), f"by mere use ({deed}), {what}")
        for later in _later(until or stage.now, stage.now):
            stage.now = later
            services.make_round(now=later, keys=stage.keys, rng=stage.rng)
            now = facts(stage)
            require(not (what := widened(before, now)), f"by waiting until {later:%d %b %H:%M}, {what}")
            state = now.reaches[stage.engagement_id].state
            silent = until is not None and later >= until and row["state"] in OPEN
            require(not silent or state not in OPEN, f"nobody acted until {later:%d %b %H:%M} and it is still {state}")
            walk.counts["moments waited for"] += 1


def _later(end: datetime, now: datetime) -> list[datetime]:
    """Return moments from now on, in order: around the end, a month and two years after it."""
    moments = [end - timedelta(microseconds=1), end, end + DAY, end + 31 * DAY, end + 800 * DAY]
    return [moment for moment in moments if moment >= now]


ALWAYS = frozenset({"release to partners", "withdraw"})
WHILE_OPEN = {
    "draft": {"pause", "offer"},
    "offered": {"pause", "offer", "rescind"},
    "agreed": {"pause", "offer", "rescind"},
    "active": {"pause", "shorten"},
    **{state: set() for state in ("rescinded", "declined", "lapsed", "withdrawn", "released", "ended")},
}
"""What the developer can do besides, as long as nothing ended."""


def developers_deeds(stage: Stage, names: Set[str]) -> set[str]:
    """Return which of these the developer can do at this moment, each tried and undone."""
    lab, engagement = stage.deed(), stage.engagement
    soon = stage.now + timedelta(hours=1)
    deeds: dict[str, Attempt] = {
        "release to partners": lambda: services.release(stage.model, Release.PARTNERS, **lab),
        "release to everyone": lambda: services.release(stage.model, Release.PUBLIC, **lab),
        "plan a release": lambda: services.plan_release(stage.model, Release.PUBLIC, soon, **lab),
        "withdraw": lambda: services.withdraw(engagement, **lab),
        "pause": lambda: services.pause(engagement, **stage.by()),
        "offer": stage.offer,
        "rescind": lambda: services.rescind(engagement, **lab),
        "shorten": lambda: services.shorten(engagement, soon, **lab),
    }
    possible = set()
    for name in names:
        with aside(stage):
            if succeeds(deeds[name]):
                possible.add(name)
    return possible


def labs(stage: Stage) -> set[str]:
    """Return the organisations that may have models of their own."""
    return {stage.cast.organisation(name) for name in ("lab", "rival lab", "lab that evaluates")}
