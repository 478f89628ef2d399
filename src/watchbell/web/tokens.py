"""Which programs act for us? Tokens: scoped, ending, shown once."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.orgs import queries, services
from watchbell.domain.handling import Scope
from watchbell.doors import moment
from watchbell.doors.policy import STRONG, open_to
from watchbell.web.asking import Asking
from watchbell.web.forms import SCOPE_CHOICES, TokenForm
from watchbell.web.states import State

SCOPE_WORDS = dict(SCOPE_CHOICES)


@open_to(STRONG)
@require_safe
def tokens(request: Asking) -> HttpResponse:
    """List the tokens one may see."""
    now = request.now
    found = queries.tokens_of(request.actor, now=now)[:200]
    rows = [
        {
            "token": token,
            "scopes": [SCOPE_WORDS[Scope(scope)] for scope in token.scopes],
            "works": token.revoked_at is None and now < token.expires_at,
            "state": State.SOON if token.expires_at - now < timedelta(days=7) else State.LATER,
        }
        for token in found
    ]
    return render(request, "watchbell/tokens.html", {"rows": rows})


@open_to(STRONG)
@require_http_methods(["GET", "HEAD", "POST"])
def mint(request: Asking) -> HttpResponse:
    """Make a token and show its text once."""
    form = TokenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "watchbell/token_new.html", {"form": form})
    try:
        token, text = services.mint_token(
            form.cleaned_data["label"],
            [Scope(scope) for scope in form.cleaned_data["scopes"]],
            by=request.actor,
            lasts=timedelta(days=form.cleaned_data["days"]),
            now=request.now,
            rng=moment.dice(),
        )
    except services.NotAllowed as error:
        raise PermissionDenied from error
    return render(request, "watchbell/token_made.html", {"token": token, "text": text})


@open_to(STRONG)
@require_POST
def revoke(request: Asking, public_id: str) -> HttpResponse:
    """End a token."""
    rows = queries.tokens_of(request.actor, now=request.now)
    token = get_object_or_404(rows, public_id=public_id)
    try:
        services.revoke_token(token, by=request.actor, now=request.now)
    except services.NotAllowed as error:
        raise PermissionDenied from error
    messages.success(request, _("The token has ended; its next use is refused."))
    return redirect("tokens")
