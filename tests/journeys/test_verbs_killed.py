"""May a machine be switched off during a restore, a backup or an upgrade? Nothing is half there; again completes it."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import Node

REFUSED = 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("verbs")
    return dict(Node(folder).run("tests.support.kill_verbs", str(folder), seconds=240))


def test_a_killed_restore_leaves_the_old_node_or_the_new_one_and_again_completes_it(found: dict[str, Any]) -> None:
    runs = found["restore"]

    assert [run["step"] for run in runs if not run["was_killed"]] == []
    assert [run["step"] for run in runs if run["between"]["database"]] == [runs[-1]["step"]]
    assert runs[-1]["between"] == found["whole"]
    assert [run["step"] for run in runs if run["used"] != REFUSED] == []
    assert [run["step"] for run in runs if (run["again"], run["after"]) != (0, found["whole"])] == []
    assert found["whole"]["places"] > 0


def test_a_killed_backup_is_never_taken_for_a_whole_one_and_the_next_one_clears_it_away(found: dict[str, Any]) -> None:
    runs = found["backup"]

    assert [(run["was_killed"], run["there"], run["again"], run["left"]) for run in runs] == [
        (True, False, 0, ["out"])
    ] * len(runs)


def test_a_killed_upgrade_is_run_again(found: dict[str, Any]) -> None:
    assert [(run["was_killed"], run["again"]) for run in found["upgrade"]] == [(True, 0)] * len(found["upgrade"])


@pytest.mark.parametrize("left", ["watchbell.sqlite3-wal", "watchbell.sqlite3"])
def test_a_restore_never_meets_what_another_database_left_behind(tmp_path: Path, left: str) -> None:
    node, whole = Node(tmp_path / "home"), tmp_path / "whole"
    for folder in (node.home, whole):
        folder.mkdir()
    (whole / "backup.json").write_text('{"made_at": "2026-11-04T12:00:00+00:00", "version": "0", "database": "sqlite"}')
    (node.home / left).write_bytes(b"of another database")

    done = node.watchbell("restore", str(whole), "--without-keys")

    assert done.returncode == REFUSED
    assert left in done.stderr
    assert [path.name for path in node.home.iterdir()] == [left]
