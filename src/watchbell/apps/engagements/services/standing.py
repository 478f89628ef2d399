"""Who is this actor in this engagement, and may it be used at this moment? Every service begins here."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from watchbell.apps.engagements.models import Engagement, ModelVersion
from watchbell.apps.engagements.queries import parties, works_on
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import Scalar
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Role, Scope


class NotAllowed(Exception):
    """You may not do this here; its text says who may."""


class NotYet(Exception):
    """This may happen later, or after something else; its text says what is missing."""


class ChangedMeanwhile(Exception):
    """Somebody wrote a newer version first; read it and decide anew."""


class IsOver(Exception):
    """This engagement has ended, and nothing opens it again."""


def held(engagement: Engagement) -> Engagement:
    """Return the engagement as it is now, locked until the transaction ends: its deeds happen one after another.

    Its model is not locked with it. Who needs both, or rows below it, takes model, engagement, rows: in that order.
    No lock keeps out the look at a key that a foreign key takes when a transaction commits: that comes in no order.
    """
    return Engagement.objects.select_for_update(of=("self",), no_key=True).select_related("model").get(pk=engagement.pk)


def require_rights(by: Actor) -> str:
    """Return the organisation acted for; raises NotAllowed unless this actor may change engagements at all."""
    if not (by.organisation and by.writes and by.strong and by.holds(Scope.ENGAGE)):
        raise NotAllowed("This takes someone who may write, with a second factor, or a token made for engagements.")
    return by.organisation


def require_lab(by: Actor) -> str:
    """Return the developer acted for; raises NotAllowed for anyone but a lab."""
    organisation = require_rights(by)
    if not by.acts_as(OrganisationKind.LAB):
        raise NotAllowed("Only the developer of a model does this.")
    return organisation


def require_owner(model: ModelVersion, by: Actor) -> None:
    """Raise NotAllowed for anyone but the developer whose model this is."""
    if require_lab(by) != model.organisation:
        raise NotAllowed("Only the developer of a model does this.")


def require_developer(engagement: Engagement, by: Actor) -> None:
    """Raise NotAllowed for anyone but the engagement's developer."""
    if require_lab(by) != engagement.developer:
        raise NotAllowed("Only the developer of this engagement does this.")


def require_evaluator(engagement: Engagement, by: Actor) -> None:
    """Raise NotAllowed for anyone but the evaluator's owners, and its people with a seat here."""
    require_rights(by)
    if not works_on(engagement, by):
        raise NotAllowed("Only the evaluator of this engagement does this.")


def require_open(engagement: Engagement) -> None:
    """Raise IsOver for an engagement that has ended."""
    if not engagement.stands.is_open:
        raise IsOver(str(IsOver.__doc__))


def moment(engagement: Engagement, now: datetime) -> datetime:
    """Return now, or the latest moment this engagement has seen: a clock set back opens nothing again.

    In UTC: what is counted from a moment of another zone would follow that zone's change of clocks.
    """
    return max(now, engagement.seen_at or now).astimezone(UTC)


def window_is_open(engagement: Engagement, now: datetime) -> bool:
    """Return whether state and window let anyone in at this moment; the key is asked separately, by using it."""
    at = moment(engagement, now)
    start, end = engagement.starts_at, engagement.ends_at
    return engagement.stands.lets_in and start is not None and end is not None and start <= at < end


def working_for(organisation: str, people: Iterable[str]) -> set[str]:
    """Return those of these people who may do an organisation's work; they may until the transaction ends."""
    return {person for person, role in orgs.roles_in(organisation, people).items() if role is not Role.READER}


def record(
    action: str,
    engagement: Engagement,
    *,
    by: Actor,
    now: datetime,
    only: Iterable[str] | None = None,
    digests: Mapping[str, str] | None = None,
    **facts: Scalar,
) -> None:
    """Write the deed's entry for both parties, or for these organisations only.

    An entry always concerns the organisation it is done for. So what is said of somebody to others only is not.
    """
    concerns = parties(engagement) if only is None else list(only)
    acted = Actor(kind=ActorKind.SYSTEM, name=by.name) if by.kind is ActorKind.SYSTEM else by
    if only is not None and by.organisation not in concerns:
        acted = replace(acted, organisation=None)
    journal.record(at=now, by=acted, action=action, subject=engagement, concerns=concerns, digests=digests, facts=facts)
