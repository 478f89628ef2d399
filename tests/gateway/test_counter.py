"""Many callers, few transactions, no budget overspent, and every admitted call settled exactly once."""

import asyncio
import random
import socket
import threading
import time
from collections import Counter as Counted
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOON
from tests.gateway.scene import CREDENTIAL, LIMITS, TOKEN, Scene, served
from tests.support import model_endpoint as its
from tests.support.metering_ledger import Grant, MemoryLedger
from tests.support.model_endpoint import CHUNKED, END, EVENTS, OK, ModelEndpoint, raw, spoken

from watchbell.domain.metering import Admission, Ask, Dialect, Ending, Scheme, Settlement, TurnedAway, Upstream, Usage
from watchbell.gateway.counter import Counter, LedgerAway
from watchbell.gateway.limits import Limits

UPSTREAM = Upstream(base_url="https://x.example", credential=CREDENTIAL, scheme=Scheme.BEARER, models={"alias": "m-1"})
ASK = Ask(token=TOKEN, dialect=Dialect.CHAT, model="alias", most=Usage(1, 1), request_digest="0" * 64)


def ledger(**told: Any) -> MemoryLedger:
    made = MemoryLedger(seconds=told.pop("seconds", 0.0))
    made.grants[TOKEN] = Grant(engagement="e-1", upstream=UPSTREAM, ends_at=NOON + timedelta(days=1), **told)
    return made


@contextmanager
def counting(ledger: MemoryLedger, limits: Limits = LIMITS) -> Iterator[Counter]:
    counter = Counter(ledger, now=lambda: NOON, rng=random.Random(1), limits=limits)
    counter.start()
    try:
        yield counter
    finally:
        counter.stop(2.0)


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    return await asyncio.gather(*work, return_exceptions=True)


def settlement(call: str, ending: Ending = Ending.ANSWERED) -> Settlement:
    digest = "0" * 64
    return Settlement(call=call, ending=ending, status=200, usage=Usage(1, 1), response_digest=digest, response_bytes=0)


def test_many_who_ask_at_once_share_few_transactions() -> None:
    made = ledger(seconds=0.02)
    with counting(made) as counter:
        answers = asyncio.run(together(*(counter.admit(ASK) for _ in range(150))))
        for one in answers:
            counter.settle(settlement(one.call))

    assert all(isinstance(one, Admission) for one in answers)
    assert made.transactions["admit"] <= 4
    assert made.transactions["settle"] <= 4
    assert len(made.settled) == 150
    assert len(made.chains) == 1


def test_what_has_ended_is_settled_before_anybody_is_admitted() -> None:
    made = ledger(requests=1)

    async def one_after_the_other(counter: Counter) -> list[object]:
        answers: list[object] = []
        for _ in range(20):
            answers.append(await counter.admit(ASK))
            counter.settle(settlement(answers[-1].call, Ending.NOT_SENT))  # type: ignore[attr-defined]
        return answers

    with counting(made) as counter:
        answers = asyncio.run(one_after_the_other(counter))

    assert all(isinstance(one, Admission) for one in answers)


def test_too_many_who_wait_are_sent_away_at_once() -> None:
    made = ledger(seconds=0.2)
    with counting(made, Limits(asks_waiting=10, asks_together=5)) as counter:
        answers = asyncio.run(together(*(counter.admit(ASK) for _ in range(30))))
        for one in answers:
            if isinstance(one, Admission):
                counter.settle(settlement(one.call))

    assert Counted(type(one) for one in answers) == {Admission: 10, LedgerAway: 20}


def test_an_admission_that_nobody_waits_for_any_more_is_settled() -> None:
    made = ledger(seconds=0.1)

    async def leave(counter: Counter) -> None:
        waiting = asyncio.create_task(counter.admit(ASK))
        await asyncio.sleep(0.03)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.3)

    with counting(made) as counter:
        asyncio.run(leave(counter))

    assert [one.ending for one in made.settled] == [Ending.NOT_SENT]
    assert not made.open_calls


def test_a_ledger_that_is_away_admits_nobody_and_settles_later() -> None:
    made = ledger()
    with counting(made) as counter:
        admitted = asyncio.run(together(counter.admit(ASK)))[0]
        made.trouble = ConnectionError("away")
        counter.settle(settlement(admitted.call))
        refused = asyncio.run(together(*(counter.admit(ASK) for _ in range(5))))
        assert made.settled == []
        made.trouble = None
        again = asyncio.run(together(counter.admit(ASK)))[0]
        counter.settle(settlement(again.call))

    assert all(isinstance(one, LedgerAway) for one in refused)
    assert [one.call for one in made.settled] == [admitted.call, again.call]


def test_a_settlement_that_cannot_be_written_holds_up_no_other() -> None:
    made = ledger()
    with counting(made, Limits(settle_seconds=0.5)) as counter:
        admitted = asyncio.run(together(*(counter.admit(ASK) for _ in range(5))))
        counter.settle(settlement("nobody knows this call"))
        for one in admitted:
            counter.settle(settlement(one.call))
        until = time.monotonic() + 3
        while made.open_calls and time.monotonic() < until:
            time.sleep(0.01)
        later = asyncio.run(together(counter.admit(ASK)))[0]
        counter.settle(settlement(later.call))
        left = counter.stop(1.0)

    assert {one.call for one in made.settled} == {one.call for one in (*admitted, later)}
    assert left == 1


def test_an_ask_that_cannot_be_answered_is_refused_alone() -> None:
    class Picky(MemoryLedger):
        def admit(self, asks: Any, **named: Any) -> Any:
            if any(ask.model == "poison" for ask in asks):
                raise ValueError("no such text can be stored")
            return super().admit(asks, **named)

    made = Picky()
    made.grants[TOKEN] = Grant(engagement="e-1", upstream=UPSTREAM, ends_at=NOON + timedelta(days=1))
    poison = replace(ASK, model="poison")
    with counting(made) as counter:
        answers = asyncio.run(together(*(counter.admit(one) for one in (ASK, poison, ASK, ASK, poison, ASK))))
        for one in answers:
            if isinstance(one, Admission):
                counter.settle(settlement(one.call))

    assert [type(one) for one in answers] == [Admission, LedgerAway, Admission, Admission, LedgerAway, Admission]


# -- GW-14: budgets hold across processes


@pytest.mark.parametrize("bound", ["requests", "tokens"])
def test_gw_14_a_budget_holds_however_many_gateways_share_it(bound: str) -> None:
    shared = MemoryLedger()
    statuses, overspent = Counted[int](), list[bool]()
    with (
        ModelEndpoint(spoken(pause=0.05)) as endpoint,
        served(endpoint, ledger=shared, seed=1) as first,
        served(endpoint, ledger=shared, seed=2) as second,
    ):
        grant = second.grant
        grant.requests = 12 if bound == "requests" else None
        grant.tokens = 700 if bound == "tokens" else None

        def call(scene: Scene) -> None:
            for _ in range(4):
                statuses[scene.ask(max_tokens=100).status] += 1
                overspent.append(grant.used.requests > (grant.requests or 10**9))
                overspent.append(grant.used.tokens > (grant.tokens or 10**9))

        threads = [threading.Thread(target=call, args=(scene,)) for scene in (first, second) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        second.wait_until_settled()

    assert not any(overspent)
    assert set(statuses) <= {200, 402}
    assert statuses[402] > 0
    assert len(shared.settled) == statuses[200]
    assert statuses[200] == 12 if bound == "requests" else statuses[200] > 0


# -- exactly once


ANSWERS = [
    spoken(),
    spoken(("a", "b", "c"), pause=0.01),
    spoken(usage=None),
    its.hanging(),
    its.hanging(OK + EVENTS + CHUNKED + END),
    raw(its.CLOSE),
    raw(b"nonsense\r\n\r\n", its.CLOSE),
    raw(OK + EVENTS + CHUNKED + END + its.chunk(b"data: {}\n\n"), 0.02, its.CLOSE),
    its.endless(OK + EVENTS + CHUNKED + END, its.chunk(b"data: {}\n\n"), pause=0.005),
]


def test_every_admitted_call_is_settled_exactly_once_whatever_callers_endpoints_and_ledger_do(scene: Scene) -> None:
    dice = random.Random(20261104)
    scene.ledger.seconds = 0.002

    def answers(received: its.Received) -> its.Pieces:
        return dice.choice(ANSWERS)(received)

    scene.answers(answers)

    def caller(seed: int) -> None:
        mine = random.Random(seed)
        for _ in range(12):
            dialect = mine.choice(["chat/completions", "responses", "messages"])
            one = scene.begin(dialect, stream=mine.random() < 0.7)
            with one, suppress(OSError):
                one.settimeout(mine.choice([0.001, 0.02, 0.1, 0.3]))
                if mine.random() < 0.2:
                    one.shutdown(socket.SHUT_WR)
                while mine.random() < 0.9 and one.recv(4096):
                    continue

    threads = [threading.Thread(target=caller, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for at in range(8):
        time.sleep(0.1)
        scene.grant.is_paused = at % 3 == 1
        scene.ledger.trouble = ConnectionError("away") if at % 4 == 2 else None
    scene.grant.is_paused, scene.ledger.trouble = False, None
    for thread in threads:
        thread.join(30)
    scene.wait_until_settled()

    calls = Counted(one.call for one in scene.ledger.settled)
    assert set(calls) == set(scene.ledger.asks)
    assert set(calls.values()) == {1}
    assert len(calls) > 40
    assert len({one.ending for one in scene.ledger.settled}) >= 4
    assert len(scene.gateway.live) == 0
    scene.answers(spoken())
    assert scene.ask().status == 200


def test_turned_away_answers_are_handed_through_as_they_are() -> None:
    made = ledger(is_stopped=True)
    with counting(made) as counter:
        (answer,) = asyncio.run(together(counter.admit(ASK)))

    assert isinstance(answer, TurnedAway)
    assert answer.status == 403
