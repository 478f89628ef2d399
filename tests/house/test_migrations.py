"""Do the migrations say what the models say, in as few steps as Django can take?"""

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from tests.support.make_migrations import Folding, folded

from watchbell.config.settings import ROOMS


@pytest.fixture(scope="module")
def disk() -> MigrationLoader:
    return MigrationLoader(None)


def said(operations: list[Operation]) -> list[str]:
    return [step.describe() for step in operations]


def standing_alone(operations: list[Operation]) -> list[str]:
    return said([step for step in operations if not isinstance(step, CreateModel | RunSQL)])


@pytest.mark.parametrize("room", ROOMS)
def test_what_can_stand_in_the_creation_of_a_table_stands_there(room: str, disk: MigrationLoader) -> None:
    first = disk.disk_migrations[room, "0001_initial"].operations

    assert said(folded(first, room)) == said(first)


def test_no_model_waits_for_a_migration(disk: MigrationLoader) -> None:
    models = ProjectState.from_apps(apps)

    changes = Folding(disk.project_state(), models).changes(graph=disk.graph)

    assert changes == {}


def test_rooms_written_from_nothing_have_no_more_steps_than_they_have_now(disk: MigrationLoader) -> None:
    models = ProjectState.from_apps(apps)

    written = Folding(ProjectState(), models).changes(graph=disk.graph)

    for room in ROOMS:
        first = disk.disk_migrations[room, "0001_initial"].operations
        assert [standing_alone(step.operations) for step in written[room]] == [standing_alone(first)]
