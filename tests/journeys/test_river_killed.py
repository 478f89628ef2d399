"""Killed at any point of the river, a node keeps every deed it acknowledged, and its record holds."""

from pathlib import Path

import pytest
from tests.support import nodes

POINTS = 50


@pytest.mark.slow
def test_no_acknowledged_deed_is_lost_wherever_the_river_is_killed(tmp_path: Path) -> None:
    with nodes.throwaway(tmp_path / "node") as node:
        node.make()

        found = node.run("tests.support.kill_river", str(POINTS), seconds=900)

    points = found["points"]
    assert len(points) == POINTS
    assert all(point["killed"] for point in points)
    assert [point for point in points if point["lost"]] == []
    assert [point["verdict"] for point in points if not point["holds"]] == []
    assert points[-1]["acknowledged"] > points[0]["acknowledged"]
