"""How does a list come in? Through the bounded reader; what could not be read is answered with its place."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from watchbell.apps.inventory import queries, services
from watchbell.domain.refusal import Refused
from watchbell.doors import inventories, keys, moment
from watchbell.doors.inventories import Kind, Taken
from watchbell.doors.policy import OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.assets import mine, show
from watchbell.web.operator.forms import DocumentForm, LoadForm
from watchbell.web.speaking import spoken

MOST_REFUSALS = 200


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def load(request: Asking) -> HttpResponse:
    """Take a table of many assets, or a bill of materials of one."""
    form = LoadForm(request.POST, request.FILES) if request.method == "POST" else LoadForm()
    if request.method == "POST" and form.is_valid():
        try:
            taken = inventories.take(form.cleaned_data["document"].file, name=_("your file"))
            if taken.kind is Kind.TABLE:
                return _tabled(request, _load_table(request, taken))
            name = form.cleaned_data["name"].strip()
            if name:
                return _load_new(request, name, taken)
            form.add_error("name", _("This is a bill of materials. Say which machine or service it is about."))
        except (Refused, services.ChangedMeanwhile, services.TooManyWaiting) as error:
            form.add_error("document", spoken(error))
    return render(request, "operator/load.html", {"form": form})


def _load_table(request: Asking, taken: Taken) -> services.Loaded:
    return services.hand_in_table(
        services.Received(content=taken.content, store=keys.blob_store()),
        organisation=str(request.actor.organisation),
        by=request.actor,
        now=request.now,
        rng=moment.dice(),
    )


def _tabled(request: Asking, loaded: services.Loaded) -> HttpResponse:
    if not loaded.is_over:
        return redirect("table", document=loaded.load)
    if loaded.refusals:
        shown = loaded.refusals[:MOST_REFUSALS]
        return render(request, "operator/loaded.html", {"loaded": loaded, "shown": shown})
    _tell(request, loaded)
    return redirect("assets")


def _load_new(request: Asking, name: str, taken: Taken) -> HttpResponse:
    asset = services.add_asset(
        services.NewAsset(name=name),
        organisation=str(request.actor.organisation),
        by=request.actor,
        now=request.now,
        rng=moment.dice(),
    )
    _tell(request, _load_bill(request, asset, taken))
    return redirect("asset", asset=asset.public_id)


def _load_bill(request: Asking, asset: Any, taken: Taken) -> services.Loaded:
    return services.hand_in_sbom(
        services.Received(content=taken.content, store=keys.blob_store()),
        asset=asset,
        by=request.actor,
        now=request.now,
        rng=moment.dice(),
    )


@open_to(OPERATOR_WRITES)
@require_POST
def document(request: Asking, asset: str) -> HttpResponse:
    """Take the list of what one asset contains; it replaces the one before."""
    found = mine(request, asset)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            taken = inventories.take(form.cleaned_data["document"].file, name=_("your file"))
            if taken.kind is Kind.BILL:
                _tell(request, _load_bill(request, found, taken))
                return redirect("asset", asset=asset)
            form.add_error("document", _("This is a table, not a bill of materials. Load it from the inventory page."))
        except (Refused, services.ChangedMeanwhile, services.TooManyWaiting) as error:
            form.add_error("document", spoken(error))
    return show(request, found, form=form)


@open_to(OPERATOR_WRITES)
@require_POST
def stop(request: Asking, asset: str) -> HttpResponse:
    """Stop loading an asset's list."""
    row = queries.loads(request.actor, now=request.now).filter(asset=mine(request, asset)).first()
    try:
        services.stop(row.public_id if row else "", by=request.actor, now=request.now)
    except services.NotWaiting as error:
        messages.info(request, spoken(error))
    else:
        messages.success(request, _("It is stopped. Nothing of the list was in force, and the one before it stays."))
    return redirect("asset", asset=asset)


def _tell(request: Asking, loaded: services.Loaded) -> None:
    """This will say what came of it, always with the whole number."""
    if not loaded.is_over:
        messages.success(request, _("The list is being loaded; this page shows how far it is."))
        return
    if not loaded.changed:
        messages.success(request, _("This list was loaded before, so nothing changed."))
        return
    counted = ngettext(
        "%(all)d item is loaded; it can be checked: %(assessed)d.",
        "%(all)d items are loaded; %(assessed)d of them can be checked.",
        loaded.components,
    )
    messages.success(request, counted % {"all": loaded.components, "assessed": loaded.assessed})
