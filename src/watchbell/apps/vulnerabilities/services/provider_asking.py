"""This will ask a CSAF provider for one file after the other: unhurriedly, within bounds, where the node may ask."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchbell.apps.vulnerabilities.services.sources import NOTHING_HELD, Answer
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import (
    Bounds,
    EgressDenied,
    EgressFailed,
    Policy,
    Request,
    Response,
    check_url,
    fetch,
    retry_after_seconds,
)

MIB = 1024 * 1024
SMALL = Bounds(total_seconds=30, first_byte_seconds=15, body_bytes=MIB, inflated_bytes=MIB)
"""For metadata, security.txt and hash files."""

DOCUMENT = Bounds(total_seconds=60, first_byte_seconds=20, body_bytes=32 * MIB, inflated_bytes=32 * MIB)
LISTING = Bounds(total_seconds=300, first_byte_seconds=30, body_bytes=64 * MIB, inflated_bytes=256 * MIB)

BETWEEN = 0.1
"""Seconds between two requests to one provider."""

WAITED_FOR = 10
"""Seconds that are waited out here when a provider asks for it; longer ones end the reading until then."""

MOST_FAILURES = 10
"""Failures of the other side one after the other, after which it is left alone until the next time."""

_GONE = (404, 410)
_BUSY = (429, 503)


class NotThere(Refused):
    """The provider says that there is nothing at this address."""


class AskedToWait(Refused):
    """The provider asks to be left alone until `until`."""

    def __init__(self, refusal: Refusal, until: datetime) -> None:
        super().__init__(refusal)
        self.until = until


@dataclass(frozen=True, slots=True)
class Pace:
    """How waiting is done and time measured, in seconds."""

    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class Asker:
    """One provider under questioning; `failures` counts those in a row."""

    policy: Policy
    now: datetime
    pace: Pace = field(default_factory=Pace)
    failures: int = 0
    _asked: bool = False

    def get(self, url: str, bounds: Bounds, *, held: Answer = NOTHING_HELD) -> Response:
        """Return a good answer, or one that says "unchanged".

        Raises Refused for another host, NotThere, AskedToWait, EgressDenied, and EgressFailed for what may pass.
        """
        self.check_host(url)
        try:
            answer = self._answer(Request(url=url, etag=held.etag, last_modified=held.last_modified), bounds)
            if answer.status in _GONE:
                raise NotThere(Refusal(code="not-there", message="The provider has nothing there", place=answer.place))
            answer.require_data()
        except (EgressFailed, EgressDenied):
            self.failures += 1
            raise
        self.failures = 0
        return answer

    def check_host(self, url: str) -> None:
        """This will raise Refused unless the node may ask there; nothing is sent."""
        try:
            check_url(url, self.policy)
        except EgressDenied as denied:
            if denied.refusal.code != "egress-host":
                raise
            message = Sentence("{address} is on a host that this node was not told to ask", address=url[:200])
            todo = "If you trust it, name the host in WATCHBELL_EGRESS_ALLOW"
            raise refuse("other-host", message, expected="The provider's own host", todo=todo) from None

    def _answer(self, request: Request, bounds: Bounds) -> Response:
        answer, seconds = self._asked_once(request, bounds)
        if seconds is not None and seconds <= WAITED_FOR:
            self.pace.wait(seconds)
            answer, seconds = self._asked_once(request, bounds)
        if seconds is None:
            return answer
        message = Sentence("The provider asks us to wait for {seconds} seconds", seconds=seconds)
        refusal = Refusal(code="asked-to-wait", message=message, place=answer.place, todo="It is asked again then")
        raise AskedToWait(refusal, self.now + timedelta(seconds=seconds))

    def _asked_once(self, request: Request, bounds: Bounds) -> tuple[Response, int | None]:
        """Return an answer, and how long we are asked to wait if it says nothing else."""
        if self._asked:
            self.pace.wait(BETWEEN)
        self._asked = True
        answer = fetch(request, self.policy, bounds=bounds)
        if answer.status not in _BUSY:
            return answer, None
        return answer, retry_after_seconds(answer.headers.get("retry-after", ""), now=self.now)
