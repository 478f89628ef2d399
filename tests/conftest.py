"""What every test stands on: a scratch node, a fixed noon, seeded dice."""

import gc
import os
import random
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.cast import Cast

settings.register_profile(
    "house", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LONGEST = (
    *("test_river_killed.py", "test_evaluation_whole.py", "test_own_runs.py"),
    *("test_node_life.py", "test_worker_kill.py"),
)
"""Files that take a worker a minute or two and start processes of their own, the longest first."""


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: whoever runs us in the background without a shell's care has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the longest files first: at the end of a run they leave one processor idle.

    What pytest-django sorted stays as it is: tests that hold the database, those that empty it, and all others.
    """
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what was imported: it took every thirteenth second of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def nobody_called_yet() -> None:
    """Forget what earlier tests left in the process: the calls it counted, and the language of the last page."""
    if translation := sys.modules.get("django.utils.translation"):
        translation.deactivate()
    if door := sys.modules.get("watchbell.api.door"):
        door.CALLS.forget()
        door.STRANGERS.forget()


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def rng() -> random.Random:
    return random.Random(14409)


@pytest.fixture
def cast(db: None, rng: random.Random) -> "Cast":
    from tests.support.cast import make_cast

    from watchbell.doors import keys

    keys.make_node_keys()
    return make_cast(NOON, rng)


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Hold one transaction around a module, so that what its fixtures write is written once and undone at the end.

    Each test still runs in a savepoint of its own. Not for modules with tests that need real transactions.
    """
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def cast_once(once: None) -> "Cast":
    from tests.support.cast import make_cast

    from watchbell.doors import keys

    keys.make_node_keys()
    return make_cast(NOON, random.Random(14409))
