"""What does a request carry when it reaches a view? The moment, and who is asking; for annotations only."""

from datetime import datetime

from django.http import HttpRequest

from watchbell.domain.handling import Actor


class Asking(HttpRequest):
    """A request after the doors: `now` is its one moment, `actor` who asks, `reference` its name in the log."""

    now: datetime
    actor: Actor
    reference: str
    csp_nonce: str
