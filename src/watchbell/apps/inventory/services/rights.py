"""Who may change an operator's inventory? Its own people who may write, and the node's console on their behalf."""

from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Scope


class NotAllowed(Exception):
    """You may not do this here; ask an owner of your organisation."""


def require_operator(by: Actor, organisation: str) -> None:
    """Raise NotAllowed unless this actor may change this organisation's inventory."""
    if by.kind is ActorKind.SYSTEM:
        return
    is_own = by.organisation == organisation and by.acts_as(OrganisationKind.OPERATOR)
    if not (is_own and by.writes and by.holds(Scope.INVENTORY)):
        raise NotAllowed("Only people of this operator who may write change what it runs.")
