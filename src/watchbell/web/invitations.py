"""How does someone join? By a link that works once, within seven days."""

import logging
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from watchbell.apps.orgs import services as orgs
from watchbell.domain.refusal import Refused
from watchbell.doors import moment
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.outside.mail import MailFailed
from watchbell.web.asking import Asking
from watchbell.web.forms import JoinForm

log = logging.getLogger("watchbell.web")


def link(public_id: str, secret: str) -> str:
    """Return the whole address that opens an invitation; the secret stays out of paths, hence out of logs."""
    path = reverse("join", urlconf="watchbell.web.joining", args=[public_id])
    return f"{settings.WATCHBELL.base_url}{path}?{urlencode({'key': secret})}"


def deliver(email: str, address: str) -> str:
    """This will mail the link; return it for copying when this node has no mail server or the mail did not leave."""
    text = _(
        "You are invited to Watchbell. Open this link within seven days; it works once:\n\n%(address)s\n\n"
        "If you did not expect this, do nothing: without the link nothing happens."
    ) % {"address": address}
    try:
        send_mail(_("You are invited to Watchbell"), text, None, [email])
    except (MailFailed, Refused):
        log.exception("an invitation could not be mailed")
        return address
    return "" if settings.WATCHBELL.email_url else address


@open_to(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: Asking, public_id: str) -> HttpResponse:
    """Open an invitation, and accept it."""
    secret = request.GET.get("key", "")
    try:
        invitation = orgs.open_invitation(public_id, secret, now=request.now)
    except orgs.BadInvitation:
        return render(request, "watchbell/join_refused.html", status=410)
    known = request.user.is_authenticated and request.user.email.lower() == invitation.email.lower()
    form: forms.Form = forms.Form(request.POST or None) if known else JoinForm(request.POST or None)
    if request.method == "POST" and (known or form.is_valid()):
        return _accept(request, public_id, secret, form)
    return render(request, "watchbell/join.html", {"invitation": invitation, "form": form, "is_known": known})


def _accept(request: Asking, public_id: str, secret: str, form: forms.Form) -> HttpResponse:
    answers = getattr(form, "cleaned_data", {})
    try:
        orgs.accept_invitation(
            public_id,
            secret,
            password=answers.get("password", ""),
            display_name=answers.get("display_name", ""),
            now=request.now,
            rng=moment.dice(),
        )
    except orgs.BadInvitation:
        return render(request, "watchbell/join_refused.html", status=410)
    if request.user.is_authenticated:
        messages.success(request, _("You have joined. Choose for whom you act at the top of the page."))
        return redirect("home")
    messages.success(request, _("You have joined. Now sign in; the next step is a second factor."))
    return redirect("account_login")
