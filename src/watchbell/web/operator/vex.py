"""What do others say of what this operator runs? Documents in, what each statement does and why not, and back out."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.inventory import services, statements
from watchbell.domain.refusal import Refused
from watchbell.domain.sentence import Sentence
from watchbell.doors import inventories, keyset, moment
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.assets import part
from watchbell.web.operator.forms import VexForm
from watchbell.web.speaking import spoken

MOST = 200
IN_ORDER = keyset.Order("vex-lines", ("position",))


@open_to(OPERATOR)
@require_safe
def documents(request: Asking) -> HttpResponse:
    """List the documents, newest first, with how many of their statements hold."""
    rows = statements.documents(request.actor, now=request.now)
    context = {"documents": list(rows[:MOST]), "count": rows.count(), "most": MOST}
    return render(request, "operator/vex.html", context)


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def load(request: Asking) -> HttpResponse:
    """Take a document of statements; what cannot be read is answered with its place."""
    form = VexForm(request.POST, request.FILES) if request.method == "POST" else VexForm()
    if request.method == "POST" and form.is_valid():
        try:
            taken = _take(request, form.cleaned_data["document"].file)
        except (Refused, services.ChangedMeanwhile) as error:
            form.add_error("document", spoken(error))
        except services.NotAllowed as error:
            raise PermissionDenied from error
        else:
            _tell(request, taken)
            return redirect("vex_document", document=taken.document.public_id)
    return render(request, "operator/vex_new.html", {"form": form})


def _take(request: Asking, file: Any) -> services.Taken:
    content = inventories.take(file, name=_("your file")).content
    return services.import_vex(
        services.Received(content=content),
        organisation=str(request.actor.organisation),
        by=request.actor,
        now=request.now,
        rng=moment.dice(),
    )


def _tell(request: Asking, taken: services.Taken) -> None:
    if taken.is_new:
        messages.success(request, _("It is taken in. What it says of your lists follows in a moment."))
    else:
        messages.success(request, _("This document stood already, so nothing changed."))


@open_to(OPERATOR)
@require_safe
def document(request: Asking, document: str) -> HttpResponse:
    """Show one document: whose it is, and each statement with where it holds, or why nowhere."""
    found = mine(request, document)
    page = part(request, statements.lines(request.actor, document, now=request.now), IN_ORDER)
    shown = [
        {"line": one, "said": statements.read(one), "because": Sentence.unpacked(one.because)} for one in page.rows
    ]
    defects = [{"place": place, "why": Sentence.unpacked(why)} for place, why in found.defects]
    context = {"document": found, "lines": shown, "slice": page, "defects": defects}
    return render(request, "operator/vex_document.html", context)


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Asking, document: str) -> HttpResponse:
    """Say what withdrawing means, then withdraw."""
    found = mine(request, document)
    if request.method != "POST":
        return render(request, "operator/vex_withdraw.html", {"document": found})
    try:
        services.withdraw_vex(
            document,
            organisation=str(request.actor.organisation),
            by=request.actor,
            now=request.now,
            rng=moment.dice(),
        )
    except services.NotStanding as error:
        messages.info(request, spoken(error))
    else:
        messages.success(request, _("It is withdrawn. What it kept quiet is back in a moment."))
    return redirect("vex_document", document=document)


def mine(request: Asking, public_id: str) -> Any:
    """Return the operator's own document of this id; 404 for "not yours" and "not there" alike."""
    found = statements.documents(request.actor, now=request.now).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
