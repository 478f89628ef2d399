"""This will add assets, answer the one question about each, and pick products that have no package URL."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.inventory.models import NAME_LENGTH, Asset, PickedProduct, Unit
from watchbell.apps.inventory.services import listings, overlays, products
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.inventory.services.turns import take_turn
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence


class NoSuchProduct(LookupError):
    """No record lists a product with this id; search again and pick one of the answers."""


class AnsweredMeanwhile(Exception):
    """Someone changed this asset first; look at it again before you go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """What is asked about an asset when it is added; `patched_by` is who installs its updates."""

    name: str
    kind: str = ""
    exposed: Exposure = Exposure.UNKNOWN
    patched_by: str = ""


@transaction.atomic
def add_asset(details: NewAsset, *, organisation: str, by: Actor, now: datetime, rng: Dice) -> Asset:
    """Return the organisation's asset of this name, adding it if it is new; one that is there stays as it is.

    Raises NotAllowed, and Refused for a name that is empty or longer than 200 characters.
    """
    require_operator(by, organisation)
    name = details.name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise refuse(
            "wrong-value",
            "An asset needs a name",
            place="name",
            expected=Sentence("1 to {limit} characters", limit=NAME_LENGTH),
        )
    fresh = Asset(
        public_id=new_id(rng),
        organisation_id=organisation,
        name=name,
        kind=details.kind.strip()[:60],
        exposed=details.exposed,
        patched_by=details.patched_by.strip()[:NAME_LENGTH],
        created_at=now,
        updated_at=now,
    )
    Asset.objects.bulk_create([fresh], ignore_conflicts=True)
    asset = Asset.objects.get(organisation_id=organisation, name=name)
    if asset.public_id == fresh.public_id:
        journal.record(at=now, by=by, action="asset.added", subject=asset, concerns=[organisation], rng=rng)
    return asset


@transaction.atomic
def answer_exposed(*, asset: Asset, answer: Exposure, seen: datetime | None = None, by: Actor, now: datetime) -> Asset:
    """Say whether someone we do not trust can reach the asset over a public network. Raises NotAllowed.

    Unknown is an answer, and counts as yes. With `seen`, the `updated_at` it was decided on, raises
    AnsweredMeanwhile where the asset has changed since.
    """
    require_operator(by, asset.organisation_id)
    other = Asset.objects.filter(pk=asset.pk).exclude(exposed=answer)
    changed = (other if seen is None else other.filter(updated_at=seen)).update(exposed=answer, updated_at=now)
    if not changed and seen is not None and other.exists():
        raise AnsweredMeanwhile(str(AnsweredMeanwhile.__doc__))
    if changed:
        facts = {"exposed": answer.value}
        concerns = [asset.organisation_id]
        journal.record(at=now, by=by, action="inventory.answered", subject=asset, concerns=concerns, facts=facts)
    asset.refresh_from_db()
    return asset


@transaction.atomic
def say_who_patches(*, asset: Asset, who: str, by: Actor, now: datetime) -> Asset:
    """Note who installs this asset's updates: a team, a supplier. Raises NotAllowed."""
    require_operator(by, asset.organisation_id)
    who = who.strip()[:NAME_LENGTH]
    if Asset.objects.filter(pk=asset.pk).exclude(patched_by=who).update(patched_by=who, updated_at=now):
        journal.record(at=now, by=by, action="asset.changed", subject=asset, concerns=[asset.organisation_id])
    asset.refresh_from_db()
    return asset


@transaction.atomic
def pick_product(
    *, asset: Asset, product: str, label: str, version: str = "", by: Actor, now: datetime, rng: Dice
) -> PickedProduct:
    """Say that this product is in the asset; picking it again changes its version.

    `product` and `label` are the id the picker answered with, and its vendor and name (or what was
    searched for). Raises NotAllowed, NoSuchProduct.
    """
    require_operator(by, asset.organisation_id)
    choice = products.chosen(product, label)
    if choice is None:
        raise NoSuchProduct(str(NoSuchProduct.__doc__))
    version = version.strip()[:NAME_LENGTH]
    take_turn()  # before any pick is held: a matcher may be about to take back the same one
    before = PickedProduct.objects.filter(asset=asset, product_id=product, unit__isnull=True, line__isnull=True).first()
    if before is None:
        PickedProduct.objects.create(
            public_id=new_id(rng), asset=asset, product_id=product, name=products.label_of(choice), version=version,
            picked_at=now,
        )  # fmt: skip
    elif before.version == version and before.listing_id is None:
        return before
    else:
        PickedProduct.objects.filter(pk=before.pk).update(version=version, listing=None)
    products.match_products([product])
    overlays.settle(asset.organisation_id, now=now)
    journal.record(at=now, by=by, action="inventory.picked", subject=asset, concerns=[asset.organisation_id], rng=rng)
    return PickedProduct.objects.get(asset=asset, product_id=product, unit__isnull=True, line__isnull=True)


@transaction.atomic
def unpick_product(*, asset: Asset, product: str, by: Actor, now: datetime) -> None:
    """Take a picked product off the asset; nothing happens when it is not on it. Raises NotAllowed."""
    require_operator(by, asset.organisation_id)
    if PickedProduct.objects.filter(asset=asset, product_id=product, unit__isnull=True, line__isnull=True).delete()[0]:
        overlays.settle(asset.organisation_id, now=now)
        journal.record(at=now, by=by, action="inventory.picked", subject=asset, concerns=[asset.organisation_id])


def remove_asset(*, asset: Asset, by: Actor, now: datetime) -> None:
    """Take an asset out of service; its lists go with it, and what was done about it stays. Raises NotAllowed."""
    require_operator(by, asset.organisation_id)
    with transaction.atomic():
        Asset.objects.filter(pk=asset.pk).update(listing=None)
        PickedProduct.objects.filter(asset=asset).delete()
        Unit.objects.filter(asset=asset).delete()
        subject = journal.Subject("orgs.organisation", asset.organisation_id)
        concerns, facts = [asset.organisation_id], {"asset": asset.public_id}
        journal.record(at=now, by=by, action="asset.removed", subject=subject, concerns=concerns, facts=facts)
        journal.record(at=now, by=by, action="inventory.matched", subject=subject, concerns=concerns)
    for listing in asset.listings.all():
        listings.remove(listing)
    Asset.objects.filter(pk=asset.pk).delete()
    overlays.settle(asset.organisation_id, now=now)
