"""The clock's round of evaluations, once a minute; and runs of this node, each for as long as it takes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from watchbell.apps.evaluation import services
from watchbell.apps.files.jobs import node_store
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.domain.identity import Dice
from watchbell.outside import inspect_runner
from watchbell.outside.keystore import FolderKeystore

RUNS: Final = "evaluation-runs"
"""The folder under the node's home where runs lie while they go."""
GATEWAY: Final = "http://127.0.0.1:8010"
"""Where the gateway of this machine listens unless the settings name another one."""
BEGIN: Callable[..., inspect_runner.Run] = inspect_runner.resume


@job("evaluation.round")
def make_round(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """Do what is due by itself."""
    services.make_round(now=now, keys=FolderKeystore(settings.WATCHBELL.keys))
    services.tend_runs(settings.WATCHBELL.home / RUNS, now=now, rng=rng)


@job(services.CARRY, max_attempts=20, lease=timedelta(minutes=1), is_apart=True, is_long=True)
def carry_out(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """Carry one run out, as far as it may go now."""
    node = settings.WATCHBELL
    means = services.Means(
        keys=FolderKeystore(node.keys),
        store=node_store(),
        rng=rng,
        folders=node.home / RUNS,
        gateway=node.gateway_url or GATEWAY,
        begin=BEGIN,
    )
    services.carry_out(str(args["run"]), progress, means)


periodic(Schedule("evaluation.round", "evaluation.round", timedelta(minutes=1), missed=Missed.LATEST))
