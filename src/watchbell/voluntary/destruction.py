"""Is every key gone when it has to be, before anybody is told so, and does no backup open what it held? V5."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import connection

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Release, metering
from watchbell.domain.terms import EvidenceOnWithdrawal, Purpose
from watchbell.outside.keystore import FolderKeystore, Keystore, KeystoreError
from watchbell.voluntary.checked import proves, require
from watchbell.voluntary.projection import OPEN
from watchbell.voluntary.run import Run
from watchbell.voluntary.stage import LONGEST, TERMS, Stage
from watchbell.voluntary.swapping import swapped
from watchbell.voluntary.tables import all_tables, one, rows, undone
from watchbell.voluntary.walk import aside, succeeds

DAY = timedelta(days=1)
Ending = Callable[[Stage], object]


def _without_by(stage: Stage) -> dict[str, Any]:
    return {name: value for name, value in stage.deed().items() if name != "by"}


def _at_the_end(stage: Stage, act: Ending) -> None:
    stage.now = stage.engagement.ends_at or stage.now
    act(stage)


ENDINGS: dict[str, tuple[str, Ending]] = {
    "withdrawal": ("active", lambda stage: services.withdraw(stage.engagement, **stage.deed())),
    "a withdrawn offer": ("offered", lambda stage: services.withdraw(stage.engagement, **stage.deed())),
    "a declined offer": ("offered", lambda stage: services.decline(stage.engagement, **stage.deed("evaluator"))),
    "an offer taken back": ("agreed", lambda stage: services.rescind(stage.engagement, **stage.deed())),
    "leaving": ("active", lambda stage: services.leave(stage.engagement, **stage.deed("evaluator"))),
    "release to partners": ("active", lambda stage: services.release(stage.model, Release.PARTNERS, **stage.deed())),
    "release to everyone": ("active", lambda stage: services.release(stage.model, Release.PUBLIC, **stage.deed())),
    "an end set to now": ("active", lambda stage: services.shorten(stage.engagement, stage.now, **stage.deed())),
    "expiry found by the round": (
        "active",
        lambda stage: _at_the_end(stage, lambda late: services.make_round(**_without_by(late))),
    ),
    "expiry found by a call": ("active", lambda stage: _at_the_end(stage, lambda late: late.call(late.texts[-1]))),
    "expiry found by who asks for a token": (
        "active",
        lambda stage: _at_the_end(stage, lambda late: succeeds(late.mint)),
    ),
}
"""Every kind of ending, and in which state it is tried."""


@dataclass
class Watch:
    """What was so at the moment a key was destroyed: its row's state, and whether the deed could still be undone."""

    stage: Stage
    depth: int = 0
    saw: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def __call__(self, deed: str, key: str) -> None:
        """Note the moment of a destruction."""
        if deed == "destroy":
            state = one("engagement", public_id=key.partition("-")[2])["state"]
            self.saw.setdefault(key, (state, _depth() > self.depth))


def _depth() -> int:
    return len(connection.savepoint_ids) + bool(connection.in_atomic_block)


@contextmanager
def watched(stage: Stage) -> Iterator[Watch]:
    """Note what is destroyed inside, and when."""
    watch = Watch(stage, _depth())
    with swapped(stage.keys, "saw", watch):
        yield watch


@proves("V5")
def keys_are_gone_in_time(run: Run) -> str:
    """After every kind of ending: the key is gone first, rows and backups from before open nothing."""
    with run.stage() as stage:
        for name, (state, end) in ENDINGS.items():
            with aside(stage):
                _ends(stage, name, state, end)
        _a_row_without_its_key(stage)
        dates = _evidence_dates(stage)
    backups = _backup_drill(run)
    return (
        f"{len(ENDINGS)} kinds of ending, each against rows and keys from before it; {dates} dates of evidence; "
        f"{backups} with the folder's keystore"
    )


def _ends(stage: Stage, name: str, state: str, end: Ending) -> None:
    """Raise Broken unless this ending destroys the access key in time, and rows from before it open nothing."""
    stage.reach(state)
    if state == "active":
        stage.now += LONGEST - timedelta(hours=1)
        stage.mint()
    with (
        undone(),
        watched(stage) as watch,
    ):  # what is undone is a backup brought back: rows from before, keys from after
        end(stage)
        key, row = f"access-{stage.engagement_id}", one("engagement", public_id=stage.engagement_id)
        require(row["state"] not in OPEN, f"{name} is acknowledged, and it is '{row['state']}'")
        _gone(stage, name)
        if state == "active":
            require(key in watch.saw, f"{name} destroyed no access key before it was acknowledged")
            was, is_inside = watch.saw[key]
            require(was not in OPEN, f"{name} destroyed the key before it claimed the end")
            require(is_inside, f"{name} destroyed the key after its transaction was over")
    nothing_opens(stage, f"rows from before {name}")


def _gone(stage: Stage, name: str) -> None:
    require(not has_key(stage.keys, f"access-{stage.engagement_id}"), f"{name} left the access key alive")
    require(not any(stage.lets_in(text) for text in stage.texts), f"{name} is acknowledged, and a token still lets in")
    running = metering.stopped_among([stage.engagement_id], now=stage.now, keys=stage.keys)
    require(running == {stage.engagement_id}, f"{name} leaves running calls alone")


def has_key(keys: Keystore, name: str) -> bool:
    """Return whether something can be sealed under a key of this name."""
    try:
        keys.seal(name, b"", b"")
    except KeystoreError:
        return False
    return True


def nothing_opens(stage: Stage, where: str) -> None:
    """Raise Broken if the services, or anybody with these rows and the keys of now, open what lay under lost keys."""
    for text in stage.texts:
        require(not stage.lets_in(text), f"with {where}, a token lets in")
    require(not succeeds(stage.point), f"with {where}, an endpoint is taken")
    for row in rows("grant"):
        sealed, key = row["sealed_endpoint"], f"access-{stage.engagement_id}"
        require(not sealed or not has_key(stage.keys, key), f"with {where}, the endpoint opens")
    if stage.texts:
        state = one("engagement", public_id=stage.engagement_id)["state"]
        require(state not in OPEN, f"with {where}, the next use leaves it '{state}'")
        kept = [receipt.key for receipt in queries.receipts_of(stage.engagement)]
        require("access" in kept, f"with {where}, the next use leaves no receipt")


def _a_row_without_its_key(stage: Stage) -> None:
    """Raise Broken unless an active row whose key is gone is over for everyone who uses it."""
    uses: dict[str, Ending] = {
        "a call": lambda lost: lost.call(lost.texts[-1]),
        "asking for a token": lambda lost: succeeds(lost.mint),
        "giving an endpoint": lambda lost: succeeds(lost.point),
        "the round": lambda lost: services.make_round(**_without_by(lost)),
    }
    for name, use in uses.items():
        with aside(stage):
            text = stage.reach("active").mint()
            stage.keys.destroy(f"access-{stage.engagement_id}")
            use(stage)
            state = one("engagement", public_id=stage.engagement_id)["state"]
            require(state not in OPEN, f"an active row without its key is still '{state}' after {name}")
            require(not stage.lets_in(text), f"without its key a token lets in after {name}")


def _evidence_dates(stage: Stage) -> int:
    """Return how many dates were tried; raises Broken where evidence outlives its date or does not live to it."""
    kept = replace(TERMS, evidence_on_withdrawal=EvidenceOnWithdrawal.KEEP_TO_ITS_DATE, evidence_days=30)
    for terms, is_withdrawn, days in (
        (TERMS, True, 0),
        (kept, True, 30),
        (TERMS, False, 14),
        (replace(TERMS, evidence_days=0), False, 0),
    ):
        for is_asked in (True, False):
            with aside(stage):
                _one_date(stage.reach("active", terms), is_withdrawn=is_withdrawn, days=days, is_asked=is_asked)
    return 8


def _one_date(stage: Stage, *, is_withdrawn: bool, days: int, is_asked: bool) -> None:
    """Raise Broken unless evidence is there to the last second of its date and gone then, asked or by the round."""
    end = stage.now + 5 * DAY if is_withdrawn else stage.now + LONGEST
    stage.now = end
    if is_withdrawn:
        services.withdraw(stage.engagement, **stage.deed())
    elif not is_asked:
        services.make_round(**_without_by(stage))
    where = f"{days} days of evidence, {'withdrawn' if is_withdrawn else 'at its end'}"
    if days:
        with aside(stage):
            stage.now = end + days * DAY - timedelta(seconds=1)
            services.make_round(**_without_by(stage))
            require(succeeds(lambda: _read(stage)), f"{where}: it is gone before its date")
    with undone():
        stage.now = end + days * DAY
        if is_asked:
            require(not succeeds(lambda: _read(stage)), f"{where}: it opens at its date")
        else:
            services.make_round(**_without_by(stage))
        key = f"evidence-{stage.engagement_id}"
        require(not has_key(stage.keys, key), f"{where}: its key outlives its date")
    require(not succeeds(lambda: services.terms_of(stage.engagement, keys=stage.keys)), f"{where}: old rows open")


def _read(stage: Stage) -> None:
    services.open_terms(stage.engagement, Purpose.AUDIT, **stage.deed())


def _backup_drill(run: Run) -> str:
    """Return what was drilled: a copy of the database, the deed, the copy brought back, everything asked again."""
    keys = FolderKeystore(run.home / "drill-keys", rng=run.dice().randbytes)
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with run.stage(keys=keys) as stage:
            _drill(stage, undone)
        return "rows brought back"
    empty = _copy()
    try:
        _drill(run.set_up(keys=keys), _brought_back)
    finally:
        _bring_back(empty)
    return "the whole database brought back from a backup"


def _drill(stage: Stage, brought_back: Callable[[], Any]) -> None:
    stage.reach("active")
    stage.mint()
    with brought_back():
        services.withdraw(stage.engagement, **stage.deed())
        _gone(stage, "withdrawal")
    nothing_opens(stage, "a backup from before the withdrawal")
    evidence = succeeds(lambda: services.terms_of(stage.engagement, keys=stage.keys))
    require(not evidence, "a backup from before the withdrawal opens the evidence")
    canary = [table for table in all_tables() if b"canary" in _bytes_of(table)]
    require(not canary, f"the credential lies open in {', '.join(canary)}")


def _bytes_of(table: str) -> bytes:
    return repr(rows(table.removeprefix("engagements_"))).encode()


@contextmanager
def _brought_back() -> Iterator[None]:
    before = _copy()
    yield
    _bring_back(before)


def _copy() -> sqlite3.Connection:
    """Return a backup of the database, made as `watchbell backup` makes it."""
    connection.ensure_connection()
    copy = sqlite3.connect(":memory:")
    connection.connection.backup(copy)
    return copy


def _bring_back(copy: sqlite3.Connection) -> None:
    copy.backup(connection.connection)
    copy.close()
