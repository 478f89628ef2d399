"""One clearinghouse in the middle of its week, played once a module; each test has a copy of it to itself."""

from copy import deepcopy

import pytest
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.desk import Desk
from tests.web.coordination_scene import Scene, play


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(scope="module")
def scene_once(cast_once: Cast) -> Scene:
    return play(cast_once, NOON)


@pytest.fixture
def cast(cast_once: Cast, scene_once: Scene, db: None) -> Cast:
    return deepcopy(cast_once)


@pytest.fixture
def scene(scene_once: Scene, db: None) -> Scene:
    return deepcopy(scene_once)


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return scene.desk
