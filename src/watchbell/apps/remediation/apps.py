"""This tells Django that the room exists."""

from django.apps import AppConfig


class RemediationConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.remediation"
    label = "remediation"
