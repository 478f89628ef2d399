"""A lab in the middle of several offers, played once a module; each test has a copy of it to itself."""

import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web.early_access_scene import Early, play

from watchbell.doors.keys import keystore


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(scope="module")
def early_once(cast_once: Cast) -> Early:
    return play(cast_once, NOON)


@pytest.fixture(autouse=True)
def keys_put_back(early_once: Early, tmp_path: Path) -> Iterator[None]:
    """Put back the keys a test destroyed: they lie in files, which no rolled-back transaction brings back."""
    folder, kept = Path(settings.WATCHBELL.keys), tmp_path / "keys"
    shutil.copytree(folder, kept)
    yield
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    keystore.cache_clear()


@pytest.fixture
def early(early_once: Early, db: None) -> Early:
    return deepcopy(early_once)


@pytest.fixture
def cast(cast_once: Cast, early_once: Early, db: None) -> Cast:
    return deepcopy(cast_once)


@pytest.fixture
def lab(cast: Cast) -> Client:
    return signed_in(cast.lab.person)


@pytest.fixture
def evaluator(cast: Cast) -> Client:
    return signed_in(cast.evaluator.person)
