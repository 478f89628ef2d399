"""Which products are in an asset? Picked by typing a maker and a name, for what no list describes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from watchbell.apps.inventory import services
from watchbell.apps.vulnerabilities import queries as published
from watchbell.doors import moment
from watchbell.doors.policy import OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.assets import mine
from watchbell.web.operator.forms import PickForm


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def pick(request: Asking, asset: str) -> HttpResponse:
    """Search for a product, and put the one chosen into the asset."""
    found = mine(request, asset)
    form = PickForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.pick_product(
                asset=found,
                product=form.cleaned_data["product"],
                label=form.cleaned_data["label"],
                version=form.cleaned_data["version"],
                by=request.actor,
                now=request.now,
                rng=moment.dice(),
            )
        except services.NoSuchProduct:
            messages.error(request, _("No record lists this product any more. Search again and pick another one."))
        else:
            messages.success(request, _("It is in the asset now, and the worklist follows in a moment."))
            return redirect("asset", asset=asset)
    asked = request.GET.get("q", "").strip()[:200]
    choices = published.products(asked) if asked else []
    chosen = next((one for one in choices if one.public_id == request.GET.get("product")), None)
    context = {
        "asset": found,
        "asked": asked,
        "choices": choices,
        "chosen": chosen,
        "form": PickForm(initial={"product": chosen.public_id, "label": asked}) if chosen else None,
    }
    is_fragment = request.headers.get("HX-Request") and request.headers.get("HX-Target") == "choices"
    return render(request, "operator/choices.html" if is_fragment else "operator/pick.html", context)


@open_to(OPERATOR_WRITES)
@require_POST
def unpick(request: Asking, asset: str) -> HttpResponse:
    """Take a product off the asset."""
    product = request.POST.get("product", "")[:64]
    services.unpick_product(asset=mine(request, asset), product=product, by=request.actor, now=request.now)
    messages.success(request, _("It is no longer in the asset."))
    return redirect("asset", asset=asset)
