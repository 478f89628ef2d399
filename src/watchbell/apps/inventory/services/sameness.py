"""This will take what people say to "Is this the same thing?": remembered for every machine of the type, reversible."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.inventory.models import PickedProduct, Sameness, Unit
from watchbell.apps.inventory.services import picking, products
from watchbell.apps.inventory.services.assets import AnsweredMeanwhile
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.inventory.services.turns import take_turn
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.matching.equipment.answers import Answer

TAKEN_BACK = "taken-back"


@transaction.atomic
def answer_same(
    *, question: Sameness, answer: Answer | None, seen: datetime | None = None, by: Actor, now: datetime, rng: Dice
) -> Sameness:
    """Say whether this type of machine is this product; None takes an answer back, so that it is asked again.

    With `seen`, the `updated_at` it was decided on, raises AnsweredMeanwhile where somebody answered since.
    Raises NotAllowed.
    """
    require_operator(by, question.organisation_id)
    take_turn()
    says = answer.value if answer else ""
    other = Sameness.objects.filter(pk=question.pk).exclude(says=says)
    open_to_it = other if seen is None else other.filter(updated_at=seen)
    changed = open_to_it.update(
        says=says,
        answered_by=by.person or by.name if answer else "",
        answered_at=now if answer else None,
        updated_at=now,
    )
    if not changed and seen is not None and other.exists():
        raise AnsweredMeanwhile(str(AnsweredMeanwhile.__doc__))
    question.refresh_from_db()
    if changed:
        _follow(question, now=now, rng=rng)
        subject = journal.Subject("orgs.organisation", question.organisation_id)
        facts = {"question": question.public_id, "answer": says or TAKEN_BACK}
        concerns = [question.organisation_id]
        journal.record(
            at=now, by=by, action="inventory.answered_same", subject=subject, concerns=concerns, facts=facts, rng=rng
        )
    return question


def _follow(question: Sameness, *, now: datetime, rng: Dice) -> None:
    """This will bring every machine of the type up to date; what a table picked by its name goes with a no."""
    of_type = Unit.objects.filter(
        machine__organisation_id=question.organisation_id, machine__type_key=question.type_key
    )
    if question.says == Answer.NO:
        by_name = PickedProduct.objects.filter(product_id=question.product_id, listing__isnull=False)
        picked = by_name.filter(asset__in=of_type.values("asset"))
        assets = list(picked.values_list("asset_id", flat=True))
        picked.delete()
        Unit.objects.filter(pk__in=of_type.values("pk"), asset__in=assets).update(is_listed=False)
    products.match_products(picking.settle(list(of_type.order_by("pk")), now=now, rng=rng))
