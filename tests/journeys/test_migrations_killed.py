"""May the machine be switched off while the database is made or upgraded?"""

from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import throwaway


def shape_after(home: Path, plan: str) -> dict[str, Any]:
    with throwaway(home) as node:
        return dict(node.run("tests.support.kill_init", plan))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return shape_after(tmp_path_factory.mktemp("clean") / "home", "clean")


@pytest.mark.slow
def test_init_killed_before_migrations_are_recorded_ends_with_the_same_database(
    tmp_path: Path, clean: dict[str, Any]
) -> None:
    recorded = len(clean["shape"][-3])

    found = shape_after(tmp_path / "home", "recorded")

    assert found["killed"] >= recorded // 3
    assert found["problem"] == ""
    assert found["shape"] == clean["shape"]


@pytest.mark.slow
def test_init_killed_at_any_statement_ends_with_the_same_database(tmp_path: Path, clean: dict[str, Any]) -> None:
    found = shape_after(tmp_path / "home", "sampled")

    assert found["killed"] >= 8
    assert found["problem"] == ""
    assert found["shape"] == clean["shape"]


def test_a_clean_database_has_the_triggers_that_keep_the_record(clean: dict[str, Any]) -> None:
    text = str(clean["shape"])

    assert "journal_entry_append_only" in text
    assert clean["problem"] == ""
