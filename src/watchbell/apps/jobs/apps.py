"""This tells Django that the room exists, and collects the work every room offers."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """The room's name, and the roll call of `jobs.py` in each room."""

    name = "watchbell.apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        """This will import each room's `jobs.py`, whose functions register themselves."""
        autodiscover_modules("jobs")
