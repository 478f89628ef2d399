"""How often may somebody without a name knock? So often, counted for each network address and for everyone together.

Counters live in the cache that all processes share and are named by digests, so that no
address is kept in clear. Two knocks at the very same instant may count as one: the bound
is there to keep a flood out, not to be exact.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
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
        digest = hmac.new(settings.SECRET_KEY.encode(), f"{self.door}\0{who}".encode(), hashlib.sha256).hexdigest()
        return f"throttle:{digest[:40]}:{span}"


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
