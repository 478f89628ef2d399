"""The cases room."""

from django.apps import AppConfig


class Cases(AppConfig):
    """Cases, participants, embargoes, answers and messages."""

    name = "watchbell.apps.cases"
    label = "cases"
