"""This will let an owner choose how their worklist counts what nobody has published: by the policy, or at its worst."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.journal import services as journal
from watchbell.apps.remediation.models import Desk
from watchbell.apps.remediation.services.deeds import NotAllowed
from watchbell.domain.handling import Actor, OrganisationKind, Role
from watchbell.domain.identity import Dice


@transaction.atomic
def choose_strict(*, organisation: str, strict: bool, by: Actor, now: datetime, rng: Dice) -> bool:
    """Count what is not known at its worst from now on, or by the policy again; return whether that is a change.

    The refresh that the journal's entry starts moves the rows. Raises NotAllowed unless an owner of this operator asks.
    """
    _require_owner(by, organisation)
    Desk.objects.bulk_create([Desk(organisation_id=organisation)], ignore_conflicts=True)
    otherwise = Desk.objects.filter(organisation_id=organisation, strict_since__isnull=strict)
    if not otherwise.update(strict_since=now if strict else None):
        return False
    journal.record(
        at=now,
        by=by,
        action="remediation.strict_chosen" if strict else "remediation.strict_ended",
        subject=journal.Subject("orgs.organisation", organisation),
        concerns=[organisation],
        rng=rng,
    )
    return True


def _require_owner(by: Actor, organisation: str) -> None:
    is_own = by.organisation == organisation and by.acts_as(OrganisationKind.OPERATOR)
    if not (is_own and by.role is Role.OWNER):
        raise NotAllowed("Only an owner of this operator chooses how its worklist counts what is not known.")
