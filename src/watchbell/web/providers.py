"""How do people sign in with another house's account? Go there, come back, and only as who they were linked to be."""

import logging
from enum import Enum
from typing import TYPE_CHECKING, Any

from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from watchbell.apps.orgs import queries
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Actor, ActorKind
from watchbell.doors import moment, signin
from watchbell.doors.policy import PUBLIC, STRONG, open_to
from watchbell.doors.throttle import Throttle
from watchbell.web.asking import Asking

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import IdentityProvider, Person
    from watchbell.doors.oidc import Identified, Journey

log = logging.getLogger("watchbell.web")
JOURNEY = "oidc"
KNOCKS = Throttle("oidc", from_one=60, altogether=3000)


class Refusal(Enum):
    """Why nobody was signed in or linked; the log has the details."""

    ANSWER = gettext_lazy("Its answer did not fit what was asked here, or came too late. Begin again.")
    NOBODY = gettext_lazy(
        "No account here is linked to that identity. Sign in the usual way, then link it under Sign-in security."
    )
    ADDRESS = gettext_lazy(
        "To link it, the provider must say that it verified the same e-mail address that your account here has."
    )
    TAKEN = gettext_lazy("That identity, or your account, is linked otherwise already. Remove the other link first.")

    @property
    def words(self) -> str | Promise:
        """Return what is said about it."""
        return self.value


@open_to(PUBLIC)
@require_GET
def begin(request: Asking, name: str) -> HttpResponse:
    """Send someone who wants to sign in to the provider."""
    provider = _provider(name)
    back_to = get_next_redirect_url(request) or ""
    if request.user.is_authenticated:
        return redirect(back_to or "home")
    return _depart(request, provider, back_to=back_to)


@open_to(STRONG)
@require_POST
def link(request: Asking, name: str) -> HttpResponse:
    """Show the way to the provider, to link an identity there; only a form of ours begins this."""
    return _depart(request, _provider(name), link_to=request.actor.person or "")


@open_to(STRONG)
@require_POST
def unlink(request: Asking, name: str) -> HttpResponse:
    """Forget the reader's own link."""
    found = queries.identities_of(request.actor).filter(provider__name=name).first()
    if found is None:
        raise Http404
    orgs.unlink_identity(found, by=request.actor, now=request.now)
    messages.success(request, _("The link is removed. That identity does not open this account any more."))
    return redirect("mfa_index")


@open_to(PUBLIC)
@require_GET
def back(request: Asking, name: str) -> HttpResponse:
    """Take the provider's answer, once."""
    kept = request.session.pop(JOURNEY, None)
    provider = _provider(name)
    from watchbell.doors import oidc, providers

    try:
        journey = oidc.Journey(**kept) if isinstance(kept, dict) else None
        if journey is None:
            raise oidc.NotBelieved("Nobody here asked for this answer.")
        who = oidc.came_back(
            provider, journey, request.GET.dict(), return_to=providers.return_address(name), now=request.now
        )
    except oidc.NotBelieved as error:
        log.warning("%s: the answer of provider %s was refused: %s", request.reference, name, error)
        return _refused(request, provider, Refusal.ANSWER)
    return _linked(request, provider, journey, who) if journey.link_to else _signed_in(request, provider, journey, who)


def _provider(name: str) -> "IdentityProvider":
    found = queries.provider(name)
    if found is None:
        raise Http404
    return found


def _depart(request: Asking, provider: "IdentityProvider", **journey: str) -> HttpResponse:
    from watchbell.doors import oidc, providers

    if not KNOCKS.admits(request, now=request.now):
        answer = render(request, "429.html", status=429)
        answer.headers["Retry-After"] = str(KNOCKS.seconds)
        return answer
    trip = oidc.begin(provider, now=request.now, rng=moment.dice(), **journey)
    try:
        address = oidc.address(provider, trip, return_to=providers.return_address(provider.name))
    except oidc.NotBelieved as error:
        log.warning("%s: provider %s cannot be used: %s", request.reference, provider.name, error)
        return _refused(request, provider, Refusal.ANSWER)
    request.session[JOURNEY] = trip.kept()
    if trip.link_to:  # a form may not lead off this node (our form-action), so the last step is a link
        return render(request, "account/provider_link.html", {"provider": provider, "address": address})
    return HttpResponseRedirect(address)


def _linked(request: Asking, provider: "IdentityProvider", journey: "Journey", who: "Identified") -> HttpResponse:
    if not request.actor.strong or request.actor.person != journey.link_to:
        return _refused(request, provider, Refusal.ANSWER)
    person: Any = request.user
    if not _same_address(who.verified_email, person.email):
        return _refused(request, provider, Refusal.ADDRESS)
    try:
        _link(provider, person, who, by=request.actor, request=request)
    except orgs.BadIdentity:
        return _refused(request, provider, Refusal.TAKEN)
    messages.success(request, _("Linked. From now on you can sign in with it too."))
    return redirect("mfa_index")


def _signed_in(request: Asking, provider: "IdentityProvider", journey: "Journey", who: "Identified") -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    person = queries.identified(provider, who.subject)
    if person is None and provider.trusts_email:
        person = _by_address(request, provider, who)
    if person is None:
        return _refused(request, provider, Refusal.NOBODY)
    said = provider.asserts_mfa and who.several_factors
    return signin.admit(request, person, provider=provider.public_id, said_mfa=said, back_to=journey.next)


def _by_address(request: Asking, provider: "IdentityProvider", who: "Identified") -> "Person | None":
    """Return the person with the verified address, linked from now on: the administrator trusts it for that."""
    person = queries.person_by_email(who.verified_email) if who.verified_email else None
    if person is None or not _same_address(who.verified_email, person.email):
        return None
    by = Actor(kind=ActorKind.LINK, person=person.public_id)
    try:
        _link(provider, person, who, by=by, request=request)
    except orgs.BadIdentity:
        return None
    return person


def _link(provider: "IdentityProvider", person: "Person", who: "Identified", *, by: Actor, request: Asking) -> None:
    orgs.link_identity(provider, person, who.subject, by=by, now=request.now, rng=moment.dice())


def _same_address(one: str, other: str) -> bool:
    """Return whether two addresses are one; letters that only look or fold alike are not (U+0131, U+212A)."""
    return one.isascii() and other.isascii() and one.lower() == other.lower() != ""


def _refused(request: Asking, provider: "IdentityProvider", why: Refusal) -> HttpResponse:
    return render(request, "account/provider_refused.html", {"provider": provider, "why": why.words}, status=403)
