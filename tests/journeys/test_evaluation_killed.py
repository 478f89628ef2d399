"""Killed while a log comes in, a report is issued or suites are registered, a node has each once when it is done again.

CR-07: what was taken in before the kill is not taken in a second time.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.machine import required, why_missing
from tests.support.nodes import throwaway

pytestmark = pytest.mark.slow
IMPORTS, REPORTS = 5, 3


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with throwaway(tmp_path_factory.mktemp("killed") / "node") as node:
        node.make()
        return dict(node.run("tests.support.kill_evaluation", str(IMPORTS), str(REPORTS), seconds=300))


def test_an_import_that_was_killed_and_done_again_is_the_same_as_one_that_was_not(found: dict[str, Any]) -> None:
    told = found["import"]

    assert [one for one in told["killed"] if not one["was_killed"]] == []
    assert [one for one in told["killed"] if one["after"] != told["unbroken"]] == []
    assert told["unbroken"]["samples"] == told["unbroken"]["items"] == found["samples"]
    assert {one["between"]["samples"] for one in told["killed"]} > {0}  # some were killed between two pages


def test_a_report_that_was_killed_is_there_whole_or_not_at_all_and_says_the_same_when_it_is_issued_again(
    found: dict[str, Any],
) -> None:
    told = found["report"]

    assert [one for one in told["killed"] if not one["was_killed"]] == []
    for one in told["killed"]:
        reports = one["between"]["reports"]
        assert reports == ([1] if one["at"] == "committed" else [])
        assert one["between"]["entries"].get("evaluation.report_issued", 0) == len(reports)
        assert one["after"]["reports"] == [1]
        assert all(one["after"]["signed"])
        assert set(one["after"]["said"]) == set(told["unbroken"]["said"])
        assert one["after"]["cells"] == told["unbroken"]["cells"]


def test_the_record_holds_wherever_it_was_killed(found: dict[str, Any]) -> None:
    killed = [
        one[when] for deed in ("import", "report") for one in found[deed]["killed"] for when in ("between", "after")
    ]

    assert killed
    assert [one for one in killed if not one["holds"]] == []


@pytest.mark.skipif(bool(why_missing("bwrap")) and "bwrap" not in required(), reason=why_missing("bwrap") or "-")
def test_suites_whose_registration_was_killed_are_each_registered_once_when_it_is_repeated(tmp_path: Path) -> None:
    with throwaway(tmp_path / "node") as node:
        node.make()
        process = subprocess.Popen(
            [sys.executable, "-m", "watchbell", "admin", "suites"],
            cwd=node.home,
            env=node.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        told = [next(process.stdout), next(process.stdout)]
        time.sleep(0.3)  # somewhere in the trials of the next one
        process.kill()
        process.communicate(timeout=60)
        killed = node.run("tests.support.evaluation", "suites")

        done = node.watchbell("admin", "suites")
        whole = node.run("tests.support.evaluation", "suites")

        assert done.returncode == 0, done.stderr[-2000:]
        assert 1 <= len(killed["names"]) < len(whole["names"]) == whole["entries"] == len(set(whole["names"]))
        assert killed["digests"].items() <= whole["digests"].items()
        assert set(told) <= set(done.stdout.splitlines(keepends=True))
