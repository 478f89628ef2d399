"""This tells Django that the room exists."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """The room's name."""

    name = "watchbell.apps.inventory"
    label = "inventory"
