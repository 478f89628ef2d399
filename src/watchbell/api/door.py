"""Who may call this operation? A bearer token becomes an Actor and meets the operation's declared policy."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import ANONYMOUS, Actor, Scope
from watchbell.doors import moment
from watchbell.doors.policy import Policy


class Forbidden(Exception):
    """The token is good, but not for this."""


class Door(HttpBearer):
    """Admit the holder of a token that the policy and the scope allow."""

    def __init__(self, policy: Policy, scope: Scope) -> None:
        super().__init__()
        self.policy = policy
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the actor, or None for 401; raises Forbidden for 403."""
        actor = orgs.actor_for_token(token, now=moment.now())
        if actor is None:
            return None
        if not self.policy.admits(actor) or not actor.holds(self.scope):
            raise Forbidden(self.policy.name)
        request.actor = actor  # type: ignore[attr-defined]
        return actor


class Open:
    """Admit anyone, under no name: a session cookie or token is not even looked at."""

    def __call__(self, request: HttpRequest) -> Actor:
        """Return the nameless actor."""
        request.actor = ANONYMOUS  # type: ignore[attr-defined]
        return ANONYMOUS


def actor(request: HttpRequest) -> Actor:
    """Return who the operation's door let in."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found
