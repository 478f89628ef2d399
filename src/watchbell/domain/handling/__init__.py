"""Who acts, how far may a thing travel, and who may learn which fact when?"""

from watchbell.domain.handling.actor import ANONYMOUS, Actor, ActorKind, OrganisationKind, Role, Scope, system
from watchbell.domain.handling.tlp import Tlp, Viewer, lowest_marking_kept, may_see

__all__ = [
    "ANONYMOUS",
    "Actor",
    "ActorKind",
    "OrganisationKind",
    "Role",
    "Scope",
    "Tlp",
    "Viewer",
    "lowest_marking_kept",
    "may_see",
    "system",
]
