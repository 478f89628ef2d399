"""Work this room offers: load large lists, match what came in and what was published, forget versions nobody runs."""

from datetime import datetime, timedelta

from watchbell.apps.files.jobs import node_store
from watchbell.apps.inventory import queries, services
from watchbell.apps.inventory.services import listings, recognising
from watchbell.apps.inventory.services.loads import LOAD
from watchbell.apps.inventory.services.parts import MATCH_PART
from watchbell.apps.inventory.tables import TABLE
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.domain.handling import system
from watchbell.domain.identity import Dice

MATCHER = system("inventory.match")
OVERLAYER = system("inventory.overlay")


@job("inventory.match_asset")
def match_asset(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will match what an asset contains; one that is gone meanwhile needs nothing."""
    asset = queries.asset(str(args["subject"]))
    if asset is not None:
        services.match_asset(asset=asset, by=MATCHER, now=now, progress=progress, rng=rng)


@job(LOAD)
def load(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will load what is left of one large list."""
    services.load(str(args["load"]), store=node_store(), progress=progress, now=now, rng=rng)


@job(TABLE)
def load_table(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will load what is left of one large table."""
    received = int(str(args["received"]))
    services.load_table(
        str(args["document"]), received=received, store=node_store(), progress=progress, now=now, rng=rng
    )


@job("inventory.match_changed", lease=timedelta(minutes=5))
def match_changed(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will match everything published since the last time."""
    services.match_changed(by=MATCHER, now=now, progress=progress, rng=rng)


@job(MATCH_PART)
def match_part(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will match every version of one part again; as many workers as there are parts may be at it."""
    services.match_part(int(str(args["part"])), now=now, progress=progress, rng=rng)


@job("inventory.overlay", lease=timedelta(minutes=5))
def overlay(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will lay an operator's VEX statements over its matches."""
    services.overlay_organisation(str(args["subject"]), by=OVERLAYER, now=now)


@job("inventory.sweep")
def sweep(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will forget lists that were never finished and versions that no list names any more, some at a time."""
    listings.clear_abandoned(now=now)
    while removed := listings.forget_unused_versions(now=now):
        progress.report(done=progress.done + removed)
        progress.checkpoint()
    while removed := recognising.forget_unused_machines():
        progress.report(done=progress.done + removed)
        progress.checkpoint()


periodic(Schedule("inventory.sweep", "inventory.sweep", every=timedelta(days=1), missed=Missed.LATEST))
periodic(Schedule("inventory.match_changed", "inventory.match_changed", every=timedelta(hours=1), missed=Missed.LATEST))
