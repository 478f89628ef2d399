"""This will put many callers' questions to the ledger in few transactions, from a thread of its own.

While one transaction runs, the next questions gather: that is all the waiting there is. What has ended is
settled before anybody is admitted, so that a caller who comes back finds what its last call left over.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from watchbell.domain.identity import Dice
from watchbell.domain.metering import Admission, Ask, Ending, Settlement, TurnedAway, Usage
from watchbell.gateway.ledger import Ledger
from watchbell.gateway.limits import Limits

log = logging.getLogger("watchbell.gateway")

REST_AFTER_TROUBLE = 0.25
LONGEST_TRYING_SECONDS = 600.0
MOST_UNSETTLED = 20_000
SETTLED_TOGETHER = 500
GATHER_SECONDS = 0.002
"""How long what has ended waits for the next question, which is settled with; most callers ask again at once."""


class LedgerAway(Exception):
    """The ledger does not answer, or too many wait for it: nothing was admitted."""


@dataclass(slots=True)
class _Ask:
    ask: Ask
    answer: "Future[Admission | TurnedAway]" = field(default_factory=Future)


@dataclass(slots=True)
class _Look:
    engagements: Collection[str]
    answer: "Future[Collection[str]]" = field(default_factory=Future)


@dataclass(slots=True)
class _Who:
    token: str
    answer: "Future[bool]" = field(default_factory=Future)


@dataclass(slots=True)
class _End:
    settlement: Settlement
    since: float


class Counter:
    """One thread that speaks with the ledger. `around` is entered around each round of questions."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        now: Callable[[], datetime],
        rng: Dice,
        limits: Limits,
        around: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._rng = rng
        self._limits = limits
        self._around = around
        self._questions: queue.SimpleQueue[_Ask | _Look | _Who | None] = queue.SimpleQueue()
        self._ended: deque[_End] = deque()
        self._unsettled: deque[_End] = deque()
        self._waking: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._is_over = False
        self._until = float("inf")
        self._chain = ""
        self._alone = 0
        self._settle_at = 0.0
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """This will begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """This will take no more questions."""
        self._is_over = True
        self._questions.put(None)

    def stop(self, seconds: float) -> int:
        """This will settle what is left, for at most so long; return how many calls stay unsettled, hence charged."""
        self._until = time.monotonic() + seconds
        self.close()
        self._thread.join(seconds + 1)
        return len(self._unsettled) + len(self._ended)

    async def admit(self, ask: Ask) -> Admission | TurnedAway:
        """Return the ledger's answer. Raises LedgerAway. An admission that nobody waits for any more is settled."""
        if self._is_over or self._waiting >= self._limits.asks_waiting:
            raise LedgerAway
        self._waiting += 1
        question = _Ask(ask)
        self._questions.put(question)
        answered = asyncio.wrap_future(question.answer)
        try:
            return await asyncio.shield(answered)
        except asyncio.CancelledError:
            answered.add_done_callback(self._settle_unwanted)
            raise
        finally:
            self._waiting -= 1

    async def knows(self, token: str) -> bool:
        """Return whether this token was ever given out. Raises LedgerAway."""
        if self._is_over or self._waiting >= self._limits.asks_waiting:
            raise LedgerAway
        self._waiting += 1
        question = _Who(token)
        self._questions.put(question)
        try:
            return await asyncio.shield(asyncio.wrap_future(question.answer))
        finally:
            self._waiting -= 1

    async def stopped_among(self, engagements: Collection[str]) -> Collection[str]:
        """Return those whose calls must end now. Raises LedgerAway."""
        if self._is_over:
            raise LedgerAway
        question = _Look(engagements)
        self._questions.put(question)
        return await asyncio.shield(asyncio.wrap_future(question.answer))

    def settle(self, settlement: Settlement) -> None:
        """This will have a call settled soon, before anything that is asked from now on."""
        self._ended.append(_End(settlement, time.monotonic()))
        if self._waking is None:
            try:
                self._waking = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._wake)
            except RuntimeError:
                self._wake()  # not from the loop: in no hurry, and rare

    def _wake(self) -> None:
        self._waking = None
        self._questions.put(None)

    def _settle_unwanted(self, answered: "asyncio.Future[Admission | TurnedAway]") -> None:
        if answered.cancelled() or answered.exception() is not None:
            return
        if isinstance(admission := answered.result(), Admission):
            self.settle(not_sent(admission.call))

    def _run(self) -> None:
        while not (self._is_over and (not (self._ended or self._unsettled) or time.monotonic() > self._until)):
            asks, looks = self._gathered()
            try:
                with self._around():
                    self._settle()
                    self._answer(asks, looks)
            except Exception as error:
                _say("the ledger did not answer", error)
                _refuse(asks, looks)
                time.sleep(REST_AFTER_TROUBLE)
        while not self._questions.empty():
            _refuse(*self._gathered())

    def _gathered(self) -> tuple[list[_Ask], list[_Look | _Who]]:
        """Return what has been asked, once there is something; what has ended joins what is to be settled."""
        asks: list[_Ask] = []
        looks: list[_Look | _Who] = []
        wait = min(1.0, self._settle_at - time.monotonic()) if self._unsettled else 1.0
        while len(asks) < self._limits.asks_together:
            try:
                one = self._questions.get(timeout=wait) if wait > 0 else self._questions.get_nowait()
            except queue.Empty:
                break
            wait = 0.0
            if isinstance(one, _Ask):
                asks.append(one)
            elif one is not None:
                looks.append(one)
        while self._ended:
            self._unsettled.append(self._ended.popleft())
        return asks, looks

    def _settle(self) -> None:
        """This will settle what has ended, or as much as can be; the rest is tried again in a moment."""
        self._give_up_the_oldest()
        while self._unsettled and time.monotonic() >= self._settle_at:
            # after trouble one by one: a settlement that cannot be written must not hold up the others
            batch = list(islice(self._unsettled, 1 if self._alone else SETTLED_TOGETHER))
            self._alone = max(0, self._alone - 1)
            try:
                ends = [one.settlement for one in batch]
                self._ledger.settle(ends, chain=self._opened(), now=self._now(), rng=self._rng)
            except Exception as error:
                _say("calls could not be settled yet", error)
                self._alone = self._alone or len(batch)
                self._unsettled.rotate(-1 if len(batch) == 1 else 0)
                self._settle_at = time.monotonic() + (0.0 if len(batch) > 1 else REST_AFTER_TROUBLE)
            else:
                for _ in batch:
                    self._unsettled.popleft()

    def _give_up_the_oldest(self) -> None:
        oldest = time.monotonic() - LONGEST_TRYING_SECONDS
        while self._unsettled and (self._unsettled[0].since < oldest or len(self._unsettled) > MOST_UNSETTLED):
            lost = self._unsettled.popleft()
            log.error(json.dumps({"says": "a call stays charged as reserved", "call": lost.settlement.call}))

    def _answer(self, asks: Sequence[_Ask], looks: Sequence[_Look | _Who]) -> None:
        if asks:
            self._admit(asks)
        if strangers := [one for one in looks if isinstance(one, _Who)]:
            known = self._ledger.known_among({one.token for one in strangers})
            for who in strangers:
                who.answer.set_result(who.token in known)
        if watching := [one for one in looks if isinstance(one, _Look)]:
            engagements = {name for one in watching for name in one.engagements}
            stopped = self._ledger.stopped_among(engagements, now=self._now())
            for each in watching:
                each.answer.set_result(stopped)

    def _admit(self, asks: Sequence[_Ask]) -> None:
        """This will have these asks answered. One that cannot be is refused alone, and not with all it came with."""
        try:
            self._admit_together(asks)
        except Exception:
            if len(asks) == 1:
                raise
            in_a_row = 0
            for one in asks:
                try:
                    self._admit_together([one])
                    in_a_row = 0
                except Exception:
                    in_a_row += 1
                    if in_a_row == 2:  # then it is not the ask
                        raise
                    _refuse([one], [])

    def _admit_together(self, asks: Sequence[_Ask]) -> None:
        wanted = [one.ask for one in asks]
        answers = self._ledger.admit(wanted, chain=self._opened(), now=self._now(), rng=self._rng)
        for one, answer in zip(asks, answers, strict=True):
            one.answer.set_result(answer)

    def _opened(self) -> str:
        self._chain = self._chain or self._ledger.open_chain(now=self._now(), rng=self._rng)
        return self._chain


def not_sent(call: str) -> Settlement:
    """Return the settlement of a call that was admitted and never made."""
    return Settlement(
        call=call,
        ending=Ending.NOT_SENT,
        status=0,
        usage=Usage(0, 0),
        response_digest=hashlib.sha256().hexdigest(),
        response_bytes=0,
    )


def _refuse(asks: Sequence[_Ask], looks: Sequence[_Look | _Who]) -> None:
    answers: list[Future[Any]] = [*(one.answer for one in asks), *(one.answer for one in looks)]
    for answer in answers:
        if not answer.done():
            answer.set_exception(LedgerAway())


def _say(what: str, error: Exception) -> None:
    """This will log which kind of error it was and nothing of its text, which may quote what was asked."""
    log.error(json.dumps({"says": what, "error": type(error).__name__}))
