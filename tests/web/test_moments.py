"""Times are said as a distance in words and exactly, with their zone."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOON

from watchbell.web import moments


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=2), "in 2 days"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(hours=1), "in 1 hour"),
        (timedelta(minutes=59), "in 59 minutes"),
        (timedelta(seconds=30), "now"),
        (timedelta(seconds=-30), "now"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(days=-400), "400 days ago"),
    ],
)
def test_a_distance_is_said_in_the_largest_unit_that_fits(span: timedelta, words: str) -> None:
    assert moments.distance(NOON + span, NOON) == words


def test_the_exact_time_names_its_zone() -> None:
    assert moments.exactly(NOON, moments.zone("America/Denver")) == "Wed 4 Nov 2026, 05:00 MST"


def test_an_unknown_zone_falls_back_to_utc() -> None:
    assert moments.exactly(NOON, moments.zone("Nowhere/Land")) == "Wed 4 Nov 2026, 12:00 UTC"


def test_spanish_readers_get_spanish_distances() -> None:
    with translation.override("es"):
        assert moments.distance(NOON + timedelta(days=3), NOON) == "en 3 días"


@settings(max_examples=100, deadline=None)
@given(st.timedeltas(min_value=timedelta(days=-9000), max_value=timedelta(days=9000)))
def test_a_distance_never_overstates_the_time_that_is_left(span: timedelta) -> None:
    words = moments.distance(NOON + span, NOON)

    figure = int("".join(filter(str.isdigit, words)) or 0)
    unit = next((unit for unit in ("day", "hour", "minute") if unit in words), "minute")
    assert timedelta(**{f"{unit}s": figure}) <= abs(span)


def test_the_tag_gives_machines_the_instant_and_screen_readers_the_exact_time() -> None:
    context = Context({"at": NOON + timedelta(days=3), "request": SimpleNamespace(now=NOON)})

    html = Template("{% load watchbell %}{% instant at %}").render(context)

    assert 'datetime="2026-11-07T12:00:00+00:00"' in html
    assert "in 3 days" in html
    assert '<span class="for-readers"> (Sat 7 Nov 2026, 12:00 UTC)</span>' in html


def test_a_count_stands_with_its_denominator() -> None:
    html = Template("{% load watchbell %}{% count 1180 of=1234 %}").render(Context())

    assert "1,180 of 1,234" in html


def test_every_state_shows_a_word_and_a_shape() -> None:
    for state in ("now", "soon", "later", "done", "unknown"):
        html = Template("{% load watchbell %}{% badge state %}").render(Context({"state": state}))

        assert state in html.lower()
        assert "<svg" in html or "?" in html


def test_nothing_is_shown_as_known_when_there_is_no_date() -> None:
    html = Template("{% load watchbell %}{% instant at %}").render(Context({"at": None}))

    assert "no date" in html


def test_instants_of_long_ago_and_far_ahead_can_be_said() -> None:
    assert moments.distance(datetime(1970, 1, 1, tzinfo=UTC), NOON).endswith("days ago")
