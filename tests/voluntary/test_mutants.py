"""A product that broke one of its promises is caught, and by the check of that very promise.

Each mutant puts something false in the place of the real code; the check of the promise it breaks runs alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, path

from watchbell.apps.engagements import determinations, queries, services
from watchbell.apps.engagements.models import Engagement, ModelVersion, UsedWindow
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
from watchbell.apps.engagements.services.standing import NotYet
from watchbell.domain.lifecycle.engagement import ENGAGEMENT, EngagementEvent
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.outside.keystore import KeyMissing
from watchbell.voluntary import census, deeds, wording
from watchbell.voluntary.run import Run
from watchbell.voluntary.verify import PROPERTIES
from watchbell.web.early_access import urls
from watchbell.web.public import advisories as public_pages

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
