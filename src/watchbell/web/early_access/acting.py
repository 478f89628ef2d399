"""This will find what a page is about and do its one deed; a refusal is told in words and nothing is half done.

Somebody else's engagement and one that is not there are answered alike.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from watchbell.apps.engagements import queries, services
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.terms import Unacceptable
from watchbell.doors import keys, moment
from watchbell.outside.keystore import KeyDestroyed, KeyMissing, KeystoreError
from watchbell.web.asking import Asking
from watchbell.web.speaking import spoken

REFUSALS = (
    services.NotAllowed,
    services.NotYet,
    services.IsOver,
    services.NotSigned,
    services.NoKey,
    NotPossible,
    Unacceptable,
    KeystoreError,
)
Said = str | Promise


def known(request: Asking, public_id: str) -> Any:
    """Return an engagement this actor may know of, or answer that there is nothing here."""
    return get_object_or_404(queries.visible_to(request.actor, now=request.now), public_id=public_id)


def offered_by_us(request: Asking, public_id: str) -> Any:
    """Return an engagement of the developer who asks, or answer that there is nothing here."""
    found = known(request, public_id)
    if found.developer != request.actor.organisation:
        raise Http404
    return found


def offered_to_us(request: Asking, public_id: str) -> Any:
    """Return an engagement that was offered to the one who asks, or answer that there is nothing here."""
    found = known(request, public_id)
    if found.evaluator != request.actor.organisation:
        raise Http404
    return found


def own_model(request: Asking, public_id: str) -> Any:
    """Return one of the developer's own models, or answer that there is nothing here."""
    return get_object_or_404(queries.models_of(request.actor, now=request.now), public_id=public_id)


def among(rows: Any, public_id: str) -> Any:
    """Return the one of these rows with this id, or answer that there is nothing here."""
    return get_object_or_404(rows, public_id=public_id)


def by(request: Asking) -> dict[str, Any]:
    """Return who does a deed now, as every service takes it."""
    return {"by": request.actor, "now": request.now}


def with_keys(request: Asking) -> dict[str, Any]:
    """Return the same with the node's keys."""
    return {**by(request), "keys": keys.keystore()}


def with_dice(request: Asking) -> dict[str, Any]:
    """Return the same with keys and dice."""
    return {**with_keys(request), "rng": moment.dice()}


def told(error: Exception) -> str:
    """Return why something was refused, in the reader's language."""
    if isinstance(error, KeyDestroyed):
        return _("Its key has been destroyed, so nobody can open it any more.")
    if isinstance(error, KeyMissing):
        return lost()
    if isinstance(error, KeystoreError):
        return _("This node cannot reach its keys now. Nothing was changed. Try again, or tell who runs this node.")
    return spoken(error.why if isinstance(error, Unacceptable) else error)


def lost() -> str:
    """Return what it means that a key is missing which nobody destroyed, and what is left to do."""
    return _(
        "The key of these terms and statements is missing on this node, and nobody can open or sign them without it. "
        "No backup holds it. The developer withdraws, which works without the key, and may write the terms anew."
    )


def attempt(request: Asking, deed: Callable[[], object], said: Said) -> bool:
    """Do one deed and say what happened, or why it did not; return whether it did."""
    try:
        deed()
    except REFUSALS as error:
        messages.error(request, told(error))
        return False
    messages.success(request, str(said))
    return True
