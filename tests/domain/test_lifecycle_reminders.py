"""Reminders: each date has its few moments, one is open at a time, and none before people knew."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON

from watchbell.domain.lifecycle.reminders import AHEAD, Awaited, open_slot

DAY = timedelta(days=1)
WEEK_AGO = NOON - 7 * DAY


@pytest.mark.parametrize(
    ("left", "ahead"),
    [
        (4 * DAY, None),
        (3 * DAY + timedelta(seconds=1), None),
        (3 * DAY, 3 * DAY),
        (DAY + timedelta(seconds=1), 3 * DAY),
        (DAY, DAY),
        (timedelta(seconds=1), DAY),
        (timedelta(0), None),
        (-DAY, None),
    ],
)
def test_a_date_is_announced_three_days_and_one_day_before(left: timedelta, ahead: timedelta | None) -> None:
    slots = {awaited: open_slot(awaited, due_at=NOON + left, since=WEEK_AGO, now=NOON) for awaited in Awaited}

    assert {awaited: slot and slot.ahead for awaited, slot in slots.items()} == dict.fromkeys(Awaited, ahead)


@given(
    awaited=st.sampled_from(Awaited),
    due=st.timedeltas(min_value=timedelta(0), max_value=10 * DAY),
    looks=st.lists(st.timedeltas(min_value=timedelta(0), max_value=12 * DAY), max_size=30),
)
def test_however_often_we_look_each_slot_opens_once_and_none_that_began_before_people_knew(
    awaited: Awaited, due: timedelta, looks: list[timedelta]
) -> None:
    due_at = NOON + due
    opened: list[tuple[datetime, timedelta]] = []

    for look in sorted(looks):
        slot = open_slot(awaited, due_at=due_at, since=NOON, now=NOON + look)
        if slot is not None:
            opened.append((slot.opens_at, slot.ahead))

    assert len(set(opened)) <= len(AHEAD[awaited])
    assert opened == sorted(opened)
    assert all(NOON < at < due_at for at, _ in opened)
