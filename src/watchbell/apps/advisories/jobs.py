"""Work this room offers: let a draft follow its case when the case's label is raised."""

from datetime import datetime

from watchbell.apps.advisories import services
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, job
from watchbell.domain.handling import system
from watchbell.domain.identity import Dice

FOLLOWER = system("advisories.follow_case")


@job("advisories.follow_case")
def follow_case(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will raise the label of a draft to its case's."""
    services.follow_case(str(args["subject"]), by=FOLLOWER, now=now)
