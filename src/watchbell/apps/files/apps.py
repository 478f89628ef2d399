"""This tells Django that the room exists."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.files"
    label = "files"
