"""How often programs may call: bounded a caller, shared by all processes, and without a write for a quiet one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.support.cast import Cast

from watchbell.api import door
from watchbell.apps.orgs import services
from watchbell.domain.handling import Scope
from watchbell.doors import moment
from watchbell.doors.throttle import Allowance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bounds be reached with few calls."""
    monkeypatch.setattr(moment, "now", lambda: noon + timedelta(seconds=45))
    monkeypatch.setattr(door, "CALLS", Allowance("test-api", most=6, batch=2))
    monkeypatch.setattr(door, "STRANGERS", Allowance("test-stranger", most=4, batch=2))


def token(player: Any, noon: datetime, rng: Any) -> str:
    return services.mint_token("t", [Scope.READ], by=player.actor, lasts=timedelta(days=1), now=noon, rng=rng)[1]


def me(text: str, address: str = "203.0.113.9") -> Any:
    return Client(REMOTE_ADDR=address).get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})


def test_a_busy_token_is_told_to_wait_and_nobody_else_is(cast: Cast, noon: datetime, rng: Any) -> None:
    busy, other = token(cast.hospital, noon, rng), token(cast.bank, noon, rng)

    statuses = [me(busy).status_code for _ in range(8)]
    answer = me(busy)

    assert statuses == [200] * 8
    assert (answer.status_code, answer.headers["Content-Type"]) == (429, "application/problem+json")
    assert answer.headers["Retry-After"] == "15"
    assert answer.json()["code"] == "too-many-requests"
    assert me(other).status_code == 200


def test_guesses_from_one_address_are_bounded_and_lock_nobody_out_who_has_a_token(
    cast: Cast, noon: datetime, rng: Any
) -> None:
    good = token(cast.hospital, noon, rng)

    statuses = [me(f"wb_{number:032x}_guess").status_code for number in range(8)]

    assert statuses == [401] * 6 + [429] * 2
    assert me(good).status_code == 200
    assert me("wb_0_guess", address="203.0.113.10").status_code == 401


def test_the_description_is_bounded_for_each_address_too(db: None) -> None:
    answers = [Client().get("/api/v1/openapi.json") for _ in range(9)]

    assert [answer.status_code for answer in answers] == [200] * 8 + [429]
    assert answers[-1].headers["Retry-After"] == "15"


def test_two_processes_share_one_bound_and_a_new_minute_opens_it(noon: datetime) -> None:
    first, second = (Allowance("shared", most=40, batch=10) for _ in range(2))

    passed = sum(not process.wait("caller", now=noon) for _ in range(100) for process in (first, second))

    assert 40 <= passed <= 40 + 2 * 10
    assert not first.wait("somebody else", now=noon)
    assert not first.wait("caller", now=noon + timedelta(minutes=1))


def test_a_quiet_caller_causes_no_query_and_a_crowd_no_growth(noon: datetime, django_assert_num_queries: Any) -> None:
    bound = Allowance("quiet", most=40, batch=20, callers=100)

    with django_assert_num_queries(0):
        waits = {bound.wait(f"caller {number % 500}", now=noon) for number in range(1000)}

    assert waits == {0}
    assert len(bound._span.tallies) <= 100
