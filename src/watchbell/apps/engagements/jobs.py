"""The clock's round of early access, once a minute."""

from datetime import datetime, timedelta

from django.conf import settings

from watchbell.apps.engagements import services
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.domain.identity import Dice
from watchbell.outside.keystore import FolderKeystore


@job("engagements.round")
def make_round(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """Write down what came by itself."""
    services.make_round(now=now, keys=FolderKeystore(settings.WATCHBELL.keys), rng=rng)


periodic(Schedule("engagements.round", "engagements.round", timedelta(minutes=1), missed=Missed.LATEST))
