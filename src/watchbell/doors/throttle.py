"""How often may somebody knock? People without a name by each knock, programs in batches; shared by all processes.

Counters live in the cache that all processes share and are named by digests, so that no
address and no token is kept in clear. A `Throttle` writes at every knock, which suits forms.
An `Allowance` suits the interface, where a read must not cost a write: each process counts
in memory and claims a *batch* of requests at a time. Its first batch is free, so a quiet
caller never causes a write, a busy one causes one in twenty requests, and N processes let
at most N batches more through than the bound says. A batch is claimed by inserting a row that
must not exist yet: two processes cannot claim the same one, and nothing is counted twice.
"""

import hashlib
import hmac
import ipaddress
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Throttle:
    """How many knocks at one door count in one span of time, from one address and altogether."""

    door: str
    from_one: int
    altogether: int
    per: timedelta = timedelta(hours=1)

    def admits(self, request: HttpRequest, *, now: datetime) -> bool:
        """Count this knock and return whether it is within the bounds."""
        one = _within(self._counter(network_of(request), now), self.from_one, self.per)
        return one and _within(self._counter("everyone", now), self.altogether, self.per)

    @property
    def seconds(self) -> int:
        """Return after how many seconds at most the door opens again."""
        return int(self.per.total_seconds())

    def _counter(self, who: str, now: datetime) -> str:
        span = int(now.timestamp()) // self.seconds
        return f"throttle:{_nameless(self.door, who)}:{span}"


@dataclass(slots=True)
class _Tally:
    """What one process counted for one caller in this span: how many may still pass, which batch to try next."""

    left: int
    batch: int = 0
    is_spent: bool = False


@dataclass(slots=True)
class _Span:
    """What one process counted in one span; the next span begins with nothing."""

    number: int = -1
    tallies: dict[str, _Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests a minute one caller may make; `most` is a multiple of `batch`."""

    door: str
    most: int
    batch: int = 20
    seconds: int = 60
    callers: int = 10_000
    """How many callers one process remembers; one more, and it forgets what it counted, never what was claimed."""
    _span: _Span = field(default_factory=_Span, compare=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    def wait(self, who: str, *, now: datetime) -> int:
        """Count one request and return 0, or after how many seconds the caller may come again."""
        instant = int(now.timestamp())
        number, name = instant // self.seconds, _nameless(self.door, who)
        tally = self._counted(name, number)
        if tally.left < 0 and not tally.is_spent:
            self._claim(tally, name, number)
        return self.seconds - instant % self.seconds if tally.is_spent else 0

    def forget(self) -> None:
        """This will forget what this process counted, as a restart does."""
        with self._lock:
            self._span.tallies.clear()

    def _counted(self, name: str, number: int) -> _Tally:
        with self._lock:
            if number != self._span.number or len(self._span.tallies) >= self.callers:
                self._span.number = number
                self._span.tallies.clear()
            tally = self._span.tallies.setdefault(name, _Tally(left=self.batch))
            tally.left -= 1
            return tally

    def _claim(self, tally: _Tally, name: str, number: int) -> None:
        """This will take the next batch nobody took, outside the lock: other callers need not wait for the database."""
        for batch in range(tally.batch, self.most // self.batch):
            if cache.add(f"allowance:{name}:{number}:{batch}", 1, timeout=self.seconds):
                with self._lock:
                    tally.batch = batch + 1
                    tally.left += self.batch
                return
        tally.is_spent = True


def _nameless(door: str, who: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{door}\0{who}".encode(), hashlib.sha256).hexdigest()[:40]


def network_of(request: HttpRequest) -> str:
    """Return whom a knock counts for: the address, or for IPv6 its /64, which one household has whole."""
    try:
        address = ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _within(counter: str, most: int, per: timedelta) -> bool:
    if cache.add(counter, 1, timeout=int(per.total_seconds())):
        return most >= 1
    try:
        return cache.incr(counter) <= most
    except ValueError:  # it ran out between the two steps
        return True
