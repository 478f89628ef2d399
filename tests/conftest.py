"""What every test stands on: a scratch node, a fixed noon, seeded dice."""

import os
import random
import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.cast import Cast

os.environ.setdefault("WATCHBELL_HOME", tempfile.mkdtemp(prefix="watchbell-test-"))

settings.register_profile(
    "house", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


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
