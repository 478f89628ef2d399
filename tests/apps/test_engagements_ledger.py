"""Is no budget ever overspent, and does each call end once? The ledger that the gateway asks, call by call."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.apps.scene_engagements import TERMS, Scene, admit, ask, started, token
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast

from watchbell.apps.engagements import services
from watchbell.apps.engagements.models import AccessLine, Call, GatewayToken, Grant
from watchbell.apps.engagements.services import metering
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Membership, Organisation, Person
from watchbell.domain.handling import Role
from watchbell.domain.metering import Admission, Dialect, Ending, Prices, Settlement, TurnedAway, Usage
from watchbell.domain.terms import Limits
from watchbell.doors.keys import keystore
from watchbell.gateway.asking import token_of

pytestmark = pytest.mark.django_db
NEWCOMERS = random.Random(2)


def settlement(call: str, usage: Usage | None = None, *, ending: Ending = Ending.ANSWERED) -> Settlement:
    return Settlement(
        call=call, ending=ending, status=200, usage=usage, response_digest="cd" * 32, response_bytes=usage is not None
    )


def limited(cast: Cast, **limits: object) -> Scene:
    return started(cast, replace(TERMS, limits=Limits(**limits)))  # type: ignore[arg-type]


def codes(answers: list[Admission | TurnedAway]) -> list[str]:
    return [one.code if isinstance(one, TurnedAway) else "admitted" for one in answers]


def used(scene: Scene) -> tuple[int, int, int]:
    grant = Grant.objects.get(engagement=scene.engagement)
    return grant.requests_used, grant.tokens_used, grant.cost_used


def call_of(answer: Admission | TurnedAway) -> str:
    assert isinstance(answer, Admission), answer
    return answer.call


def test_who_knows_a_tokens_name_is_not_let_in_beside_its_holder_in_one_batch(cast: Cast) -> None:
    scene = started(cast)
    text = token(scene)
    guessed = text.rsplit("_", 1)[0] + "_x"

    assert codes(admit(ask(guessed), ask(text), ask(guessed))) == ["bad-token", "admitted", "bad-token"]
    assert codes(admit(ask(text), ask(guessed))) == ["admitted", "bad-token"]


def test_a_token_that_was_given_out_is_known_by_its_whole_text_and_looks_as_the_gateway_expects(cast: Cast) -> None:
    scene = started(cast)
    text = token(scene)
    guessed = text[:-1] + ("a" if text[-1] != "a" else "b")

    known = metering.known_among([text, guessed, "", "wbg_x_y"])

    assert known == {text}
    assert token_of({"authorization": f"Bearer {text}"}) == text


@pytest.mark.parametrize("text", ["", "wbg", "wbg_", "wbg__", "wb_x_y", "_", "\x00", "wbg_" + "f" * 32])
def test_what_is_no_token_is_answered_like_an_unknown_one(cast: Cast, text: str) -> None:
    started(cast)

    assert codes(admit(ask(text))) == ["bad-token"]


def test_a_token_that_ended_after_the_batch_began_is_not_let_in(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = started(cast)
    text = token(scene)
    locked = metering.locked

    def ended_meanwhile(engagements: object) -> object:
        found = locked(engagements)  # type: ignore[arg-type]
        GatewayToken.objects.update(ended_at=NOON)
        return found

    monkeypatch.setattr(metering, "locked", ended_meanwhile)

    assert codes(admit(ask(text))) == ["bad-token"]


def test_a_call_that_reserves_no_token_is_counted_once_all_the_same(cast: Cast) -> None:
    scene = limited(cast, requests=1, tokens=10)
    nothing = ask(token(scene), most=Usage(0, 0))

    call = call_of(admit(nothing)[0])
    metering.settle([settlement(call, Usage(3, 3))], now=NOON)

    assert used(scene) == (1, 6, 0)
    assert codes(admit(nothing)) == ["no-requests-left"]


def test_the_list_of_models_costs_nothing_whatever_is_said_of_it_afterwards(cast: Cast) -> None:
    scene = limited(cast, requests=1)
    listing = replace(ask(token(scene)), dialect=Dialect.MODELS, model="", most=Usage(0, 0))

    for usage in (None, Usage(5, 5)):
        metering.settle(
            [settlement(call_of(admit(listing)[0]), replace(usage, input_tokens=0) if usage else None)], now=NOON
        )

    assert used(scene)[0] == 0


def test_settling_again_changes_nothing_and_what_was_not_sent_costs_nothing(cast: Cast) -> None:
    scene = limited(cast, requests=10, tokens=10_000)
    first, second, third = map(call_of, admit(*[ask(token(scene))] * 3))

    for _ in range(2):
        metering.settle(
            [settlement(first, Usage(7, 8)), settlement(first, Usage(70, 80)), settlement("nobody's", Usage(9, 9))],
            now=NOON,
        )
        metering.settle([settlement(second, ending=Ending.NOT_SENT)], now=NOON)
        metering.settle([settlement(third, ending=Ending.CALLER_LEFT)], now=NOON)

    assert used(scene) == (2, 15 + 200, 0)
    assert AccessLine.objects.filter(what="settled").count() == 3
    assert not Call.objects.exists()


def test_what_nobody_settles_stays_charged_and_is_written_down_once(cast: Cast) -> None:
    scene = limited(cast, requests=10, tokens=10_000, at_once=1)
    text = token(scene)
    call = call_of(admit(ask(text))[0])

    assert codes(admit(ask(text))) == ["too-many-at-once"]
    later = NOON + metering.CALL_LASTS_AT_MOST
    assert codes(admit(ask(text), now=later)) == ["admitted"]
    assert metering.forget_unsettled(now=later) == 0
    later += timedelta(minutes=2)
    assert metering.forget_unsettled(now=later) == 1
    metering.settle([settlement(call, Usage(1, 1))], now=later)

    assert used(scene) == (2, 400, 0)
    assert AccessLine.objects.filter(what="unsettled").count() == 1


def test_what_an_endpoint_says_it_used_beyond_its_bound_is_not_spent_a_second_time(cast: Cast) -> None:
    scene = limited(cast, tokens=1000)
    text = token(scene)
    small, large = (call_of(admit(ask(text, most=Usage(most, 0)))[0]) for most in (100, 900))

    metering.settle([settlement(small, Usage(500, 0))], now=NOON)
    assert used(scene)[1] == 1000
    metering.settle([settlement(large, ending=Ending.NOT_SENT)], now=NOON)

    assert used(scene)[1] == 500


@pytest.mark.parametrize(
    "lost", ["removed", "reader", "closed account", "inactive account", "closed organisation", "seat", "token"]
)
def test_whoever_loses_what_let_them_in_is_turned_away_at_the_next_call(cast: Cast, lost: str) -> None:
    scene = started(cast)
    text = token(scene)
    call = call_of(admit(ask(text))[0])
    take_away(scene, lost)

    assert codes(admit(ask(text))) == ["bad-token"]
    metering.settle([settlement(call, Usage(1, 1))], now=NOON)
    assert used(scene)[1] == 2  # what ran already is no new use


def take_away(scene: Scene, lost: str) -> None:
    """Take something away from the evaluator's person that their access stood on."""
    person, organisation = scene.evaluator.person, scene.evaluator.organisation
    other = orgs.create_person("second@evaluator.example", by=CONSOLE, now=NOON, rng=NEWCOMERS)
    orgs.add_member(other, organisation, Role.OWNER, by=CONSOLE, now=NOON)
    membership = Membership.objects.get(person=person, organisation=organisation)
    deeds = {
        "removed": lambda: orgs.remove_member(membership, by=CONSOLE, now=NOON),
        "reader": lambda: orgs.change_role(membership, Role.READER, by=CONSOLE, now=NOON),
        "closed account": lambda: orgs.erase_person(person, by=CONSOLE, now=NOON),
        "inactive account": lambda: Person.objects.filter(pk=person.pk).update(is_active=False),
        "closed organisation": lambda: Organisation.objects.filter(pk=organisation.pk).update(closed_at=NOON),
        "seat": lambda: services.end_seat(scene.engagement.seats.get(), by=scene.lab.actor, now=NOON),
        "token": lambda: services.end_token(GatewayToken.objects.get(), by=scene.lab.actor, now=NOON),
    }
    deeds[lost]()


LIMITS = Limits(
    requests=40, tokens=2500, cost=60_000, currency="EUR", prices=Prices(7_000_000, 13_000_000), at_once=4, per_minute=9
)


@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_calls_and_their_ends_overspends_or_loses_anything(cast: Cast, seed: int) -> None:
    scene = started(cast, replace(TERMS, limits=LIMITS))
    text, dice = token(scene), random.Random(seed)
    at, running, spent, requests, minute = NOON, dict[str, Usage](), 0, 0, list[int]()

    for _ in range(60):
        if dice.random() < 0.55:
            asked = [ask(text, most=Usage(dice.randint(0, 90), dice.randint(0, 90))) for _ in range(dice.randint(1, 3))]
            for one, answer in zip(asked, admit(*asked, now=at, chain=f"gateway-{dice.randint(1, 2)}"), strict=True):
                if isinstance(answer, Admission):
                    running[answer.call] = one.most
                    minute.append(int(at.timestamp() // 60))
        elif running:
            ended = dice.sample(sorted(running), dice.randint(1, len(running)))
            told = [settled_somehow(call, running.pop(call), dice) for call in ended]
            metering.settle([one for one, _, _ in told], now=at)
            metering.settle([one for one, _, _ in dice.sample(told, 1)], now=at)
            spent += sum(tokens for _, tokens, _ in told)
            requests += sum(number for _, _, number in told)
        at += timedelta(seconds=dice.choice([0, 1, 20]))
        reserved = sum(max(most.input_tokens + most.output_tokens, 1) for most in running.values())
        assert used(scene)[:2] == (requests + len(running), spent + reserved)
        assert used(scene)[1] <= 2500
        assert used(scene)[2] <= 60_000
        assert len(running) <= 4
    assert max(minute.count(one) for one in minute) <= 9
    assert len(minute) > 5


def settled_somehow(call: str, most: Usage, dice: random.Random) -> tuple[Settlement, int, int]:
    """Return an end of a call, what it should be charged in tokens, and as how many requests."""
    reserved = max(most.input_tokens + most.output_tokens, 1)
    how = dice.randrange(3)
    if how == 0:
        return settlement(call, ending=Ending.NOT_SENT), 0, 0
    if how == 1:
        return settlement(call, ending=Ending.STOPPED), reserved, 1
    told = Usage(dice.randint(0, most.input_tokens), dice.randint(0, most.output_tokens))
    return settlement(call, told), told.input_tokens + told.output_tokens, 1


def test_a_batch_looks_as_often_into_the_database_as_one_call(
    cast: Cast, django_assert_max_num_queries: "object"
) -> None:
    scene = limited(cast, tokens=1_000_000, at_once=100)
    text = token(scene)
    warm = call_of(admit(ask(text))[0])

    with django_assert_max_num_queries(14):  # type: ignore[operator]
        answers = admit(*[ask(text)] * 64)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        metering.settle([settlement(call, Usage(1, 1)) for call in [warm, *map(call_of, answers)]], now=NOON)

    assert used(scene)[1] == 130


def test_running_calls_are_cut_where_access_is_over_paused_or_without_its_key(cast: Cast) -> None:
    one, other = started(cast), started(cast, digest="ab" * 32)
    names = [one.engagement.public_id, other.engagement.public_id, "nobody's"]

    def stopped() -> set[str]:
        return metering.stopped_among(names, now=NOON, keys=keystore())

    assert stopped() == {"nobody's"}
    services.pause(one.engagement, by=cast.lab.actor, now=NOON)
    assert stopped() == {names[0], "nobody's"}
    keystore().destroy(other.engagement.access_key)
    assert stopped() == set(names)
