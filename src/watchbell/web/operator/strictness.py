"""How does this organisation count what nobody has published? Its owner decides, and sees first what would move."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from watchbell.apps.remediation import queries, services
from watchbell.apps.remediation.strictness import preview
from watchbell.domain.priority import POLICY
from watchbell.doors import moment
from watchbell.doors.policy import OPERATOR_OWNS, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.worklist import zone_of


@open_to(OPERATOR_OWNS)
@require_http_methods(["GET", "HEAD", "POST"])
def strict(request: Asking) -> HttpResponse:
    """Say what the choice changes and how many lines it moves, and take it."""
    since = queries.strict_since(request.actor, now=request.now)
    if request.method == "POST":
        return _choose(request, strict=request.POST.get("count") == "worst")
    context = {
        "since": since,
        "preview": preview(request.actor, strict=since is None, now=request.now),
        "policy": POLICY,
        "zone": zone_of(request).key,
    }
    return render(request, "operator/strict.html", context)


def _choose(request: Asking, *, strict: bool) -> HttpResponse:
    organisation = str(request.actor.organisation)
    try:
        is_new = services.choose_strict(
            organisation=organisation, strict=strict, by=request.actor, now=request.now, rng=moment.dice()
        )
    except services.NotAllowed as error:
        raise PermissionDenied from error
    if is_new:
        messages.success(request, _("Your decision is kept, and the worklist follows in a moment."))
    return redirect("worklist")
