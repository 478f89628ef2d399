"""Does a window last thirty times twenty-four hours and not a moment longer, whatever clocks do? TM-01 to TM-05."""

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.apps.scene_engagements import DICE, ENDPOINT, TERMS, Scene, admit, agreed, ask, offered, started, token
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.models import AccessLine, Engagement, GatewayToken, UsedWindow
from watchbell.apps.engagements.services import IsOver, NotYet, Release, metering, tokens
from watchbell.apps.journal.models import Entry
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Admission, Ending, Settlement, Usage
from watchbell.domain.terms import Purpose
from watchbell.doors.keys import keystore

pytestmark = pytest.mark.django_db
DAY, HOUR, TICK = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
THIRTY = 720 * HOUR
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/Havana",
)
STARTS = {  # by the clock of each zone
    "clocks go back": datetime(2026, 10, 15, 23, 30, tzinfo=UTC),
    "clocks go on": datetime(2027, 3, 10, 2, 30, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 10, 12, 0, tzinfo=UTC),
    "the year's end": datetime(2026, 12, 20, 23, 59, 59, 999_999, tzinfo=UTC),
}


def is_let_in(text: str, at: datetime) -> bool:
    return isinstance(admit(ask(text), now=at)[0], Admission)


@pytest.mark.parametrize("what", STARTS)
def test_thirty_days_are_720_hours_in_every_zone_across(cast: Cast, what: str) -> None:
    for number, zone in enumerate(ZONES):
        at = STARTS[what].replace(tzinfo=ZoneInfo(zone))
        scene = started(cast, now=at, digest=f"{number:064x}")
        end = at.astimezone(UTC) + THIRTY
        text = token(scene, now=end - HOUR)

        clock = queries.clock_of(scene.engagement, now=end - TICK)
        assert clock is not None
        assert (clock.ends_at, clock.whole, clock.is_open, clock.day) == (end, THIRTY, True, 30), zone
        assert clock.ends_at.astimezone(ZoneInfo(zone)) == end  # what a page shows beside UTC is the same moment
        assert (is_let_in(text, end - TICK), is_let_in(text, end)) == (True, False), zone


def test_a_call_that_runs_at_the_end_is_to_be_cut_there_and_what_came_of_it_is_kept(cast: Cast) -> None:
    scene = started(cast)
    end = NOON + THIRTY
    answer = admit(ask(token(scene, now=end - HOUR)), now=end - TICK)[0]
    assert isinstance(answer, Admission)
    name = scene.engagement.public_id

    running = metering.stopped_among([name], now=end - TICK, keys=keystore())
    cut = metering.stopped_among([name], now=end, keys=keystore())
    services.make_round(now=end, keys=keystore(), rng=DICE)
    partial = Settlement(
        call=answer.call,
        ending=Ending.OUT_OF_TIME,
        status=200,
        usage=Usage(3, 4),
        response_digest="ef" * 32,
        response_bytes=17,
    )
    metering.settle([partial], now=end + timedelta(seconds=1))

    assert (answer.ends_at, running, cut) == (end, set(), {name})
    line = AccessLine.objects.get(what="settled")
    assert b'"ending":"out-of-time"' in bytes(line.entry)
    assert b"ef" * 32 in bytes(line.entry)
    scene.fresh().grant.refresh_from_db()
    assert scene.engagement.grant.tokens_used == 7


def test_no_service_takes_anything_that_could_lengthen_a_window() -> None:
    words = {"end", "ends", "until", "extend", "extension", "longer", "renew", "renewal", "hours", "days", "duration"}
    taking = {
        name
        for name in services.__all__
        if inspect.isfunction(function := getattr(services, name))
        for parameter in inspect.signature(function).parameters
        if words & set(parameter.split("_"))
    }

    assert taking == {"shorten"}
    assert not {name for name in services.__all__ if words & set(name.lower().split("_"))} - {
        "end_every_token",
        "end_if_over",
        "end_partnership",
        "end_seat",
        "end_token",
    }


def test_nothing_either_party_does_once_access_runs_moves_its_end_to_a_later_moment(cast: Cast) -> None:
    scene = started(cast, replace(TERMS, hours=100))
    lab, evaluator, far = scene.by("lab"), scene.by("evaluator"), NOON + 400 * DAY
    end = NOON + 100 * HOUR

    def sealed_terms() -> object:
        return services.change_terms(
            scene.engagement, replace(TERMS, hours=720), by=lab["by"], now=NOON, keys=keystore()
        )

    signature = scene.sign("lab", services.start_to_sign(scene.engagement))
    services.shorten(scene.engagement, far, **lab)
    services.plan_release(scene.model, Release.PUBLIC, far, **lab)
    services.plan_release(scene.model, Release.PUBLIC, None, **lab)
    services.pause(scene.engagement, by=lab["by"], now=NOON)
    services.resume(scene.engagement, by=lab["by"], now=NOON + DAY)
    services.set_endpoint(scene.engagement, ENDPOINT, **lab)
    services.name_person(scene.engagement, cast.evaluator.person.public_id, **evaluator)
    services.mint(scene.engagement, Purpose.RUN, lasts=900 * DAY, **evaluator)
    for attempt in (sealed_terms, lambda: services.start(scene.engagement, signature, **lab)):
        with pytest.raises(NotPossible):
            attempt()

    assert scene.fresh().ends_at == end
    assert UsedWindow.objects.get().ends_at == end
    assert GatewayToken.objects.get().expires_at <= NOON + 12 * HOUR


def test_a_new_engagement_signed_anew_has_only_what_is_left_of_the_thirty_days(cast: Cast) -> None:
    first = started(cast)
    later = NOON + 29 * DAY
    services.withdraw(first.engagement, **{**first.by("lab"), "now": later})

    for spelled in (TERMS.model_digest.upper(), f"  {TERMS.model_digest} "):
        again = services.register_model("Under another name", spelled, **first.by("lab"))
        assert again.pk == first.model.pk
    second = started(cast, now=later + 300 * DAY)
    services.make_round(now=later + 301 * DAY, keys=keystore(), rng=DICE)

    assert second.engagement.ends_at == later + 301 * DAY
    assert second.fresh().stands is State.ENDED
    assert queries.time_left(first.model) == timedelta(0)
    with pytest.raises(NotYet):
        started(cast, now=later + 500 * DAY)


def test_an_agreement_that_nobody_started_in_time_cannot_be_started_before_the_round_comes(cast: Cast) -> None:
    scene = agreed(cast)
    late = {**scene.by("lab"), "now": NOON + 14 * DAY}
    signature = scene.sign("lab", services.start_to_sign(scene.engagement))

    with pytest.raises(IsOver):
        services.start(scene.engagement, signature, **late)

    services.make_round(now=NOON + 14 * DAY, keys=keystore(), rng=DICE)
    assert scene.fresh().stands is State.LAPSED


def test_withdrawing_is_dead_at_once_with_receipts_and_neither_asks_nor_tells_why(cast: Cast) -> None:
    scene = started(cast)
    text = token(scene)
    call = admit(ask(text))[0]
    parties = {cast.lab.organisation.public_id, cast.evaluator.organisation.public_id}

    services.withdraw(scene.engagement, **scene.by("lab"))

    assert not is_let_in(text, NOON)
    assert metering.stopped_among([scene.engagement.public_id], now=NOON, keys=keystore())
    assert isinstance(call, Admission)
    assert {one.key for one in queries.receipts_of(scene.engagement)} == {"access", "evidence"}
    assert not {name for name in inspect.signature(services.withdraw).parameters if "reason" in name or "why" in name}
    told = Entry.objects.filter(subject_id=scene.engagement.public_id)
    assert {one.organisation_id for entry in told for one in entry.concerns.all()} == parties
    assert not [entry for entry in told if "reason" in entry.facts]
    with pytest.raises(IsOver):
        services.mint(scene.engagement, Purpose.RUN, **scene.by("evaluator"))


def test_a_token_is_not_made_after_the_withdrawal_that_came_while_it_was_asked_for(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = started(cast)
    held = tokens.held

    def withdrawn_meanwhile(engagement: Engagement) -> Engagement:
        monkeypatch.setattr(tokens, "held", held)
        services.withdraw(engagement, **scene.by("lab"))
        return held(engagement)

    monkeypatch.setattr(tokens, "held", withdrawn_meanwhile)

    with pytest.raises(IsOver):
        services.mint(scene.engagement, Purpose.RUN, **scene.by("evaluator"))
    assert not GatewayToken.objects.exists()


def used_until(scene: Scene, at: datetime) -> str:
    """Use access at this moment, so that the engagement has seen it, and return a token that is good for hours."""
    text = token(scene, now=at)
    assert is_let_in(text, at)
    return text


def test_a_clock_two_hours_back_opens_nothing_that_was_over_and_gives_no_call_more_time(cast: Cast) -> None:
    scene = started(cast)
    end = NOON + THIRTY
    text = used_until(scene, end - HOUR)

    back = end - HOUR - timedelta(hours=2)
    answer = admit(ask(text), now=back)[0]

    assert isinstance(answer, Admission)
    assert (answer.ends_at, scene.fresh().seen_at) == (end, end - HOUR)
    assert GatewayToken.objects.get().expires_at == end
    assert not is_let_in(text, end)
    assert not is_let_in(text, back)
    assert scene.fresh().stands is State.ENDED


def test_a_clock_that_jumps_thirty_days_ahead_ends_what_runs_and_setting_it_right_brings_nothing_back(
    cast: Cast,
) -> None:
    scene = started(cast)
    text = used_until(scene, NOON + HOUR)

    ahead = is_let_in(text, NOON + HOUR + 30 * DAY)
    again = is_let_in(text, NOON + 2 * HOUR)

    assert (ahead, again) == (False, False)
    assert scene.fresh().stands is State.ENDED
    assert not {scene.engagement.access_key} & set(keystore().names())
    second = started(cast, now=NOON + 3 * HOUR)  # a new engagement, signed anew, has the rest of the same thirty days
    assert second.engagement.ends_at == NOON + THIRTY


def test_a_clock_that_jumps_ahead_while_nobody_looks_costs_nothing(cast: Cast) -> None:
    scene = offered(cast)
    running = started(cast, digest="ab" * 32)

    metering.stopped_among([running.engagement.public_id], now=NOON + 60 * DAY, keys=keystore())

    assert (scene.fresh().stands, running.fresh().stands) == (State.OFFERED, State.ACTIVE)
    assert is_let_in(token(running, now=NOON + HOUR), NOON + HOUR)


def test_a_frozen_clock_lengthens_nothing_once_it_goes_again(cast: Cast) -> None:
    scene = started(cast)
    text = used_until(scene, NOON + HOUR)

    assert all(is_let_in(text, NOON + HOUR) for _ in range(3))

    assert scene.fresh().ends_at == NOON + THIRTY
    assert not is_let_in(text, NOON + THIRTY)
    assert not is_let_in(text, NOON + HOUR)
