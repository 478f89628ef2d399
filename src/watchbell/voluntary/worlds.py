"""Nodes that differ in one thing about early access only, and everything that somebody sees in each of them.

The clock stands and the dice are seeded; the dice that the difference uses are nobody else's.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.words import Outcome
from watchbell.apps.journal import services as journal
from watchbell.outside.keystore import Keystore
from watchbell.voluntary.checked import require
from watchbell.voluntary.river import flow
from watchbell.voluntary.routes import in_area, operations
from watchbell.voluntary.run import Run
from watchbell.voluntary.site import Answer, Site, address, open_or_tried, opened
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.walk import aside
from watchbell.worker.run import run_until_idle

Secret = Callable[[Stage], None]
HASHED = re.compile(rb'"[0-9a-f]{64}(?:[0-9a-f]{64})?"')
DRAWN = re.compile(rb'("(?:id|index|receipt)":)(?:"[0-9a-f]{32}"|\d+)')
DRAWN_ANEW = {"mfa_activate_totp", "mfa_add_webauthn", "mfa_login_webauthn"}
"""Pages that show a fresh secret or challenge to every visit."""


def _nothing(stage: Stage) -> None:
    """Never asked: the lab takes no part."""


def _offered(stage: Stage) -> None:
    stage.reach("offered")


def _active(stage: Stage) -> None:
    """Access runs: tokens, calls, openings, a pause that ended, a partner chosen who consented."""
    stage.reach("active")
    text = stage.mint()
    for _ in range(3):
        stage.call(text)
    services.pause(stage.engagement, **stage.by())
    services.resume(stage.engagement, **stage.by())


def _withdrawn(stage: Stage) -> None:
    _active(stage)
    services.withdraw(stage.engagement, **stage.deed())


def _declined(stage: Stage) -> None:
    stage.reach("offered")
    services.decline(stage.engagement, **stage.deed("evaluator"))


def _left(stage: Stage) -> None:
    """The lab paused, the evaluator left, and a partner who had consented left as well."""
    _active(stage)
    services.pause(stage.engagement, **stage.by())
    chosen = services.choose_partner(stage.model, stage.cast.organisation("bank"), **stage.by(), rng=stage.rng)
    services.consent(chosen, **stage.by("bank"))
    services.end_partnership(chosen, **stage.by("bank"))
    services.leave(stage.engagement, **stage.deed("evaluator"))


def _told(outcome: Outcome) -> Secret:
    def told(stage: Stage) -> None:
        _active(stage)
        stage.determine(outcome)

    return told


WORLDS: dict[str, Secret] = {
    "never": _nothing,
    "offered": _offered,
    "active": _active,
    "withdrawn": _withdrawn,
    "declined": _declined,
    "left": _left,
    "covered": _told(Outcome.COVERED),
    "not covered": _told(Outcome.NOT_COVERED),
}


@dataclass(frozen=True)
class Seen:
    """What one of the cast saw in one world."""

    answers: tuple[Answer, ...]

    def only(self, wanted: Callable[[str], bool]) -> "Seen":
        """Return the answers to these requests alone."""
        return Seen(tuple(one for one in self.answers if wanted(one.asked)))


def seen(run: Run, world: str, who: str) -> Seen:
    """Return what somebody sees in a world; all worlds are looked at once a run, for all who ask."""
    if "worlds" not in run.seen:
        run.seen["worlds"] = _look_everywhere(run)
    found: Seen = run.seen["worlds"][world, who]
    return found


def _look_everywhere(run: Run) -> dict[tuple[str, str], Seen]:
    """Return what everybody sees in every world: one node on which the same has happened, and one thing besides."""
    found: dict[tuple[str, str], Seen] = {}
    with run.stage() as stage, opened(run, stage) as site:
        flow(stage, run.home)
        ids: dict[str, str] = {}
        for world in sorted(run.lookers, key=lambda one: one != "active"):  # its ids are asked for in all others
            with aside(stage):
                apart = replace(stage, rng=random.Random(99))  # noqa: S311
                WORLDS[world](apart)
                run_until_idle(now=stage.now, rng=random.Random(98))  # noqa: S311
                ids = ids or _ids(apart)
                for who in run.lookers[world]:
                    with aside(stage):  # what somebody looks at is written down, and others would see that
                        site.begin_anew(run.dice())
                        found[world, who] = _look(site, who, ids)
    return found


def _look(site: Site, who: str, ids: dict[str, str]) -> Seen:
    if who == "bank":  # a former partner, whose pages tell what it did itself
        return Seen(tuple(_every_operation(site, who, ids)))
    return Seen((*_every_page(site, who, ids), *_every_operation(site, who, ids), *_record(site, who)))


def _ids(stage: Stage) -> dict[str, str]:
    """Return the ids that somebody might have heard of, by the name they have in addresses."""
    if not stage.engagement_id:
        return {}
    seat = queries.seats_of(stage.engagement).first()
    known = {"public_id": stage.engagement_id, "engagement": stage.engagement_id, "model": stage.model_id}
    return known | ({"seat": seat.public_id} if seat else {})


def _every_page(site: Site, who: str, ids: dict[str, str]) -> list[Answer]:
    """Return every page as this visitor gets it; the area's with the engagement's ids, others with nobody's."""
    pages_there = [page for page in open_or_tried(site, who) if page.name not in DRAWN_ANEW]
    return [site.ask(who, address(page, ids if in_area(page) else {})) for page in pages_there]


def _every_operation(site: Site, who: str, ids: dict[str, str]) -> list[Answer]:
    answers = []
    for one in operations():
        if one.method == "GET":
            known = ids if in_area(one) else {}
            path = re.sub(r"\{(\w+)\}", lambda name: known.get(name[1], "0" * 32), one.path)  # noqa: B023
            answers.append(site.call(who, path))
    return answers


def _record(site: Site, who: str) -> list[Answer]:
    """Return this organisation's own export of the record, without what is drawn at random or hashed."""
    actor, stage = site.stage.cast.actors[who], site.stage
    if actor.organisation is None:
        return []
    keys: Keystore = stage.keys
    made = journal.export(by=actor, now=stage.now, keys=keys)
    lines = [DRAWN.sub(rb'\1"DRAWN"', HASHED.sub(b'"HASH"', line)) for line in made.lines]
    return [Answer("export of the record", 0, (), b"".join(lines))]


def same(one: Seen, other: Seen, what: str) -> int:
    """Return how many answers were compared; raises Broken naming the first that differs."""
    require(len(one.answers) == len(other.answers), f"{what}: not the same pages are there")
    for left, right in zip(one.answers, other.answers, strict=True):
        require(left == right, f"{what}: {left.asked} differs{_where(left, right)}")
    return len(one.answers)


def _where(left: Answer, right: Answer) -> str:
    if left.status != right.status:
        return f", {left.status} and {right.status}"
    for before, after in zip(left.body.splitlines(), right.body.splitlines(), strict=False):
        if before != after:
            return f": {before.strip()[:120]!r} and {after.strip()[:120]!r}"
    return ""


def is_determination(asked: str) -> bool:
    """Return whether this is the one page that may tell what was determined."""
    return "/determination/" in asked
