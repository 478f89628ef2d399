"""The work this room does by itself: every hour it looks which sources are due, and asks each in a job of its own."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from watchbell.apps.jobs import registry
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args
from watchbell.apps.vulnerabilities import services
from watchbell.domain.handling import system
from watchbell.domain.identity import Dice

LOOK, REFRESH = "vulnerabilities.look", "vulnerabilities.refresh"
BY = system("sources")


@registry.job(LOOK)
def look(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """Read anew what an older version of ours read, and enqueue one job for each source that is due, hourly at most."""

    def told(seen: int) -> None:
        progress.report(done=seen)
        progress.checkpoint()

    services.read_again(by=BY, now=now, rng=rng, progress=told)
    with transaction.atomic():
        for source in services.due(now=now):
            key = f"{REFRESH}:{source.public_id}:{now:%Y%m%dT%H}"
            jobs.enqueue(kind=REFRESH, key=key, args={"source": source.public_id}, now=now, rng=rng)


@registry.job(REFRESH, lease=timedelta(minutes=10))
def refresh(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """Ask one source; a failure is noted beside its last good state, and the next hour tries again.

    What a provider still has to give is fetched by another job, so that other work comes between.
    """

    def told(seen: int) -> None:
        progress.report(done=seen)
        progress.checkpoint()

    policy = services.allowed(extra=frozenset(settings.WATCHBELL.egress_allow))
    name = str(args["source"])
    report = services.refresh(name, by=BY, now=now, rng=rng, policy=policy, progress=told)
    if isinstance(report, services.Report) and report.left:
        key = f"{REFRESH}:{name}:{now:%Y%m%dT%H}:{report.left}"
        jobs.enqueue(kind=REFRESH, key=key, args={"source": name}, now=now, rng=rng)


registry.periodic(registry.Schedule("vulnerabilities.sources", LOOK, timedelta(hours=1), missed=registry.Missed.LATEST))
