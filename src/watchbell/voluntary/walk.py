"""Every state an engagement can be in on a real node, found by doing; each looked at by whoever has something to hold.

The parties' own steps lead from state to state, each undone on the way back, so that no state is looked at twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Release
from watchbell.voluntary.cast import EVALUATORS
from watchbell.voluntary.checked import Broken
from watchbell.voluntary.deeds import DAY, DEEDS, NOBODYS, WIDER, Attempt, things_to_try
from watchbell.voluntary.projection import OPEN, Facts, facts
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.tables import one, rows, undone

Judge = Callable[["Walk", Stage], None]
Watcher = Callable[["Walk", "Visit", "Effect"], None]
Place = tuple[object, ...]
DEEPEST = 12


@dataclass(frozen=True)
class Effect:
    """Something that somebody else than the developer did here and that wrote something; it is not undone yet."""

    deed: str
    who: str
    after: Facts

    def __str__(self) -> str:
        return f"{self.who} did {self.deed}"


@dataclass
class Visit:
    """One state while it is looked at: what was decided in it, and what `possible` a watcher found in it."""

    stage: Stage
    before: Facts
    possible: frozenset[str] = frozenset()

    @property
    def was(self) -> str:
        """Return the state's name."""
        return self.before.reaches[self.stage.engagement_id].state


@dataclass
class Walk:
    """What a walk met: how many states and attempts, and the first counterexample to each property.

    Judges look at each state, watchers at whatever anybody but the developer can do in it.
    """

    judges: dict[str, Judge] = field(default_factory=dict)
    watchers: dict[str, Watcher] = field(default_factory=dict)
    met: set[Place] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    noted: set[object] = field(default_factory=set)
    """What is looked at once only."""

    def explore(self, stage: Stage) -> "Walk":
        """Look at this state and at everything that can be reached from it."""
        here = place(stage)
        if here in self.met or len(self.path) > DEEPEST:
            return self
        self.met.add(here)
        for name, judge in self.judges.items():
            self._ask(name, judge, self, stage)
        if self.watchers and self.first("watched", here[:2], here[3:]):
            self.let_others_try(stage)
        if {*self.judges, *self.watchers} <= self.broken.keys():
            return self
        for name, step in steps(stage):
            with aside(stage):
                if succeeds(step):
                    self.path.append(name)
                    self.explore(stage)
                    self.path.pop()
        return self

    def let_others_try(self, stage: Stage) -> None:
        """This will let everyone but the developer do everything here, each undone, and show it to the watchers.

        Everyone in the first draft, offer, window and ending; elsewhere the evaluator's people, and two of the others
        in turn.
        """
        visit = Visit(stage, facts(stage))
        everyone = stage.cast.others
        if visit.was not in ("draft", "offered", "active", "ended") or not self.first("everyone", visit.was):
            others = [name for name in everyone if name not in EVALUATORS]
            at = 2 * len(self.met)
            turn = {others[at % len(others)], others[(at + 1) % len(others)], *EVALUATORS[:2]}
            everyone = {name: actor for name, actor in everyone.items() if name in turn}
        for who, actor in everyone.items():
            names = set(DEEDS) if who == "evaluator" else set(DEEDS) - NOBODYS
            for deed, attempt in things_to_try(stage, actor, names=names):
                self.counts["attempts"] += 1
                with aside(stage), writes() as written:
                    succeeds(attempt)
                    if written:
                        effect = Effect(deed, who, facts(stage))
                        for name, watcher in self.watchers.items():
                            self._ask(name, watcher, self, visit, effect)

    def first(self, *what: object) -> bool:
        """Return whether this is met for the first time."""
        is_new = what not in self.noted
        self.noted.add(what)
        return is_new

    def _ask(self, name: str, judge: Callable[..., None], *about: object) -> None:
        if name in self.broken:
            return
        try:
            judge(*about)
        except Broken as broken:
            self.broken[name] = f"{broken} (after: {', '.join(self.path) or 'nothing yet'})"


@contextmanager
def aside(stage: Stage) -> Iterator[None]:
    """Take everything back that happens inside: rows, keys, the moment."""
    kept = stage.keep()
    with undone():
        yield
    stage.put_back(kept)


def succeeds(attempt: Attempt) -> bool:
    """Return whether something could be done; whatever it raises is a refusal."""
    try:
        attempt()
    except Exception:
        return False
    return True


@contextmanager
def writes() -> Iterator[list[str]]:
    """Collect the statements inside that write."""
    found: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            found.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        yield found


def place(stage: Stage) -> Place:
    """Return what makes this state another than one that was looked at already."""
    row = one("engagement", public_id=stage.engagement_id)
    names = stage.keys.names() if hasattr(stage.keys, "names") else ()
    evidence = f"evidence-{stage.engagement_id}" in names
    if row["state"] not in OPEN:
        return row["state"], evidence
    own = [seat for seat in rows("seat") if seat["engagement_id"] == row["id"] and seat["ended_at"] is None]
    until = row["ends_at"] or row["reply_by"]
    is_over = "time" if until and until <= stage.now else ""
    if row["state"] == "active" and f"access-{stage.engagement_id}" not in names:
        is_over = "key"
    return (
        row["state"],
        evidence,
        row["paused_at"] is not None,
        row["state"] == "active" and any(seat["admitted_at"] is None for seat in own),
        is_over,
    )


def steps(stage: Stage) -> list[tuple[str, Attempt]]:
    """Return what the parties, time and accidents may do next, whether or not it is possible here."""
    lab, evaluator, engagement = stage.deed(), stage.deed("evaluator"), stage.engagement
    colleague = stage.cast.people["evaluator colleague"].public_id
    return [
        ("the lab offers", stage.offer),
        ("the lab writes other terms", lambda: _change(stage)),
        ("the evaluator agrees", stage.agree),
        ("the lab starts, gives its endpoint, and the evaluator takes a token", lambda: _start(stage)),
        ("the evaluator names a colleague", lambda: services.name_person(engagement, colleague, **evaluator)),
        ("the lab lets the colleague in", lambda: _let_in(stage)),
        ("the lab pauses", lambda: services.pause(engagement, **stage.by())),
        ("the lab shortens", lambda: services.shorten(engagement, stage.now + 5 * DAY, **lab)),
        ("the window's end comes", lambda: _wait(stage)),
        ("the clock's round", lambda: services.make_round(**{k: v for k, v in lab.items() if k != "by"})),
        ("the access key is lost", lambda: stage.keys.destroy(f"access-{stage.engagement_id}")),
        ("the evaluator declines", lambda: services.decline(engagement, **evaluator)),
        ("the evaluator leaves", lambda: services.leave(engagement, **evaluator)),
        ("the lab takes the offer back", lambda: services.rescind(engagement, **lab)),
        ("the lab releases", lambda: services.release(stage.model, Release.PARTNERS, **lab)),
        ("the lab withdraws", lambda: services.withdraw(engagement, **lab)),
    ]


def _start(stage: Stage) -> None:
    stage.start()
    stage.point()
    stage.mint()


def _change(stage: Stage) -> None:
    services.change_terms(stage.engagement, WIDER, **stage.by(), keys=stage.keys)


def _let_in(stage: Stage) -> None:
    [seat] = [seat for seat in queries.seats_of(stage.engagement) if not seat.admitted_at and not seat.ended_at]
    signature = stage.sign("lab", services.admission_to_sign(seat))
    services.admit_person(seat, signature, **stage.by(), keys=stage.keys)


def _wait(stage: Stage) -> None:
    row = one("engagement", public_id=stage.engagement_id)
    until = row["ends_at"] or row["reply_by"]
    if row["state"] not in OPEN or until is None or until <= stage.now:
        raise Broken("there is nothing to wait for")
    stage.now = until + timedelta(seconds=1)
