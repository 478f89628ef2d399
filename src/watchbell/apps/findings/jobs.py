"""Work this room offers: take in an upload too large for its sender to wait for, compare and order what came in."""

from datetime import datetime, timedelta

from watchbell.apps.files.jobs import node_store
from watchbell.apps.findings import services
from watchbell.apps.findings.services.intake import TAKE_IN
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.domain.identity import Dice


@job(TAKE_IN)
def take_in(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will take in what is left of one upload, some items at a time."""
    services.take_in(str(args["submission"]), store=node_store(), progress=progress, now=now, rng=rng)


@job("findings.compare", lease=timedelta(minutes=5))
def compare(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will compare what came in with the other findings."""
    services.compare_new(now=now, progress=progress)


@job("findings.order", lease=timedelta(minutes=5))
def order(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will work out in which order to look at what waits."""
    services.order_queue(now=now, progress=progress)


periodic(Schedule("findings.order", "findings.order", every=timedelta(minutes=5), missed=Missed.LATEST))
periodic(Schedule("findings.compare", "findings.compare", every=timedelta(minutes=10), missed=Missed.LATEST))
