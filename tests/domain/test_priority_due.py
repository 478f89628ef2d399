"""Does every term end where and when the people who must meet it would say it ends?"""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.priority import clock_starts_at, due_at, is_overdue, last_day

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONES = [
    "America/Chicago",
    "America/Havana",
    "America/Nuuk",
    "America/Santiago",
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
]
STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 the strategy adds the zone
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=40)
@given(starts_at=STARTS, days=st.integers(0, 90))
def test_a_term_ends_with_the_last_second_of_its_last_day_in_any_zone(zone, starts_at, days):
    place = ZoneInfo(zone)
    first = starts_at.astimezone(place).date()

    due = due_at(starts_at=starts_at, days=days, zone=zone)

    assert due.tzinfo is UTC
    assert due.astimezone(place).date() == first + timedelta(days=days) == last_day(due, zone=zone)
    assert (due + SECOND).astimezone(place).date() == first + timedelta(days=days + 1)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=40)
@given(starts_at=STARTS, days=st.integers(0, 90), later=st.integers(0, 10**6))
def test_nobody_ever_gets_less_than_the_days_they_were_given(zone, starts_at, days, later):
    due = due_at(starts_at=starts_at, days=days, zone=zone)

    assert due - starts_at > timedelta(days=days) - timedelta(hours=1, seconds=1)
    assert due - starts_at <= timedelta(days=days + 1) + timedelta(hours=1)
    assert due_at(starts_at=starts_at + later * SECOND, days=days, zone=zone) >= due


@pytest.mark.parametrize(
    ("zone", "starts_at", "days", "due"),
    [
        ("UTC", datetime(2026, 3, 2, 12, tzinfo=UTC), 3, datetime(2026, 3, 5, 23, 59, 59, tzinfo=UTC)),
        # Chicago springs forward on 8 March 2026: the last day has 23 hours.
        ("America/Chicago", datetime(2026, 3, 5, 18, tzinfo=UTC), 3, datetime(2026, 3, 9, 4, 59, 59, tzinfo=UTC)),
        # Already Tuesday in Kiritimati (UTC+14) while it is Monday noon in London.
        ("Pacific/Kiritimati", NOON, 3, datetime(2026, 3, 6, 9, 59, 59, tzinfo=UTC)),
        # Santiago's 6 September 2026 begins at 01:00: the 5th ends where the gap begins.
        ("America/Santiago", datetime(2026, 9, 2, 12, tzinfo=UTC), 3, datetime(2026, 9, 6, 3, 59, 59, tzinfo=UTC)),
        # Nuuk's 28 March 2026 has no 23:00: it ends at what would have been 23:00.
        ("America/Nuuk", datetime(2026, 3, 25, 12, tzinfo=UTC), 3, datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
        # Havana's 1 November 2026 has two midnights; the day before ends at the first.
        ("America/Havana", datetime(2026, 10, 28, 12, tzinfo=UTC), 3, datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC)),
        # A leap day is a day.
        ("Europe/Dublin", datetime(2028, 2, 27, 9, tzinfo=UTC), 3, datetime(2028, 3, 1, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_hard_days_end_where_their_people_say_they_do(zone, starts_at, days, due):
    assert due_at(starts_at=starts_at, days=days, zone=zone) == due


def test_the_clock_starts_when_the_listing_became_known_while_there_is_no_fix():
    assert clock_starts_at(listing_known_at=NOON) == NOON


def test_the_clock_starts_with_the_fix_when_that_became_known_later():
    later, earlier = NOON + timedelta(days=5), NOON - timedelta(days=5)

    assert clock_starts_at(listing_known_at=NOON, fix_known_at=later) == later
    assert clock_starts_at(listing_known_at=NOON, fix_known_at=earlier) == NOON


def test_an_instant_means_the_same_whatever_zone_it_is_written_in():
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))

    assert due_at(starts_at=elsewhere, days=3, zone="UTC") == due_at(starts_at=NOON, days=3, zone="UTC")
    assert clock_starts_at(listing_known_at=elsewhere) == NOON


def test_a_row_is_overdue_only_when_its_last_second_has_gone_by():
    due = due_at(starts_at=NOON, days=3, zone="UTC")

    assert not is_overdue(due, now=due + timedelta(microseconds=999_999))
    assert is_overdue(due, now=due + SECOND)
    assert last_day(due, zone="UTC") == date(2026, 3, 5)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "UTC\0", "a" * 300, "America"]
)
def test_a_zone_that_does_not_exist_is_refused_in_words(zone):
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        due_at(starts_at=NOON, days=3, zone=zone)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        due_at(starts_at=NOON.replace(tzinfo=None), days=3, zone="UTC")
    with pytest.raises(ValueError, match="has no time zone"):
        clock_starts_at(listing_known_at=NOON, fix_known_at=NOON.replace(tzinfo=None))


def test_a_term_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="before it begins"):
        due_at(starts_at=NOON, days=-1, zone="UTC")
