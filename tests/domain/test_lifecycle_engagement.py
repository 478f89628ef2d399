"""Is early access bounded, and the developer's at every moment? Windows in every zone, every state and event."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.lifecycle.engagement import BY, ENGAGEMENT, Engagement, EngagementEvent, Party
from watchbell.domain.lifecycle.window import LONGEST, Window, latest_end, used_up

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 (the zone is drawn)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
minutes = st.integers(0, 90 * 24 * 60).map(lambda value: EPOCH + timedelta(minutes=value))
lengths = st.integers(0, 40 * 24 * 60).map(lambda value: timedelta(minutes=value))
windows = st.builds(lambda at, length: Window(at, at + length), minutes, lengths)


@given(st.datetimes(timezones=st.sampled_from([ZoneInfo(name) for name in ZONES]), min_value=FIRST))
def test_thirty_days_are_720_hours_in_every_zone_whatever_its_clocks_do(starts_at: datetime) -> None:
    ends_at = latest_end(starts_at, used=[])

    window = Window(starts_at.astimezone(UTC), ends_at)
    assert ends_at - starts_at.astimezone(UTC) == timedelta(hours=720)
    assert window.is_open(ends_at - timedelta(microseconds=1))
    assert not window.is_open(ends_at)


@given(starts_at=minutes, used=st.lists(windows, max_size=6), caps=st.lists(minutes, max_size=2))
def test_no_series_of_windows_onto_one_model_covers_more_than_thirty_days(
    starts_at: datetime, used: list[Window], caps: list[datetime]
) -> None:
    before = used_up(used)

    end = latest_end(starts_at, used=used, no_later_than=caps)

    assert starts_at <= end <= starts_at + LONGEST
    assert used_up([*used, Window(starts_at, end)]) <= max(LONGEST, before)
    assert all(end <= max(cap, starts_at) for cap in caps)
    if end < min([starts_at + LONGEST, *(max(cap, starts_at) for cap in caps)]):
        one_more = Window(starts_at, end + timedelta(minutes=1))
        assert used_up([*used, one_more]) > max(LONGEST, before)


@given(st.lists(windows, max_size=8))
def test_what_several_windows_cover_together_counts_once(some: list[Window]) -> None:
    moments = sorted({at for one in some for at in (one.starts_at, one.ends_at)})
    inside = [(at, until) for at, until in pairwise(moments) if any(w.is_open(at) for w in some)]

    assert used_up(some) == sum((until - at for at, until in inside), timedelta(0))
    assert used_up([*some, *some]) == used_up(some)


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=fold) for fold in (0, 1))

    assert used_up([Window(first, second)]) == timedelta(hours=1)
    assert not Window(first, second).is_open(second)


def test_a_window_needs_a_zone_and_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Window(datetime(2026, 1, 1), EPOCH)  # noqa: DTZ001
    with pytest.raises(ValueError, match="before it begins"):
        Window(EPOCH, EPOCH - timedelta(seconds=1))
    with pytest.raises(ValueError, match="time zone"):
        latest_end(datetime(2026, 1, 1), used=[])  # noqa: DTZ001


@pytest.mark.parametrize("state", Engagement)
def test_the_developer_releases_in_every_state_and_withdraws_from_every_open_one(state: Engagement) -> None:
    possible = ENGAGEMENT.possible(state)

    assert EngagementEvent.RELEASE in possible
    assert (EngagementEvent.WITHDRAW in possible) == state.is_open
    if not state.is_open:
        assert ENGAGEMENT.next(state, EngagementEvent.RELEASE) is state


def test_nothing_that_is_over_opens_again_and_nothing_starts_twice() -> None:
    for (before, _event), after in ENGAGEMENT.transitions.items():
        assert before.is_open or after is before
    assert [before for (before, _), after in ENGAGEMENT.transitions.items() if after.lets_in] == [Engagement.AGREED]


def test_nobody_but_the_developer_makes_offers_or_starts_and_time_only_ends() -> None:
    by_others = {event for event, party in BY.items() if party is not Party.DEVELOPER}

    assert set(BY) == set(EngagementEvent)
    for (_before, event), after in ENGAGEMENT.transitions.items():
        if event in by_others:
            assert after in (Engagement.AGREED, Engagement.DECLINED, Engagement.LAPSED, Engagement.ENDED)
            assert event is EngagementEvent.AGREE or not after.is_open
