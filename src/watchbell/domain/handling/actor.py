"""Who is doing this, for whom, and with which rights?

An Actor is made by a door (a session, a token, a receipt link, the console) and
handed to every service as `by` and to every query as `viewer`. It carries opaque
public ids only, so that rules and journal entries never need a person's name.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ActorKind(StrEnum):
    """Through which kind of door the deed came."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 a kind of door, not a password
    LINK = "link"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class OrganisationKind(StrEnum):
    """What an organisation does on this node; one organisation may be several."""

    LAB = "lab"
    EVALUATOR = "evaluator"
    COORDINATOR = "coordinator"
    VENDOR = "vendor"
    OPERATOR = "operator"


class Role(StrEnum):
    """What a person may do inside the organisation they act for."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"


class Scope(StrEnum):
    """What a token may be used for; a person who signed in holds every scope."""

    READ = "read"
    SUBMIT = "submit"
    INVENTORY = "inventory"
    COORDINATE = "coordinate"
    REMEDIATE = "remediate"
    ENGAGE = "engage"


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone acting at this moment; every field is an opaque id or a plain right."""

    kind: ActorKind
    person: str | None = None
    organisation: str | None = None
    organisation_kinds: frozenset[OrganisationKind] = frozenset()
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    is_node_admin: bool = False
    authenticated_at: datetime | None = None
    strong: bool = False
    purpose: str = ""
    name: str = ""

    @property
    def writes(self) -> bool:
        """Return whether this actor may change anything of their organisation's."""
        return self.kind is ActorKind.SYSTEM or self.role in (Role.OWNER, Role.MEMBER)

    def acts_as(self, kind: OrganisationKind) -> bool:
        """Return whether the organisation acted for is of this kind."""
        return kind in self.organisation_kinds

    def holds(self, scope: Scope) -> bool:
        """Return whether this use is within the scopes held; people who signed in hold all."""
        return self.kind in (ActorKind.PERSON, ActorKind.SYSTEM) or scope in self.scopes


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)


def system(name: str) -> Actor:
    """Return the actor for deeds the node does by itself or its console does, by name."""
    return Actor(kind=ActorKind.SYSTEM, scopes=frozenset(Scope), strong=True, name=name)
