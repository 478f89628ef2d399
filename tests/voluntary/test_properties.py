"""Every promise holds in this code: the command says so, on a node that it never touches."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from watchbell.formats import strictjson
from watchbell.voluntary import deeds, others, projection
from watchbell.voluntary.projection import OPEN
from watchbell.voluntary.run import Run
from watchbell.voluntary.verify import PROPERTIES
from watchbell.voluntary.walk import aside

NAMES = [f"V{number}" for number in range(1, 17)]


@pytest.mark.slow
def test_the_command_tries_every_promise_and_ends_with_nothing_broken(tmp_path: Path) -> None:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    scratch.mkdir()
    real = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_")}
    node = {"WATCHBELL_HOME": str(home), "WATCHBELL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}

    done = subprocess.run(
        [sys.executable, "-m", "watchbell", "verify-voluntary", "--json"],
        env={**real, **node, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    found = strictjson.loads(done.stdout)["properties"]
    assert [one["id"] for one in found] == NAMES
    assert all(one["holds"] is True and one["tried"] for one in found)
    assert not home.exists()
    assert list(scratch.iterdir()) == []


def test_the_checks_are_those_of_the_product_and_in_its_order() -> None:
    assert list(PROPERTIES) == NAMES


@pytest.mark.django_db
def test_nobody_elses_deed_is_left_out(run: Run) -> None:
    with run.stage() as stage:
        stage.reach("active").mint()
        tried = {name for name, _ in deeds.things_to_try(stage, stage.cast.actors["evaluator"])}

    assert deeds.untried() == set()
    assert len(tried) > 25


@pytest.mark.django_db
def test_what_is_undone_leaves_neither_rows_nor_keys_behind(run: Run) -> None:
    with run.stage() as stage:
        stage.reach("active")
        before, names = projection.facts(stage), stage.keys.names()
        with aside(stage):
            others.developers_deeds(stage, {"withdraw"})
            stage.now = stage.now.replace(year=2030)
            stage.keys.destroy(f"access-{stage.engagement_id}")

        assert projection.facts(stage) == before
        assert stage.keys.names() == names
        assert before.reaches[stage.engagement_id].state in OPEN


def test_a_broken_promise_ends_the_command_with_one(tmp_path: Path) -> None:
    breaks = (
        "from watchbell.cli import voluntary\n"
        "become = voluntary._become\n"
        "def broken(home):\n"
        "    become(home)\n"
        "    from watchbell.voluntary import verify\n"
        "    from watchbell.voluntary.checked import Checked\n"
        "    verify.PROPERTIES.clear()\n"
        "    verify.PROPERTIES['V1'] = lambda run: Checked('V1', False, 'a release', 'it was refused')\n"
        "voluntary._become = broken\n"
        "from watchbell.cli.main import main\n"
        "main(['verify-voluntary'])\n"
    )
    real = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_")}

    done = subprocess.run(
        [sys.executable, "-c", breaks],
        env={**real, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr[-2000:]
    assert "V1" in done.stdout
    assert "it was refused" in done.stdout
