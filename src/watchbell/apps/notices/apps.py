"""The notices room."""

from django.apps import AppConfig


class Notices(AppConfig):
    """Notices and their mails."""

    name = "watchbell.apps.notices"
    label = "notices"
