"""This tells Django that the room exists."""

from django.apps import AppConfig


class VulnerabilitiesConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.vulnerabilities"
    label = "vulnerabilities"
