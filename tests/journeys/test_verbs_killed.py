"""May a machine be switched off during a restore, a backup or an upgrade? Nothing is half there; again completes it."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import Node

from watchbell.cli import backup, doctor
from watchbell.outside import durable
from watchbell.outside.settings import Settings

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


def test_a_killed_upgrade_is_run_again_and_clears_away_the_backup_it_had_begun(found: dict[str, Any]) -> None:
    runs = found["upgrade"]

    assert [(run["was_killed"], run["again"], run["left"]) for run in runs] == [(True, 0, [])] * len(runs)
    assert any(run["between"] for run in runs)


def test_doctor_names_an_unfinished_backup_and_not_one_that_is_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 0)
    node = Settings.from_env({"WATCHBELL_HOME": str(tmp_path)})
    killed, working = tmp_path / "backups/1.part", tmp_path / "backups/2.part"
    for folder in (killed, working):
        folder.mkdir(parents=True)

    with durable.held(working):
        seen = doctor.examine_disk(node)

    assert str(killed) in seen.found
    assert str(working) not in seen.found
    assert (sorted(backup.unfinished(node)), seen.state) == ([killed, working], doctor.State.NOTE)


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
