"""The ledger as an honest fake in memory: grants with windows and budgets, reservations, and what became of calls."""

import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchbell.domain.identity import Dice, new_id
from watchbell.domain.metering import Admission, Amount, Ask, Budget, Ending, Prices, Settlement, TurnedAway, Upstream
from watchbell.domain.metering import bound as bound_of
from watchbell.domain.sentence import Sentence

FREE = (Ending.NOT_SENT,)


@dataclass(kw_only=True)
class Grant:
    """What one token may do; the test changes it while calls run."""

    engagement: str
    upstream: Upstream
    ends_at: datetime
    requests: int | None = None
    tokens: int | None = None
    cost: int | None = None
    prices: Prices = field(default_factory=Prices)
    at_once: int | None = None
    is_paused: bool = False
    is_stopped: bool = False
    used: Amount = field(default_factory=Amount)
    live: int = 0


class MemoryLedger:
    """Answers as the database's ledger does, one transaction a question; `seconds` is how long each takes."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.grants: dict[str, Grant] = {}
        self.seconds = seconds
        self.trouble: Exception | None = None
        self.settle_trouble: Exception | None = None
        self.asks: dict[str, Ask] = {}
        self.settled: list[Settlement] = []
        self.refused: Counter[str] = Counter()
        self.transactions: Counter[str] = Counter()
        self.chains: list[str] = []
        self._reserved: dict[str, tuple[Grant, Amount]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """This will begin anew, for the next test: nothing granted, nothing noted."""
        assert not self._reserved
        self.grants, self.asks, self.settled = {}, {}, []
        self.trouble = self.settle_trouble = None
        self.seconds = 0.0
        self.refused, self.transactions = Counter(), Counter()

    @property
    def open_calls(self) -> set[str]:
        """Return the calls that were admitted and are not settled."""
        return set(self._reserved)

    def of(self, call: str) -> Settlement:
        """Return the one settlement of a call."""
        (found,) = [one for one in self.settled if one.call == call]
        return found

    def open_chain(self, *, now: datetime, rng: Dice) -> str:
        """Return a new name."""
        self._transaction("open_chain")
        self.chains.append(new_id(rng))
        return self.chains[-1]

    def admit(self, asks: Sequence[Ask], *, chain: str, now: datetime, rng: Dice) -> list[Admission | TurnedAway]:
        """Return an answer to each ask."""
        assert chain in self.chains
        self._transaction("admit")
        with self._lock:
            return [self._admit(ask, now, rng) for ask in asks]

    def known_among(self, tokens: Collection[str]) -> set[str]:
        """Return those that are granted."""
        self._transaction("known_among")
        return set(tokens) & set(self.grants)

    def settle(self, ends: Sequence[Settlement], *, chain: str, now: datetime, rng: Dice) -> None:
        """This will charge what each call used; one that was never admitted, or is settled again, is an error."""
        assert chain in self.chains
        if self.settle_trouble is not None:
            raise self.settle_trouble
        self._transaction("settle")
        with self._lock:
            for end in ends:
                grant, reserved = self._reserved.pop(end.call)
                grant.live -= 1
                charged = reserved if end.usage is None else bound_of(end.usage, grant.prices)
                grant.used = grant.used - reserved + (Amount() if end.ending in FREE else charged)
                self.settled.append(end)

    def stopped_among(self, engagements: Collection[str], *, now: datetime) -> set[str]:
        """Return the engagements that were ended or paused."""
        self._transaction("stopped_among")
        stopped = {grant.engagement for grant in self.grants.values() if grant.is_stopped or grant.is_paused}
        return stopped & set(engagements)

    def _admit(self, ask: Ask, now: datetime, rng: Dice) -> Admission | TurnedAway:
        grant = self.grants.get(ask.token)
        why = _why_not(grant, ask, now)
        if why is not None or grant is None:
            answer = why or _away(401, "bad-token", "This token is not known.")
            self.refused[answer.code] += 1
            return answer
        amount = bound_of(ask.most, grant.prices)
        grant.used, grant.live = grant.used + amount, grant.live + 1
        call = new_id(rng)
        self.asks[call] = ask
        self._reserved[call] = (grant, amount)
        return Admission(call=call, engagement=grant.engagement, upstream=grant.upstream, ends_at=grant.ends_at)

    def _transaction(self, name: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.transactions[name] += 1
        if self.seconds:
            time.sleep(self.seconds)


def _why_not(grant: Grant | None, ask: Ask, now: datetime) -> TurnedAway | None:
    if grant is None:
        return _away(401, "bad-token", "This token is not known.")
    if grant.is_stopped or now >= grant.ends_at:
        return _away(403, "window-over", "The early-access window is over.")
    if grant.is_paused:
        return _away(503, "paused", "The developer paused access.", retry_after=30)
    if ask.model and ask.model not in grant.upstream.models:
        return _away(403, "model-out-of-scope", "This model is not in scope.")
    if grant.at_once is not None and grant.live >= grant.at_once:
        return _away(429, "too-many-at-once", "Too many calls at once.", retry_after=1)
    budget = Budget(grant.requests, grant.tokens, grant.cost, grant.used)
    if short := budget.short_of(bound_of(ask.most, grant.prices)):
        return _away(402, "budget-spent", Sentence("There are too few {what} left.", what=short))
    return None


def _away(status: int, code: str, why: str, *, retry_after: int | None = None) -> TurnedAway:
    return TurnedAway(status=status, code=code, why=Sentence(why), retry_after=retry_after)
