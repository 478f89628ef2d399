"""Work this room offers: bring one worklist up to date, and look which acceptances ran out."""

from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.apps.remediation import queries, services
from watchbell.domain.handling import system
from watchbell.domain.identity import Dice

REFRESHER = system("remediation.refresh")


@job("remediation.refresh", lease=timedelta(minutes=5))
def refresh(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will bring a worklist up to date: an organisation's, or that of the operator an asset belongs to."""
    subject = str(args["subject"])
    organisation = inventory.owner_of(subject) if args["subject_kind"] == "inventory.asset" else subject
    if organisation is None:
        return  # the asset was removed meanwhile, which has an entry of its own
    try:
        services.refresh(organisation=organisation, by=REFRESHER, now=now, rng=rng, progress=progress)
    except services.Overtaken:
        return  # a later refresh does it


@job("remediation.tend")
def tend(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will ask for a refresh of each worklist on which an acceptance ran out."""
    with transaction.atomic():
        for organisation in queries.with_acceptances_over(now=now):
            args = {"subject": organisation, "subject_kind": "orgs.organisation"}
            key = f"remediation.tend:{organisation}:{now:%Y%m%dT%H}"
            jobs.enqueue(kind="remediation.refresh", key=key, args=args, now=now, rng=rng)


periodic(Schedule("remediation.tend", "remediation.tend", every=timedelta(hours=1), missed=Missed.LATEST))
