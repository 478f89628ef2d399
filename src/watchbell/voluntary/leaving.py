"""Can the developer always release its model and always leave? V1 and V2, in every state, whatever else is broken."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Release
from watchbell.apps.engagements.words import Outcome
from watchbell.domain.lifecycle.engagement import BY, ENGAGEMENT, EngagementEvent, Party
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.outside import mail
from watchbell.voluntary.cast import DEVELOPERS
from watchbell.voluntary.checked import Broken, require
from watchbell.voluntary.deeds import DAY, Attempt
from watchbell.voluntary.keystore import MemoryKeystore
from watchbell.voluntary.projection import OPEN
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.swapping import swapped
from watchbell.voluntary.tables import change, one
from watchbell.voluntary.walk import Walk, aside

Trouble = Callable[[Stage], AbstractContextManager[None]]
KEYS = ("destroy", "sign", "seal", "open")


def the_table_lets_the_developer_go() -> int:
    """Return how many states and events were looked at; raises Broken where release or withdrawal is not possible."""
    for state in State:
        possible = ENGAGEMENT.possible(state)
        require(EngagementEvent.RELEASE in possible, f"the table has no release in '{state}'")
        after = ENGAGEMENT.next(state, EngagementEvent.RELEASE)
        require(not after.is_open, f"the table leaves '{state}' open after a release")
        if state.is_open:
            require(EngagementEvent.WITHDRAW in possible, f"the table has no withdrawal in '{state}'")
            require(ENGAGEMENT.next(state, EngagementEvent.WITHDRAW) is State.WITHDRAWN, f"'{state}' does not end")
    for event in (EngagementEvent.RELEASE, EngagementEvent.WITHDRAW):
        require(BY[event] is Party.DEVELOPER, f"the table gives '{event}' to {BY[event]}")
    return len(State) * len(EngagementEvent)


@contextmanager
def _determined(stage: Stage, outcome: Outcome | None) -> Iterator[None]:
    stage.determine(outcome)
    yield


@contextmanager
def _clock_moved(stage: Stage, by: timedelta) -> Iterator[None]:
    stage.now += by
    yield


@contextmanager
def _evaluator_closed(stage: Stage) -> Iterator[None]:
    change(
        "UPDATE orgs_organisation SET closed_at = created_at WHERE public_id = %s", stage.cast.organisation("evaluator")
    )
    yield


@contextmanager
def _evaluator_away(stage: Stage) -> Iterator[None]:
    """Nobody of the evaluator's belongs to it any more, and calls run."""
    change(
        "DELETE FROM orgs_membership WHERE organisation_id IN (SELECT id FROM orgs_organisation WHERE public_id = %s)",
        stage.cast.organisation("evaluator"),
    )
    yield


def _keys_away(*deeds: str) -> Trouble:
    def away(stage: Stage) -> AbstractContextManager[None]:
        return stage.keys.without(*deeds) if isinstance(stage.keys, MemoryKeystore) else nullcontext()

    return away


def _no_mail(stage: Stage) -> AbstractContextManager[None]:
    def refuse(*_args: object, **_named: object) -> None:
        raise mail.MailFailed("no server takes mail")

    return swapped(mail.Message, "composed", refuse)


TROUBLES: dict[str, Trouble] = {
    "nothing is wrong": lambda stage: nullcontext(),
    "a determination is asked for": lambda stage: _determined(stage, None),
    "the model was determined to be covered": lambda stage: _determined(stage, Outcome.COVERED),
    "the clock is set back a year": lambda stage: _clock_moved(stage, -365 * DAY),
    "the clock is set ahead a year": lambda stage: _clock_moved(stage, 365 * DAY),
    "the evaluator's organisation is closed": _evaluator_closed,
    "the evaluator's people are gone": _evaluator_away,
    "mail is broken": _no_mail,
    "keys cannot be destroyed": _keys_away("destroy"),
    "the keystore is away": _keys_away(*KEYS),
}


def releasing(walk: Walk, stage: Stage) -> None:
    """V1: both releases are recorded, by everyone of the developer's who may write, whatever is wrong."""
    for to, who in zip(Release, DEVELOPERS, strict=False):
        _release(walk, stage, to, who, "nothing is wrong")
    for trouble in _troubles(walk, "V1", stage):
        _release(walk, stage, Release.PARTNERS, "lab token", trouble)


def _troubles(walk: Walk, name: str, stage: Stage) -> list[str]:
    """Return all troubles in the first state of a name, and two of them in turn in the others."""
    all_of_them = list(TROUBLES)[1:]
    if walk.first(name, stage.stands):
        return all_of_them
    at = 2 * len(walk.met)
    return [all_of_them[at % len(all_of_them)], all_of_them[(at + 1) % len(all_of_them)]]


def _release(walk: Walk, stage: Stage, to: Release, who: str, trouble: str) -> None:
    walk.counts["releases"] += 1
    with aside(stage), TROUBLES[trouble](stage):
        was = getattr(stage.model, to.value)
        where = f"in '{stage.stands}', when {trouble}, {who}'s {to.name.lower()} release"
        _do(lambda: services.release(stage.model, to, **stage.deed(who)), where)
        row = one("modelversion", public_id=stage.model_id)
        expected = min(was, stage.now) if was is not None else stage.now
        require(row[to.value] == expected, f"{where} is recorded as {row[to.value]}")
        require(one("engagement", public_id=stage.engagement_id)["state"] not in OPEN, f"{where} leaves a window open")


def withdrawing(walk: Walk, stage: Stage) -> None:
    """V2: one call ends it at once for good, whoever of the developer's makes it, whatever is wrong."""
    if not stage.stands.is_open:
        return
    _withdraw(walk, stage, DEVELOPERS[len(walk.met) % len(DEVELOPERS)], "nothing is wrong")
    for trouble in _troubles(walk, "V2", stage):
        _withdraw(walk, stage, "lab", trouble)


def _withdraw(walk: Walk, stage: Stage, who: str, trouble: str) -> None:
    walk.counts["withdrawals"] += 1
    with aside(stage):
        with TROUBLES[trouble](stage):
            where = f"in '{stage.stands}', when {trouble}, {who}'s withdrawal"
            _do(lambda: services.withdraw(stage.engagement, **stage.deed(who)), where)
            state = one("engagement", public_id=stage.engagement_id)["state"]
            require(state == "withdrawn", f"{where} is acknowledged, and it is '{state}'")
            for text in stage.texts:
                require(not stage.lets_in(text), f"{where} is acknowledged, and a token still lets in")
        _key_is_gone(stage, where, at_once="key" not in trouble)


def _key_is_gone(stage: Stage, where: str, *, at_once: bool) -> None:
    """Raise Broken if the access key outlived the deed, or the first round after the keystore came back."""
    if not at_once:
        services.make_round(now=stage.now, keys=stage.keys, rng=stage.rng)
    names = stage.keys.names() if isinstance(stage.keys, MemoryKeystore) else ()
    require(f"access-{stage.engagement_id}" not in names, f"{where} left the access key")
    receipts = [receipt.key for receipt in queries.receipts_of(stage.engagement)]
    require("access" in receipts, f"{where} left no receipt")


def _do(deed: Attempt, where: str) -> None:
    try:
        deed()
    except Exception as error:
        raise Broken(f"{where} is refused: {type(error).__name__}: {error}") from error


def one_call_without_a_reason() -> None:
    """Raise Broken if withdrawing asks for anything but the engagement, or for anybody else."""
    told = set(inspect.signature(services.withdraw).parameters)
    require(told == {"engagement", "by", "now", "keys", "rng"}, f"withdraw asks for {', '.join(sorted(told))}")
