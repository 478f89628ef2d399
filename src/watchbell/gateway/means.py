"""What every call of one gateway process works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from watchbell.gateway.aside import Aside
from watchbell.gateway.counter import Counter
from watchbell.gateway.limits import Limits
from watchbell.gateway.room import Room
from watchbell.outside.upstream import Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The ledger's counter, the way to endpoints, a thread for what takes long, the time, and what is borne.

    `room` is for answers that are no streams.
    """

    counter: Counter
    endpoints: Endpoints
    aside: Aside
    room: Room
    now: Callable[[], datetime]
    limits: Limits
