"""Is this session strong? A second factor was used in it, and nobody removed one from the account since.

Both are checked at each use. The account counts its removals (`Person.factors_removed`); a
session keeps the count at which it became strong, so one removal, in any browser or on the
console, ends the strength of every other session at once and without searching for them.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from watchbell.apps.journal import services as journal
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Actor, ActorKind
from watchbell.doors import moment

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import Person

COUNT = "factors_removed"
MFA = "mfa"
OIDC = "oidc"
CONFIRMED_FOR = timedelta(minutes=5)
"""How long a second factor that was shown counts for a deed that binds an organisation."""
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

Record = dict[str, Any]


def records_of(request: HttpRequest) -> list[Record]:
    """Return how the signed-in person of this session showed who they are; nobody else's records count."""
    found: list[Record] = get_authentication_records(request, request.user)
    return found


def is_strong(request: HttpRequest) -> bool:
    """Return whether this session may pass where a second factor is asked for."""
    if not any(_is_second_factor(record) for record in records_of(request)):
        return False
    removed: int = request.user.factors_removed  # type: ignore[union-attr]
    return bool(request.session.get(COUNT, 0) == removed)


def _is_second_factor(record: Record) -> bool:
    """Return whether this step was one: our own, or that of a provider that is trusted to say so and did."""
    return record.get("method") == MFA or (record.get("method") == OIDC and record.get("mfa") is True)


def has_factor(person: Any) -> bool:
    """Return whether this person set up an authenticator app or a passkey."""
    return bool(is_mfa_enabled(person, list(FACTORS)))


def way_to_confirm(request: HttpRequest) -> str:
    """Return where a session without the second factor its person has must confirm it; "" when none is owed."""
    if is_strong(request) or not has_factor(request.user):
        return ""
    return _confirmation(request, request.get_full_path() if _looks(request) else reverse("mfa_index"))


def is_confirmed(request: HttpRequest, now: datetime) -> bool:
    """Return whether this session is strong and showed its second factor within the last minutes."""
    shown = [record.get("at", 0) for record in records_of(request) if _is_second_factor(record)]
    return is_strong(request) and now.timestamp() - max(shown, default=0) < CONFIRMED_FOR.total_seconds()


def way_to_confirm_anew(request: HttpRequest) -> str:
    """Return where to show the second factor once more before a deed that binds, and come back to this page.

    Whoever signs in elsewhere and has no factor here yet is shown where to set one up.
    """
    return _confirmation(request, request.get_full_path()) if has_factor(request.user) else reverse("mfa_index")


def _confirmation(request: HttpRequest, back: str) -> str:
    has_app = is_mfa_enabled(request.user, [Authenticator.Type.TOTP])
    page = "mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn"
    return f"{reverse(page)}?{urlencode({'next': back})}"


def _looks(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD")


def listen() -> None:
    """This will follow what django-allauth tells of steps completed and of factors added and removed."""
    authentication_step_completed.connect(_step_completed, dispatch_uid="strength")
    authenticator_added.connect(_factor_added, dispatch_uid="strength")
    authenticator_removed.connect(_factor_removed, dispatch_uid="strength")


def _step_completed(*, request: HttpRequest, user: "Person", method: str, **extra: Any) -> None:
    if _is_second_factor({"method": method, **extra}):
        user.refresh_from_db(fields=["factors_removed"])
        request.session[COUNT] = user.factors_removed


def _factor_added(*, request: HttpRequest, user: "Person", authenticator: Authenticator, **_: Any) -> None:
    """This will make the session that set up the first factor strong: doing so showed that they hold it.

    A session that is not strong may add only the first. One that raced another browser for
    that (the page asked before the other's was there) loses what it added.
    """
    if authenticator.type not in FACTORS or is_strong(request):
        return
    others = user.authenticator_set.filter(type__in=FACTORS).exclude(pk=authenticator.pk)  # type: ignore[attr-defined]
    if others.exists():
        authenticator.delete()
        return
    record_authentication(request, user, MFA, id=authenticator.pk, type=authenticator.type)


@transaction.atomic
def _factor_removed(*, request: HttpRequest, user: "Person", authenticator: Authenticator, **_: Any) -> None:
    """This will end the strength of every other session; this one keeps it while a factor is left."""
    was_strong = is_strong(request)
    person: Person = request.user  # type: ignore[assignment]
    count = orgs.count_removed_factor(person)
    if was_strong and has_factor(person):
        request.session[COUNT] = count
    if authenticator.type in FACTORS:
        by = Actor(kind=ActorKind.PERSON, person=person.public_id)
        journal.record(at=moment.now(), by=by, action="person.second_factors_removed", subject=person)
