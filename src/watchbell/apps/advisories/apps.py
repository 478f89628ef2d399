"""The advisories room."""

from django.apps import AppConfig


class Advisories(AppConfig):
    """Drafts, published advisories and their renderings."""

    name = "watchbell.apps.advisories"
    label = "advisories"
