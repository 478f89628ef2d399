"""Who is looked at next, what is believed of a source, and who is left in peace?"""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.quantiles import beta_quantile
from watchbell.domain.reviewing import (
    NEVER_SPOKE,
    Belief,
    Standing,
    Tally,
    Waiting,
    Wishes,
    in_order,
    learn,
    may_go,
)
from watchbell.domain.reviewing.queue import EVERY

NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)  # a Wednesday
E0, E1, E2, E3 = list(EvidenceLevel)[:4]

tallies = st.lists(
    st.builds(
        Tally,
        source=st.sampled_from("abcd"),
        kind=st.sampled_from(["memory", "web", "crypto"]),
        real=st.integers(0, 40),
        not_real=st.integers(0, 40),
        days_ago=st.floats(0, 400),
    ),
    max_size=8,
)
beliefs = st.floats(0.01, 0.99).map(lambda chance: Belief(chance=chance, low=chance / 2, high=chance, judged=0, real=0))
queues = st.lists(
    st.builds(
        Waiting,
        name=st.uuids().map(str),
        source=st.sampled_from("abcde"),
        received_at=st.integers(0, 99).map(lambda hours: NOON + timedelta(hours=hours)),
        belief=beliefs,
        of_source=beliefs,
        level=st.sampled_from([E0, E1, E2]),
        impact=st.floats(0.01, 1),
        reach=st.floats(1, 100),
        minutes=st.floats(1, 120),
    ),
    max_size=40,
    unique_by=lambda one: one.name,
)


@pytest.mark.parametrize(
    ("probability", "a", "b", "share"),
    [
        (0.025, 1, 1, 0.025),
        (0.975, 3, 1, 0.975 ** (1 / 3)),
        (0.5, 7, 7, 0.5),
        (0.025, 8, 4, 0.39025744),
        (0.5, 2, 5, 0.26444998),
    ],
)
def test_a_quantile_of_a_beta_distribution_is_the_one_in_the_tables(
    probability: float, a: float, b: float, share: float
) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(share, abs=1e-6)


@given(tallies, st.sampled_from("abcdz"), st.sampled_from(["memory", "web", "other"]))
def test_a_belief_is_a_probability_within_its_interval_whatever_was_judged(
    all_of_them: list[Tally], source: str, kind: str
) -> None:
    belief = learn(all_of_them).about(source, kind)

    assert 0 < belief.chance < 1
    assert 0 <= belief.low <= belief.high <= 1
    assert 0 <= belief.real <= belief.judged


@given(tallies, st.randoms(use_true_random=False))
def test_the_order_in_which_judgements_are_told_changes_nothing(all_of_them: list[Tally], rng: random.Random) -> None:
    mixed = list(all_of_them)
    rng.shuffle(mixed)

    assert learn(mixed) == learn(all_of_them)


def test_a_source_nobody_knows_stands_where_all_stand_together_and_less_surely_than_one_that_is_known() -> None:
    learnt = learn([Tally(source=name, kind="web", real=30, not_real=70) for name in "abcdef"])

    stranger, known = learnt.about("z", "web"), learnt.about("a", "web")

    assert stranger.chance == pytest.approx(0.3, abs=0.02)
    assert stranger.high - stranger.low > known.high - known.low


def test_one_judgement_moves_a_belief_little_and_fifty_move_it_far() -> None:
    others = [
        Tally(source=name, kind="web", real=10 + 9 * at, not_real=90 - 9 * at) for at, name in enumerate("abcdef")
    ]
    once = learn([*others, Tally(source="new", kind="web", real=0, not_real=1)]).about("new", "web")
    often = learn([*others, Tally(source="new", kind="web", real=0, not_real=50)]).about("new", "web")

    assert 0.15 < once.chance < learn(others).about("new", "web").chance
    assert often.chance < 0.05


def test_a_source_that_got_worse_is_believed_less_than_its_whole_past_would_say() -> None:
    before = Tally(source="a", kind="web", real=80, not_real=20, days_ago=360)
    now = Tally(source="a", kind="web", real=1, not_real=29, days_ago=3)

    assert learn([before, now]).about("a", "web").chance < 0.3


def test_a_good_source_is_believed_in_a_kind_it_never_sent_and_less_where_all_are_wrong() -> None:
    learnt = learn(
        [
            Tally(source="good", kind="web", real=45, not_real=5),
            Tally(source="poor", kind="web", real=5, not_real=45),
            Tally(source="poor", kind="crypto", real=1, not_real=60),
            Tally(source="fair", kind="web", real=25, not_real=25),
            Tally(source="fair", kind="crypto", real=4, not_real=46),
        ]
    )

    assert (
        learnt.about("poor", "crypto").chance
        < learnt.about("good", "crypto").chance
        < learnt.about("good", "web").chance
    )


@given(queues, st.integers(0, 20), st.randoms(use_true_random=False))
def test_every_claim_has_one_place_whatever_the_order_they_come_in(
    queue: list[Waiting], decided: int, rng: random.Random
) -> None:
    mixed = list(queue)
    rng.shuffle(mixed)

    placed = list(in_order(queue, decided=decided))

    assert sorted(one.waiting.name for one in placed) == sorted(one.name for one in queue)
    assert placed == list(in_order(mixed, decided=decided))


@given(queues)
def test_whoever_has_a_place_for_its_worth_is_worth_no_less_than_those_behind_it(queue: list[Waiting]) -> None:
    by_worth = [one.waiting for one in in_order(queue) if not one.by_age]

    assert [one.worth for one in by_worth] == sorted((one.worth for one in by_worth), reverse=True)


@settings(max_examples=40)
@given(queues.filter(bool), st.data())
def test_a_claim_is_looked_at_within_five_turns_for_each_source_and_older_claim_of_its_own_whatever_pours_in(
    queue: list[Waiting], data: st.DataObject
) -> None:
    mine = data.draw(st.sampled_from(queue))
    older = [
        one
        for one in queue
        if one.source == mine.source and (one.received_at, one.name) <= (mine.received_at, mine.name)
    ]
    most = EVERY * len(older) * 5
    waiting = {one.name: one for one in queue}
    latest: dict[str, int] = {}

    for turn in range(most):
        flood = Waiting(
            name=f"flood-{turn}",
            source="abcde"[turn % 5],
            received_at=NOON + timedelta(hours=100 + turn),
            belief=Belief(chance=0.99, low=0.9, high=1, judged=9, real=9),
            of_source=Belief(chance=0.99, low=0.9, high=1, judged=9, real=9),
            impact=1,
            reach=1000,
            minutes=1,
        )
        waiting[flood.name] = flood
        looked_at = next(in_order(waiting.values(), decided=turn, latest=latest))
        if looked_at.by_age:
            latest[looked_at.waiting.source] = turn + 1
        del waiting[looked_at.waiting.name]
        if looked_at.waiting.name == mine.name:
            break

    assert mine.name not in waiting


def test_ten_thousand_plausible_claims_of_one_source_leave_the_turns_of_the_others_alone() -> None:
    """AI-04: what was shown and who is right comes first; the flood waits for itself."""
    learnt = learn(
        [Tally(source="flood", kind="web", real=0, not_real=60), Tally(source="lab", kind="web", real=30, not_real=30)]
    )

    def claim(source: str, number: int, hours: int) -> Waiting:
        belief, of_source = learnt.about(source, "web"), learnt.of_source(source)
        when = NOON + timedelta(hours=hours)
        return Waiting(
            name=f"{source}-{number}", source=source, received_at=when, belief=belief, of_source=of_source, impact=1
        )

    flood = [claim("flood", number, hours=number % 7) for number in range(10_000)]
    lab = [claim("lab", number, hours=50 + number) for number in range(40)]

    first = [one.waiting for one in in_order([*flood, *lab])][:50]

    assert sum(one.source == "lab" for one in first) == 40
    assert not any(one.has_its_turn for one in first if one.source == "flood")


QUIET = Standing(open=0, sent_this_week=0)


def goes(level: EvidenceLevel = E2, wishes: Wishes = NEVER_SPOKE, standing: Standing = QUIET, **more: bool) -> bool:
    facts = {"has_fix": False, "is_stopped": False} | more
    return may_go(level=level, wishes=wishes, standing=standing, now=NOON, **facts).goes


@given(
    st.sampled_from([E0, E1, E2, E3]),
    st.booleans(),
    st.builds(
        Wishes,
        open_most=st.none() | st.integers(0, 3),
        weekly_most=st.none() | st.integers(0, 3),
        batch_day=st.none() | st.integers(0, 6),
        least=st.sampled_from([E0, E1, E2, E3]),
        with_fix=st.booleans(),
        paused=st.booleans(),
        paused_until=st.none() | st.sampled_from([NOON - timedelta(days=1), NOON + timedelta(days=1)]),
        opted_out=st.booleans(),
    ),
    st.builds(Standing, open=st.integers(0, 4), sent_this_week=st.integers(0, 4)),
    st.booleans(),
)
def test_a_report_goes_only_where_every_wish_allows_it_and_who_waits_is_told_why(
    level: EvidenceLevel, has_fix: bool, wishes: Wishes, standing: Standing, is_stopped: bool
) -> None:
    verdict = may_go(level=level, has_fix=has_fix, wishes=wishes, standing=standing, is_stopped=is_stopped, now=NOON)

    allowed = (
        not is_stopped
        and not wishes.opted_out
        and not (wishes.paused and (wishes.paused_until is None or wishes.paused_until > NOON))
        and level >= max(wishes.least, E2)
        and (has_fix or not wishes.with_fix)
        and (wishes.open_most is None or standing.open < wishes.open_most)
        and (wishes.weekly_most is None or standing.sent_this_week < wishes.weekly_most)
        and wishes.batch_day in (None, 2)
    )
    assert verdict.goes is allowed
    assert verdict.goes or verdict.why
    assert verdict.until is None or verdict.until > NOON


def test_nothing_that_was_not_reproduced_goes_out_even_to_who_would_take_it() -> None:
    assert not goes(E1, Wishes(least=E0))


def test_a_project_that_never_spoke_to_us_has_one_report_at_most() -> None:
    assert goes()
    assert not goes(standing=Standing(open=1, sent_this_week=0))


def test_a_batch_day_that_is_tomorrow_begins_at_midnight_and_todays_is_open() -> None:
    waits = may_go(level=E2, has_fix=False, wishes=Wishes(batch_day=3), standing=QUIET, is_stopped=False, now=NOON)

    assert waits.until == datetime(2026, 11, 5, tzinfo=UTC)
    assert goes(wishes=Wishes(batch_day=2))
