"""Who takes part on this node, and for whom do I act? Administrators set up; everyone chooses."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.orgs import queries, services
from watchbell.apps.orgs.services import NewOrganisation
from watchbell.domain.handling import OrganisationKind, Role
from watchbell.doors import moment
from watchbell.doors.credentials import ORGANISATION
from watchbell.doors.policy import NODE_ADMIN, SIGNED_IN, open_to
from watchbell.web import invitations
from watchbell.web.asking import Asking
from watchbell.web.context import KINDS, ROLES
from watchbell.web.forms import SECTORS, InviteOwnerForm, OrganisationForm

SECTOR_WORDS = dict(SECTORS)


@open_to(NODE_ADMIN)
@require_safe
def organisations(request: Asking) -> HttpResponse:
    """List who takes part on this node."""
    found = queries.visible_to(request.actor, now=request.now)
    rows = [
        {
            "organisation": one,
            "kinds": _kinds(one),
            "sector": SECTOR_WORDS.get(one.sector, one.sector),
        }
        for one in found.prefetch_related("kinds").order_by("name")
    ]
    return render(request, "watchbell/organisations.html", {"rows": rows})


def _kinds(organisation: Any) -> str:
    return ", ".join(sorted(str(KINDS[OrganisationKind(row.kind)]) for row in organisation.kinds.all()))


@open_to(NODE_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Asking) -> HttpResponse:
    """Set up an organisation."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        details = NewOrganisation(
            name=answers["name"],
            kinds=frozenset(OrganisationKind(kind) for kind in answers["kinds"]),
            sector=answers["sector"],
            time_zone=answers["time_zone"],
            is_government=answers["is_government"],
        )
        actor = request.actor
        now = request.now
        try:
            made = services.create_organisation(details, by=actor, now=now, rng=moment.dice())
        except services.AlreadyThere:
            form.add_error("name", _("This name is taken on this node; choose another."))
        else:
            return redirect("organisation", public_id=made.public_id)
    return render(request, "watchbell/organisation_new.html", {"form": form})


@open_to(NODE_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: Asking, public_id: str) -> HttpResponse:
    """Show one organisation and invite its owner."""
    actor = request.actor
    now = request.now
    one = get_object_or_404(queries.visible_to(actor, now=now), public_id=public_id)
    form = InviteOwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        invitation, secret = services.invite(email, one, Role.OWNER, by=actor, now=now, rng=moment.dice())
        address = invitations.deliver(email, invitations.link(invitation.public_id, secret))
        return render(request, "watchbell/invited.html", {"email": email, "link": address, "back": "organisations"})
    rows = queries.members_of(actor, now=now).filter(organisation=one)
    context = {
        "organisation": one,
        "kinds": _kinds(one),
        "sector": SECTOR_WORDS.get(one.sector, one.sector),
        "rows": [{"membership": row, "role": ROLES[Role(row.role)]} for row in rows],
        "form": form,
    }
    return render(request, "watchbell/organisation.html", context)


@open_to(SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: Asking) -> HttpResponse:
    """Choose for whom to act from now on."""
    actor = request.actor
    if request.method != "POST":
        return render(request, "watchbell/choose.html")
    own = queries.organisations_of(str(actor.person))
    chosen = next((one for one in own if one.public_id == request.POST.get("organisation")), None)
    if chosen is None:
        raise PermissionDenied
    request.session[ORGANISATION] = chosen.public_id
    return redirect("home")
