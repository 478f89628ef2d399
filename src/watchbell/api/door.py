"""Who may call this operation? A bearer token becomes an Actor and meets the operation's declared policy."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.security import HttpBearer

from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import ANONYMOUS, Actor, Scope
from watchbell.doors import moment, problems
from watchbell.doors.policy import Policy
from watchbell.doors.throttle import Allowance, network_of

CALLS = Allowance("api", most=600)
"""Requests a minute of one token, or of one address that sends none: ten a second, day and night."""
STRANGERS = Allowance("api-stranger", most=60)
"""Requests a minute from one address with no token where one is needed, or with one that is not good.

A good token from the same address still passes: many people share an address, and nobody may lock them out.
"""


class Forbidden(Exception):
    """The token is good, but not for this."""


class TooMany(Exception):
    """This caller makes too many requests; `seconds` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Door(HttpBearer):
    """Admit the holder of a token that the policy and the scope allow."""

    def __init__(self, policy: Policy, scope: Scope) -> None:
        super().__init__()
        self.policy = policy
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Return the actor, or None for 401; raises Forbidden for 403 and TooMany for 429."""
        found: Actor | None = super().__call__(request)
        if found is None:
            _within(STRANGERS, network_of(request))
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the actor, or None for 401; raises Forbidden for 403 and TooMany for 429."""
        actor = orgs.actor_for_token(token, now=moment.now())
        if actor is None:
            return None
        _within(CALLS, f"token {token}")
        if not self.policy.admits(actor) or not actor.holds(self.scope):
            raise Forbidden(self.policy.name)
        request.actor = actor  # type: ignore[attr-defined]
        return actor


class Open:
    """Admit anyone, under no name: a session cookie or token is not even looked at."""

    def __call__(self, request: HttpRequest) -> Actor:
        """Return the nameless actor; raises TooMany for 429."""
        _within(CALLS, f"address {network_of(request)}")
        request.actor = ANONYMOUS  # type: ignore[attr-defined]
        return ANONYMOUS


def throttled(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view of the description itself, which anyone may read, within the same bound."""

    @wraps(view)
    def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _within(CALLS, f"address {network_of(request)}")
        except TooMany as error:
            return too_many(error)
        return view(request, *args, **kwargs)

    return bounded


def too_many(error: TooMany) -> HttpResponse:
    """Return the answer to a caller who must wait."""
    answer = problems.problem(
        429,
        "too-many-requests",
        "Too many requests came in one minute.",
        todo=f"Wait {error.seconds} seconds. Send many items in one upload rather than one by one.",
    )
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def actor(request: HttpRequest) -> Actor:
    """Return who the operation's door let in."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def _within(allowance: Allowance, who: str) -> None:
    if seconds := allowance.wait(who, now=moment.now()):
        raise TooMany(seconds)
