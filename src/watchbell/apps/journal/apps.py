"""This tells Django that the room exists."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.journal"
    label = "journal"
