"""Work this room offers: turn an entry of the record into notices, remind of dates, and mail both."""

from datetime import datetime, timedelta

from django.conf import settings

from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.apps.notices import services
from watchbell.domain.identity import Dice
from watchbell.outside.mail import mailer_from


@job("notices.announce_apart", is_apart=True)
def announce_apart(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will tell those whom an entry about early access concerns: that there is any is for nobody else to see."""
    announce(args, progress, now=now, rng=rng)


@job("notices.announce")
def announce(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will tell those whom the entry concerns."""
    services.announce(
        str(args["entry"]),
        action=str(args["action"]),
        subject_kind=str(args["subject_kind"]),
        subject=str(args["subject"]),
        now=now,
        rng=rng,
    )


@job("notices.remind")
def remind(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will tell those who must act before a date that has come near."""
    services.remind(now=now, rng=rng)


@job(services.DELIVER)
def deliver(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will mail one notice to everyone who may still know of its subject."""
    node = settings.WATCHBELL
    mailer = mailer_from(node.email_url, home=node.home, sender=f"watchbell@{node.host}")
    services.deliver(str(args["notice"]), mailer=mailer, base_url=node.base_url, now=now)


@job(services.DELIVER_APART, is_apart=True)
def deliver_apart(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will mail one notice about early access to everyone who may still know of it."""
    deliver(args, progress, now=now, rng=rng)


periodic(Schedule("notices.remind", "notices.remind", every=timedelta(hours=1), missed=Missed.LATEST))
