"""A product that broke one of its promises is caught, and by the check of that very promise.

Each mutant puts something false in the place of the real code; the check of the promise it breaks runs alone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchbell.apps.engagements import services
from watchbell.apps.engagements.models import Engagement
from watchbell.apps.engagements.services import (
    ending,
    log,
    metering,
    opening,
    registering,
    rounds,
    running,
    standing,
    tokens,
)
from watchbell.domain.lifecycle.engagement import ENGAGEMENT
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.voluntary import deeds

pytestmark = pytest.mark.django_db
Patch = pytest.MonkeyPatch
HERE = Path(__file__).parent


def everywhere(patch: Patch, function: Callable[..., Any], other: Callable[..., Any]) -> None:
    """Put another function in the place of one of the room's, wherever it was imported by name."""
    rooms = [services, ending, log, metering, opening, registering, rounds, running, standing, tokens, deeds]
    for room in rooms:
        for name, value in list(vars(room).items()):
            if value is function:
                patch.setattr(room, name, other)


def a_release_that_the_table_does_not_allow_while_access_runs(patch: Patch) -> None:
    kept = {pair: after for pair, after in ENGAGEMENT.transitions.items() if pair != (State.ACTIVE, "release")}
    patch.setattr(Engagement, "__doc__", None)
    object.__setattr__(ENGAGEMENT, "transitions", kept)
    patch.setattr(ENGAGEMENT.__class__, "_kept", None, raising=False)
