"""This tells Django that the room exists."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.evaluation"
    label = "evaluation"
