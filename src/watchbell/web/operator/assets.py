"""What does this operator run? The list of assets, and each one with its answer, its parts and its products."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.inventory import queries, services
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refused
from watchbell.doors import keyset, moment
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.node.pace import pace_of
from watchbell.web.operator.forms import AssetForm, DocumentForm, ExposedForm, OwnerForm
from watchbell.web.operator.machines import machines_of
from watchbell.web.operator.words import EXPOSED
from watchbell.web.speaking import spoken

BY_NAME = keyset.Order("assets", ("name", "public_id"))


def mine(request: Asking, public_id: str) -> Any:
    """Return the operator's own asset of this id; 404 for "not yours" and "not there" alike."""
    found = queries.visible_to(request.actor, now=request.now).select_related("listing__document")
    asset = found.filter(public_id=public_id).first()
    if asset is None:
        raise Http404
    return asset


def part(request: Asking, rows: Any, order: keyset.Order) -> keyset.Part:
    """Return the part of a list that the address asks for; 404 for a foreign cursor."""
    try:
        return keyset.part_of(
            rows,
            order,
            viewer=request.actor,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except Refused as error:
        raise Http404 from error


@open_to(OPERATOR)
@require_safe
def assets(request: Asking) -> HttpResponse:
    """List what the operator runs; somebody new is led through the first steps."""
    coverage = queries.coverage(request.actor, now=request.now)
    if not coverage.assets:
        return redirect("start") if request.actor.writes else render(request, "operator/assets.html", {})
    found = queries.visible_to(request.actor, now=request.now).select_related("listing")
    chosen = request.GET.get("exposed", "")
    if chosen in list(Exposure):
        found = found.filter(exposed=chosen)
    page = part(request, found, BY_NAME)
    rows = [{"asset": one, "exposed": EXPOSED[Exposure(one.exposed)]} for one in page.rows]
    context = {"rows": rows, "slice": page, "coverage": coverage, "chosen": chosen, "choices": EXPOSED.items()}
    return render(request, "operator/assets.html", context)


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Asking) -> HttpResponse:
    """Add an asset; one of the same name is shown instead."""
    form = AssetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        details = services.NewAsset(
            name=answers["name"], exposed=Exposure(answers["exposed"]), patched_by=answers["patched_by"]
        )
        try:
            asset = services.add_asset(
                details,
                organisation=str(request.actor.organisation),
                by=request.actor,
                now=request.now,
                rng=moment.dice(),
            )
        except services.NotAllowed as error:
            raise PermissionDenied from error
        except Refused as error:
            form.add_error("name", spoken(error))
        else:
            return redirect("asset", asset=asset.public_id)
    return render(request, "operator/asset_new.html", {"form": form})


@open_to(OPERATOR)
@require_safe
def asset(request: Asking, asset: str) -> HttpResponse:
    """Show one asset."""
    return show(request, mine(request, asset))


def show(request: Asking, found: Any, *, form: Any = None, status: int = 200) -> HttpResponse:
    """Return an asset's page, with the form that was answered if one could not be taken."""
    picks = list(found.picks.filter(unit__isnull=True, line__isnull=True).order_by("picked_at", "pk"))
    context = {
        "asset": found,
        "exposed": EXPOSED[Exposure(found.exposed)],
        "exposed_form": ExposedForm(initial={"exposed": found.exposed}),
        "owner_form": OwnerForm(initial={"patched_by": found.patched_by}),
        "document_form": form or DocumentForm(),
        "picks": picks,
        "gaps": found.listing.components - found.listing.assessed if found.listing else 0,
        **progress_of(found),
        **loading_of(request, found),
        **machines_of(found),
    }
    return render(request, "operator/asset.html", context, status=status)


def loading_of(request: Asking, found: Any) -> dict[str, Any]:
    """Return how far the asset's latest large list is, unless it is in force or another took its place."""
    row = queries.loads(request.actor, now=request.now).filter(asset=found).first()
    loading = queries.loading_of(row) if row else None
    if loading is None or loading.stage in ("loaded", "replaced"):
        return {"loading": None}
    return {"loading": loading, "pace": pace_of(loading.line, now=request.now) if loading.line else None}


def progress_of(found: Any) -> dict[str, int]:
    """Return how many of an asset's versions there are, and how many were matched already."""
    if found.listing is None:
        return {"versions": 0, "matched": 0}
    contents = found.listing.contents
    return {"versions": contents.count(), "matched": contents.filter(version__is_matched=True).count()}


@open_to(OPERATOR)
@require_safe
def progress(request: Asking, asset: str) -> HttpResponse:
    """Show how far an asset's loading or matching is; asked again every two seconds while it runs."""
    found = mine(request, asset)
    if "list" in request.GET:
        return _loading(request, found)
    return render(request, "operator/matching.html", {"asset": found, **progress_of(found)})


def _loading(request: Asking, found: Any) -> HttpResponse:
    """Return how far its list is; once that changes no more, the whole page is loaded again."""
    context = {"asset": found, **loading_of(request, found)}
    page = render(request, "operator/loading.html", context)
    if context["loading"] is None or not context["loading"].is_busy:
        page.headers["HX-Refresh"] = "true"
    return page


@open_to(OPERATOR_WRITES)
@require_POST
def answer(request: Asking, asset: str) -> HttpResponse:
    """Take the answer to the one question."""
    form = ExposedForm(request.POST)
    if form.is_valid():
        services.answer_exposed(
            asset=mine(request, asset),
            answer=Exposure(form.cleaned_data["exposed"]),
            by=request.actor,
            now=request.now,
        )
        messages.success(request, _("The answer is kept, and the worklist follows in a moment."))
    return redirect("asset", asset=asset)


@open_to(OPERATOR_WRITES)
@require_POST
def owner(request: Asking, asset: str) -> HttpResponse:
    """Take who installs the updates."""
    form = OwnerForm(request.POST)
    if form.is_valid():
        services.say_who_patches(
            asset=mine(request, asset), who=form.cleaned_data["patched_by"], by=request.actor, now=request.now
        )
        messages.success(request, _("It is kept."))
    return redirect("asset", asset=asset)


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: Asking, asset: str) -> HttpResponse:
    """Say what removing means, then remove."""
    found = mine(request, asset)
    if request.method != "POST":
        return render(request, "operator/asset_remove.html", {"asset": found})
    name = found.name
    services.remove_asset(asset=found, by=request.actor, now=request.now)
    messages.success(request, _("%(name)s is no longer in the inventory.") % {"name": name})
    return redirect("assets")
