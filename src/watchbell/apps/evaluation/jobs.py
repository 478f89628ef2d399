"""The clock's round of evaluations, once a minute."""

from datetime import datetime, timedelta

from django.conf import settings

from watchbell.apps.evaluation import services
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.domain.identity import Dice
from watchbell.outside.keystore import FolderKeystore


@job("evaluation.round")
def make_round(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """Do what is due by itself."""
    services.make_round(now=now, keys=FolderKeystore(settings.WATCHBELL.keys))


periodic(Schedule("evaluation.round", "evaluation.round", timedelta(minutes=1), missed=Missed.LATEST))
