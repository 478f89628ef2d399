"""How much of a list could be assessed? Counted from what stands in it, so that the counts always add up."""

from collections import Counter
from collections.abc import Collection

from django.db.models import Sum

from watchbell.apps.inventory.models import Component, Document, Gap, Listing, Unassessable


def gaps_of(listing: Listing) -> Counter[str]:
    """Return how many components cannot be assessed, by reason."""
    gaps: Counter[str] = Counter()
    nameless = Unassessable.objects.filter(listing=listing, is_assessed=False).order_by("reason")
    for reason, times in nameless.values_list("reason").annotate(Sum("times")):
        gaps[reason] += times
    doubtful = Component.objects.filter(listing=listing).exclude(version__doubt="").order_by("version__doubt")
    for doubt, times in doubtful.values_list("version__doubt").annotate(Sum("times")):
        gaps[doubt] += times
    return gaps


def recount(listings: Collection[int]) -> None:
    """This will count these lists anew, those in force, and their documents; part of the caller's transaction."""
    in_force = Listing.objects.filter(pk__in=listings, in_force_for__isnull=False)
    documents = set()
    for listing in in_force.order_by("pk"):
        gaps = gaps_of(listing)
        Listing.objects.filter(pk=listing.pk).update(assessed=listing.components - gaps.total())
        Gap.objects.filter(listing=listing).delete()
        Gap.objects.bulk_create(Gap(listing=listing, reason=why, components=n) for why, n in sorted(gaps.items()))
        documents.add(listing.document_id)
    for document in sorted(documents):
        held = Listing.objects.filter(document_id=document, in_force_for__isnull=False)
        totals = held.aggregate(components=Sum("components"), assessed=Sum("assessed"))
        Document.objects.filter(pk=document).update(**totals)
