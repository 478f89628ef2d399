"""Every column of every table is declared: what it holds, how long, and what export and deletion do."""

import importlib

import pytest
from django.apps import apps
from django.conf import settings

from watchbell.apps.kept import Kept


def declared(room: str) -> list[Kept]:
    return list(importlib.import_module(f"watchbell.apps.{room}.kept").KEPT)


@pytest.mark.parametrize("room", settings.ROOMS)
def test_a_room_declares_every_column_of_every_table_once(room: str) -> None:
    tables = {
        f"{room}.{model.__name__}": {field.attname for field in model._meta.concrete_fields}
        for model in apps.get_app_config(room).get_models(include_auto_created=True)
    }
    rows = declared(room)

    assert {row.model: set(row.columns) for row in rows} == tables
    assert len({row.model for row in rows}) == len(rows)
    assert all(len(row.columns) == len(set(row.columns)) for row in rows)


@pytest.mark.parametrize("room", settings.ROOMS)
def test_a_room_says_what_happens_to_what_it_keeps(room: str) -> None:
    assert all(row.holds and row.until and row.on_export and row.on_deletion for row in declared(room))
