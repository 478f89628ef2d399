"""What is the one thing to do next in an engagement, for whoever reads the page? Said in words, with its date."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.web.early_access.names import Names


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing: the deed, why, until when, and where it is done."""

    deed: str
    why: str = ""
    by: datetime | None = None
    url: str = ""
    button: str = ""


def for_developer(one: Any, names: Names, *, has_waiting: bool, has_incident: bool) -> Step | None:
    """Return the developer's next thing; None once it is over."""
    evaluator = names.of(one.evaluator)
    match one.stands:
        case State.DRAFT:
            why = _("Until you sign, nobody else sees anything of it.")
            return Step(_("Sign the offer"), why, None, _sign(one, "offer"), _("Read and sign"))
        case State.OFFERED:
            why = _("Without an answer the offer lapses by itself.")
            return Step(_("Wait for %(name)s to answer") % {"name": evaluator}, why, one.reply_by)
        case State.AGREED:
            why = _("%(name)s agreed and named its people. Unless you start it, nothing begins.") % {"name": evaluator}
            return Step(_("Start access, or leave it"), why, one.reply_by, _sign(one, "start"), _("Read and sign"))
        case State.ACTIVE if has_incident:
            why = _("Every token is ended, and nothing runs until you say why it may go on.")
            url = reverse("incidents", args=[one.public_id])
            return Step(_("Settle an incident of the evaluation"), why, None, url, _("See what happened"))
        case State.ACTIVE if one.grant.endpoint_set_at is None:
            why = _("Until it is given, no call goes through. The window goes on.")
            url = reverse("set_endpoint", args=[one.public_id])
            return Step(_("Give your endpoint"), why, one.ends_at, url, _("Do it"))
        case State.ACTIVE if has_waiting:
            why = _("Somebody was named later and waits for your signature. Without it nothing is open to them.")
            return Step(_("Let one more person in, or not"), why, None, "#people", _("See who"))
        case State.ACTIVE if one.paused_at is not None:
            why = _("No call goes through until you resume. The window goes on.")
            return Step(_("Access is paused"), why, one.ends_at, "#steer", _("Resume it"))
        case State.ACTIVE:
            return Step(_("Nothing waits for you"), _("It ends by itself. Nothing renews it."), one.ends_at)
    return None


def for_evaluator(one: Any, names: Names, *, has_seat: bool, has_incident: bool) -> Step | None:
    """Return the evaluator's next thing; None once it is over."""
    developer = names.of(one.developer)
    match one.stands:
        case State.OFFERED:
            why = _("You agree by naming people and signing, or you decline. Without an answer it lapses.")
            return Step(
                _("Answer the offer of %(name)s") % {"name": developer}, why, one.reply_by, "#terms", _("Read it")
            )
        case State.AGREED:
            why = _("%(name)s may start access, or leave it. There is nothing more for you to do.") % {
                "name": developer
            }
            return Step(_("Nothing waits for you"), why, one.reply_by)
        case State.ACTIVE if one.paused_at is not None:
            return Step(_("Access is paused by the developer"), _("The window goes on meanwhile."), one.ends_at)
        case State.ACTIVE if has_incident:
            why = _("An incident is open. Runs go on when %(name)s has settled it.") % {"name": developer}
            return Step(_("Wait for the developer"), why, one.ends_at)
        case State.ACTIVE if has_seat:
            url = reverse("take_token", args=[one.public_id])
            return Step(
                _("Take a token to work with"), _("It is yours alone, for hours."), one.ends_at, url, _("Take one")
            )
        case State.ACTIVE:
            return Step(_("Nothing waits for you"), _("Access runs for the people who were named."), one.ends_at)
    return None


def _sign(one: Any, kind: str) -> str:
    return reverse("sign_statement", args=[one.public_id, kind])
