"""Who is asking? A session becomes an Actor here, anew on every request, and the door's policy is enforced."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation

from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import ANONYMOUS, Actor, ActorKind, OrganisationKind
from watchbell.doors import moment, strength
from watchbell.doors.policy import PUBLIC, Policy, keeper_of, policy_of

ORGANISATION = "organisation"
SEEN_AT = "seen_at"
IDLE_AT_MOST = timedelta(minutes=60)
IDLE_AT_MOST_WITH_EMBARGOES = timedelta(minutes=15)
OPERATORS_ONLY = frozenset({OrganisationKind.OPERATOR})
BEGAN_AT = "began_at"
LASTS_AT_MOST = timedelta(days=7)
"""However busy: a stolen cookie that a program keeps awake dies with the working week, and everyone signs in anew."""


def actor_of(request: HttpRequest) -> Actor:
    """Return who is asking through this browser session."""
    if not request.user.is_authenticated:
        return ANONYMOUS
    latest = max((record.get("at", 0) for record in strength.records_of(request)), default=0)
    return orgs.actor_for_person(
        request.user,
        request.session.get(ORGANISATION),
        strong=strength.is_strong(request),
        authenticated_at=datetime.fromtimestamp(latest, UTC) if latest else None,
    )


class ActorOfRequest:
    """This will set `request.actor` and turn away everyone the view's policy does not admit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End a session whose time is over, then answer as the actor it makes, in the language they chose."""
        request.now = moment.now()  # type: ignore[attr-defined]
        actor = actor_of(request)
        if actor.kind is ActorKind.PERSON and self._is_over(request, actor):
            request.session.flush()
            request.user = _nobody()
            actor = ANONYMOUS
        request.actor = actor  # type: ignore[attr-defined]
        if actor.kind is ActorKind.PERSON:
            _speak_language_of(request)
        return self.get_response(request)

    def _is_over(self, request: HttpRequest, actor: Actor) -> bool:
        current = int(request.now.timestamp())  # type: ignore[attr-defined]
        began = request.session.setdefault(BEGAN_AT, current)
        is_too_old = current - began >= LASTS_AT_MOST.total_seconds()
        return is_too_old or self._lay_idle(request, actor) or _lost_its_provider(request)

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
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], kwargs: dict[str, Any]
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
            owed = _owed(request, policy)
            if owed and request.method == "POST" and (keep := keeper_of(view)):
                keep(request, **kwargs)
            return HttpResponseRedirect(owed) if owed else None
        return _turn_away(request, policy)


def _owed(request: HttpRequest, policy: Policy) -> str:
    """Return where an admitted person has to show their second factor first, or "" when nothing is owed."""
    if policy.guards_sign_in:
        return strength.way_to_confirm(request)
    looks = request.method in ("GET", "HEAD")
    if looks or not policy.confirmed or strength.is_confirmed(request, request.now):  # type: ignore[attr-defined]
        return ""
    return strength.way_to_confirm_anew(request)


def _lost_its_provider(request: HttpRequest) -> bool:
    """Return whether this session began with a provider that was removed since."""
    named = {str(one.get("provider")) for one in strength.records_of(request) if one.get("method") == strength.OIDC}
    return not all(orgs.is_provider(provider) for provider in named)


def _speak_language_of(request: HttpRequest) -> None:
    """This will answer in the language the person chose, in whatever browser that was."""
    chosen: str = request.user.language  # type: ignore[union-attr]
    if translation.check_for_language(chosen) and chosen in dict(settings.LANGUAGES):
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen


def _nobody() -> Any:
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


def _turn_away(request: HttpRequest, policy: Policy) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if policy is PUBLIC or (actor.kind is ActorKind.PERSON and (actor.strong or not policy.strong)):
        raise PermissionDenied
    if actor.kind is ActorKind.PERSON:
        return HttpResponseRedirect(strength.way_to_confirm(request) or reverse("mfa_index"))
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": reverse("account_login")})
    back = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('account_login')}?{back}")
