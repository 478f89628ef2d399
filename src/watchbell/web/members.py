"""Who acts for our organisation? Owners invite, change roles and remove; it counts from the next request."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.orgs import queries, services
from watchbell.domain.handling import Role
from watchbell.doors import moment
from watchbell.doors.policy import OWNER, open_to
from watchbell.web import invitations
from watchbell.web.asking import Asking
from watchbell.web.context import ROLES
from watchbell.web.forms import InviteForm, RoleForm


def _members(request: Asking) -> QuerySet[Any]:
    actor = request.actor
    rows = queries.members_of(actor, now=request.now)
    return rows.filter(organisation__public_id=actor.organisation)


@open_to(OWNER)
@require_safe
def members(request: Asking) -> HttpResponse:
    """List who belongs to the organisation acted for."""
    rows = [{"membership": row, "role": ROLES[Role(row.role)]} for row in _members(request)]
    waiting = [
        {"invitation": row, "role": ROLES[Role(row.role)]}
        for row in queries.open_invitations(request.actor, now=request.now)
    ]
    seen = {"rows": rows, "waiting": waiting, "organisation": queries.organisation(str(request.actor.organisation))}
    return render(request, "watchbell/members.html", seen)


@open_to(OWNER)
@require_POST
def withdraw(request: Asking, public_id: str) -> HttpResponse:
    """Withdraw an invitation nobody has used yet."""
    waiting = queries.open_invitations(request.actor, now=request.now)
    services.withdraw_invitation(get_object_or_404(waiting, public_id=public_id), by=request.actor, now=request.now)
    messages.success(request, _("The invitation is withdrawn; its link opens nothing any more."))
    return redirect("members")


@open_to(OWNER)
@require_POST
def share_counts(request: Asking) -> HttpResponse:
    """Decide whether our counts may join sums of at least five organisations."""
    organisation = queries.organisation(str(request.actor.organisation))
    services.share_counts(organisation, shares="share" in request.POST, by=request.actor, now=request.now)
    messages.success(request, _("Your decision is kept and counts from now on."))
    return redirect("members")


@open_to(OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Asking) -> HttpResponse:
    """Invite someone to it."""
    form = InviteForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "watchbell/invite.html", {"form": form})
    actor = request.actor
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    invitation, secret = services.invite(
        email,
        queries.organisation(str(actor.organisation)),
        role,
        by=actor,
        now=request.now,
        rng=moment.dice(),
    )
    address = invitations.deliver(email, invitations.link(invitation.public_id, secret))
    return render(request, "watchbell/invited.html", {"email": email, "link": address, "back": "members"})


@open_to(OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: Asking, person: str) -> HttpResponse:
    """Show one member and change the role."""
    membership = get_object_or_404(_members(request), person__public_id=person)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(
                membership,
                Role(form.cleaned_data["role"]),
                by=request.actor,
                now=request.now,
            )
        except services.LastOwner:
            form.add_error("role", _last_owner())
        else:
            messages.success(request, _("The role is changed and counts from their next click."))
            return redirect("members")
    return render(request, "watchbell/member.html", {"membership": membership, "form": form})


@open_to(OWNER)
@require_POST
def remove(request: Asking, person: str) -> HttpResponse:
    """End a membership."""
    membership = get_object_or_404(_members(request), person__public_id=person)
    try:
        services.remove_member(membership, by=request.actor, now=request.now)
    except services.LastOwner:
        messages.error(request, _last_owner())
        return redirect("member", person=person)
    except services.NotAllowed as error:
        raise PermissionDenied from error
    messages.success(request, _("The membership has ended, and with it every token of theirs for this organisation."))
    return redirect("members")


def _last_owner() -> str:
    return _("This is the organisation's last owner. Make someone else an owner first.")
