"""This tells Django that the room exists."""

from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.engagements"
    label = "engagements"
