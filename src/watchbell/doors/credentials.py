"""Who is asking? A session becomes an Actor here, anew on every request, and the door's policy is enforced."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import ANONYMOUS, Actor, ActorKind, OrganisationKind
from watchbell.doors import moment
from watchbell.doors.policy import PUBLIC, Policy, policy_of

ORGANISATION = "organisation"
SEEN_AT = "seen_at"
IDLE_AT_MOST = timedelta(minutes=60)
IDLE_AT_MOST_WITH_EMBARGOES = timedelta(minutes=15)
OPERATORS_ONLY = frozenset({OrganisationKind.OPERATOR})
SECOND_FACTORS = ("mfa", "webauthn")


def actor_of(request: HttpRequest) -> Actor:
    """Return who is asking through this browser session."""
    if not request.user.is_authenticated:
        return ANONYMOUS
    methods = request.session.get("account_authentication_methods", [])
    strong = any(_is_second_factor(method) for method in methods)
    latest = max((method.get("at", 0) for method in methods), default=0)
    return orgs.actor_for_person(
        request.user,
        request.session.get(ORGANISATION),
        strong=strong,
        authenticated_at=datetime.fromtimestamp(latest, UTC) if latest else None,
    )


def _is_second_factor(method: dict[str, Any]) -> bool:
    return method.get("method") == "mfa" or bool(method.get("passwordless"))


class ActorOfRequest:
    """This will set `request.actor` and turn away everyone the view's policy does not admit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End a session that lay idle too long, then answer as the actor it makes."""
        request.now = moment.now()  # type: ignore[attr-defined]
        actor = actor_of(request)
        if actor.kind is ActorKind.PERSON and self._lay_idle(request, actor):
            request.session.flush()
            request.user = _nobody()
            actor = ANONYMOUS
        request.actor = actor  # type: ignore[attr-defined]
        return self.get_response(request)

    def _lay_idle(self, request: HttpRequest, actor: Actor) -> bool:
        allowed = IDLE_AT_MOST if actor.organisation_kinds <= OPERATORS_ONLY else IDLE_AT_MOST_WITH_EMBARGOES
        current = int(request.now.timestamp())  # type: ignore[attr-defined]
        seen = request.session.get(SEEN_AT, current)
        if current - seen > allowed.total_seconds():
            return True
        by_itself = request.headers.get("HX-Request") == "true" and request.method == "GET"  # a page that polls
        if SEEN_AT not in request.session or (current - seen >= 60 and not by_itself):
            request.session[SEEN_AT] = current
        return False

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Enforce the view's declared policy; a view without one does not exist for anyone."""
        name = request.resolver_match.view_name if request.resolver_match else None
        asked = (
            [] if (name or "").startswith("api:") else [value for _, values in request.GET.lists() for value in values]
        )
        if any("\0" in text for text in (request.path, *asked)):  # the interface names the place of its own parameters
            raise BadRequest("The address holds the NUL character, which no database keeps.")
        policy = policy_of(view, name)
        if policy is None:
            raise Http404
        if policy.admits(request.actor):  # type: ignore[attr-defined]
            return None
        return _turn_away(request, policy)


def _nobody() -> Any:
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


def _turn_away(request: HttpRequest, policy: Policy) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if policy is PUBLIC or (actor.kind is ActorKind.PERSON and (actor.strong or not policy.strong)):
        raise PermissionDenied
    if actor.kind is ActorKind.PERSON:
        return HttpResponseRedirect(reverse("mfa_index"))
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": reverse("account_login")})
    back = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('account_login')}?{back}")
