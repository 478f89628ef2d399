"""Work this room offers: take in an upload that is too large for its sender to wait for."""

from datetime import datetime

from watchbell.apps.files.jobs import node_store
from watchbell.apps.findings import services
from watchbell.apps.findings.services.intake import TAKE_IN
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, job
from watchbell.domain.identity import Dice


@job(TAKE_IN)
def take_in(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will take in what is left of one upload, some items at a time."""
    services.take_in(str(args["submission"]), store=node_store(), progress=progress, now=now, rng=rng)
