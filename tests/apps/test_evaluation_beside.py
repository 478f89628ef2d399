"""A report says what is read beside its profile, or what it lacks; and a stranger's script finds the same numbers."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.apps.scene_engagements import keystore
from tests.apps.scene_evaluation import LATER, PATCH, by, registered, signed
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.web.evaluation_scene import play

from watchbell.apps.evaluation import services
from watchbell.formats import strictjson
from watchbell.web.evaluation import reading

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).parents[1] / "conformance" / "evaluation" / "recompute.py"


def read(report: Any) -> dict[str, Any]:
    found: dict[str, Any] = strictjson.loads(services.signed_bytes(report, keys=keystore()))
    return found


def test_a_report_of_suites_of_both_kinds_has_all_that_is_read_beside_it(cast: Cast) -> None:
    found = read(play(cast, NOON).report)

    assert found["exposure"]["held_out"] == {"crash": True, "locate": False, "securegen": False}
    assert found["exposure"]["found"]["model"] == "northlight-1"
    assert found["exposure"]["found"]["paired"] is False
    assert [len(one["kinds"]) for one in found["comparisons"]] == [0, 2]
    assert {one["reliability"] for one in found["horizons"]["found"]} == {0.5, 0.8}
    assert list(found["horizons"]["minutes"]) == ["securegen"]


def test_a_stranger_finds_the_same_numbers_without_any_of_our_code(cast: Cast, tmp_path: Path) -> None:
    report = play(cast, NOON).report
    (tmp_path / "report.json").write_bytes(services.signed_bytes(report, keys=keystore()))

    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(tmp_path / "report.json")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "numbers agree" in done.stdout


def test_without_human_times_or_public_items_the_report_says_that_it_says_nothing(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")

    found = read(services.issue_report(scene.fresh(), **by(cast, now=LATER)))

    assert found["horizons"] == {"minutes": {}, "found": [], "why": "No human times, so no time horizon."}
    assert found["exposure"]["found"] is None
    assert "All items are of one kind" in found["exposure"]["why"]


def test_human_times_are_part_of_what_is_registered(cast: Cast) -> None:
    timed = replace(PATCH, name="timed", minutes=(("traversal", 3.0),))

    row = registered(cast, timed)

    assert (row.minutes, row.digest) == ({"traversal": 3.0}, timed.digest)
    assert timed.digest != replace(timed, minutes=(("traversal", 4.0),)).digest
    assert "minutes" not in PATCH.as_mapping()


def test_a_report_of_the_first_form_is_read_as_well_with_what_it_has(cast: Cast) -> None:
    found = read(play(cast, NOON).report)
    older = {name: value for name, value in found.items() if name not in ("exposure", "horizons")}
    older["comparisons"] = [{name: one[name] for name in one if name != "kinds"} for one in found["comparisons"]]
    older["validity"] = {name: found["validity"][name] for name in ("open_flags", "containment", "not_checked")}

    shown = reading.context_of({**older, "report": "watchbell-evaluation-report-1"})

    assert (shown["exposure"], shown["horizons"], shown["reviews"], shown["fingerprints"]) == (None, None, None, [])
    assert [one["kinds"] for one in shown["comparisons"]] == [[], []]
