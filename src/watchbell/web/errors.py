"""What is said when something went wrong? What happened, what was kept, what to do, and a reference id."""

import logging
import sys
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from watchbell.doors.problems import problem
from watchbell.doors.trouble import Trouble, trouble_of

log = logging.getLogger("watchbell.error")
FOR_PROGRAMS = ("/api/", "/taxii2/", "/.well-known/", "/feed/")


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail, in words for people and a code for programs."""

    status: int
    code: str
    title: str | Promise
    happened: str | Promise
    kept: str | Promise
    todo: str | Promise


BAD_REQUEST = Failure(
    400,
    "bad-request",
    _("We could not read that request"),
    _("Your browser sent something this node does not understand."),
    _("Nothing was stored and nothing was changed."),
    _("Go back, reload the page and try once more."),
)
NOT_ALLOWED = Failure(
    403,
    "not-allowed",
    _("This page is not open to you"),
    _("You are signed in, or the page is public, but your role does not reach this far."),
    _("Nothing was stored and nothing was changed."),
    _("If you act for several organisations, choose the right one. Otherwise ask an owner of your organisation."),
)
NOT_FOUND = Failure(
    404,
    "not-found",
    _("There is nothing here"),
    _("The address is mistyped, the thing is gone, or it is not yours to see. We answer all three alike."),
    _("Nothing was changed."),
    _("Check the address, or start again from home."),
)
WENT_WRONG = Failure(
    500,
    "went-wrong",
    _("Something went wrong on our side"),
    _("This node ran into a fault of its own while it answered you."),
    _("Whatever was not confirmed to you was not stored; nothing was stored by half."),
    _("Try once more. If it happens again, tell whoever runs this node and give them the reference below."),
)
STORAGE_FULL = Failure(
    507,
    Trouble.FULL,
    _("This node has no room left"),
    _("The storage of this node is full, or takes no more, so what you sent could not be kept."),
    _("Nothing of it was stored, not even by half; what was confirmed to you before stays as it is."),
    _("Tell whoever runs this node to make room, and send it again afterwards."),
)
DATABASE_AWAY = Failure(
    503,
    Trouble.AWAY,
    _("The database is away for a moment"),
    _("This node lost its database while it answered you; it comes back by itself."),
    _("Nothing was stored by half. Whether it was done we cannot say: the confirmation was lost."),
    _("Wait a moment, look whether it was done, and if not send it again; a program repeats its Idempotency-Key."),
)
TROUBLES = {Trouble.FULL: (STORAGE_FULL, 60), Trouble.AWAY: (DATABASE_AWAY, 5)}
CSRF = Failure(
    403,
    "form-expired",
    _("This form is too old"),
    _("The page was open for a long time, you signed in or out meanwhile, or your browser keeps no cookies."),
    _("Nothing was stored and nothing was changed."),
    _("Go back, reload the page and send the form again."),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a request that cannot be read."""
    return answer(request, BAD_REQUEST)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer someone whose role does not reach this far."""
    return answer(request, NOT_ALLOWED)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer that there is nothing here, or that it is not theirs: alike."""
    return answer(request, NOT_FOUND)


def went_wrong(request: HttpRequest) -> HttpResponseBase:
    """Answer after a fault of our own, without its details; one of the machine's says when to try again."""
    trouble = trouble_of(sys.exc_info()[1])
    if trouble is None:
        return answer(request, WENT_WRONG)
    failure, seconds = TROUBLES[trouble]
    response = answer(request, failure, is_bare=True)
    response.headers["Retry-After"] = str(seconds)
    return response


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form that was not sent from a page of this session."""
    return answer(request, CSRF)


def answer(request: HttpRequest, failure: Failure, *, is_bare: bool = False) -> HttpResponseBase:
    """Return the failure as a page, or as problem+json to programs; a bare page asks nothing of the database."""
    reference = str(getattr(request, "reference", ""))
    if wants_json(request):
        with override("en"):  # a program reads English whatever language its client asks for
            title, todo = str(failure.title), str(failure.todo)
        return problem(failure.status, failure.code, title, todo=todo, reference=reference)
    if is_bare:
        return HttpResponse(_bare(failure, reference), status=failure.status)
    context: dict[str, Any] = {"failure": failure, "reference": reference}
    try:
        text: str = render_to_string("watchbell/error.html", context, request)
    except Exception:  # the page's frame needs the database, which may be what failed
        log.exception("the error page could not be drawn for %s", reference)
        text = _bare(failure, reference)
    return HttpResponse(text, status=failure.status)


def wants_json(request: HttpRequest) -> bool:
    """Return whether a program is asking: by the address, or by preferring JSON to pages."""
    if request.path.startswith(FOR_PROGRAMS):
        return True
    preferred = request.get_preferred_type(["text/html", "application/problem+json", "application/json"])
    return preferred is not None and preferred != "text/html"


def _bare(failure: Failure, reference: str) -> str:
    words = (failure.happened, failure.kept, failure.todo, reference)
    lines = "".join(f"<p>{escape(word)}</p>" for word in words)
    title = escape(failure.title)
    language = get_language() or "en"
    return f'<!doctype html><html lang="{language}"><title>{title}</title><main><h1>{title}</h1>{lines}</main></html>'
