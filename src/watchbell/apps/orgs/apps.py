"""The orgs room."""

from django.apps import AppConfig


class Orgs(AppConfig):
    """People and organisations."""

    name = "watchbell.apps.orgs"
    label = "orgs"
