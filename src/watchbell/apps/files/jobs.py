"""Work this room offers: remove what was kept long enough, and files that no row names."""

from datetime import datetime, timedelta

from django.conf import settings

from watchbell.apps.files import services
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule, job, periodic
from watchbell.domain.handling import system
from watchbell.domain.identity import Dice
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import FolderKeystore

SWEEPER = system("files.sweep")


@job("files.sweep")
def sweep(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
    """This will remove expired files, some at a time, and then orphans."""
    store = node_store()
    removed = 0
    while more := services.remove_expired(store=store, by=SWEEPER, now=now):
        removed += more
        progress.report(done=removed)
    services.sweep(store=store, now=now)


def node_store() -> BlobStore:
    """Return the store of this node, where the settings say."""
    return BlobStore(settings.WATCHBELL.home / "blobs", FolderKeystore(settings.WATCHBELL.keys))


periodic(Schedule("files.sweep", "files.sweep", every=timedelta(hours=1), missed=Missed.LATEST))
