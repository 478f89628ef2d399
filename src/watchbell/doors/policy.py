"""Who may come through this door? Every view declares it; a view that declares nothing stays shut.

The route census in the tests walks every address and fails on one without a policy. The
middleware below enforces the declaration before the view runs, so forgetting a check
inside a view cannot open it. What a person may *see* is a second question, answered by
the rooms' queries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Role

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "watchbell_policy"
KEEPS = "watchbell_keeps"
Keep = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Policy:
    """What an actor needs to pass one door.

    `guards_sign_in` is for pages that change how somebody signs in: open without a second
    factor only as long as the person has none, so that the first one can be set up.
    `confirmed` is for deeds that bind an organisation: looking at the page is open, and whoever
    sends its form has shown their second factor within the last minutes.
    """

    name: str
    signed_in: bool = False
    strong: bool = False
    node_admin: bool = False
    kinds: frozenset[OrganisationKind] = frozenset()
    writes: bool = False
    owns: bool = False
    guards_sign_in: bool = False
    confirmed: bool = False

    def admits(self, actor: Actor) -> bool:
        """Return whether this actor may pass."""
        if self.signed_in and actor.kind not in (ActorKind.PERSON, ActorKind.TOKEN):
            return False
        if self.strong and not actor.strong:
            return False
        if self.node_admin and not actor.is_node_admin:
            return False
        if self.kinds and not (self.kinds & actor.organisation_kinds):
            return False
        if self.owns and actor.role is not Role.OWNER:
            return False
        return actor.writes or not self.writes


def _members(
    name: str, *kinds: OrganisationKind, writes: bool = False, owns: bool = False, confirmed: bool = False
) -> Policy:
    return Policy(
        name, signed_in=True, strong=True, kinds=frozenset(kinds), writes=writes, owns=owns, confirmed=confirmed
    )


PUBLIC = Policy("anyone")
SIGNED_IN = Policy("anyone signed in, with or without a second factor yet", signed_in=True)
FACTORS = Policy("anyone signed in, with their second factor once they have one", signed_in=True, guards_sign_in=True)
STRONG = Policy("anyone signed in with a second factor", signed_in=True, strong=True)
NODE_ADMIN = Policy("node administrators", signed_in=True, strong=True, node_admin=True)
OWNER = _members("owners of the organisation acted for", owns=True)
OPERATOR = _members("members of an operator", OrganisationKind.OPERATOR)
OPERATOR_WRITES = _members("members of an operator who may write", OrganisationKind.OPERATOR, writes=True)
OPERATOR_OWNS = _members("owners of an operator", OrganisationKind.OPERATOR, owns=True)
COORDINATOR = _members("members of a coordinator", OrganisationKind.COORDINATOR)
COORDINATOR_WRITES = _members("coordinators who may write", OrganisationKind.COORDINATOR, writes=True)
CASE_PARTY = _members(
    "members of a coordinator, vendor or lab",
    OrganisationKind.COORDINATOR,
    OrganisationKind.VENDOR,
    OrganisationKind.LAB,
)
CASE_PARTY_WRITES = _members(
    "members of a coordinator, vendor or lab who may write",
    OrganisationKind.COORDINATOR,
    OrganisationKind.VENDOR,
    OrganisationKind.LAB,
    writes=True,
)
SUBMITTER_WRITES = _members("members of any organisation who may write", writes=True)
LAB = _members("members of a lab", OrganisationKind.LAB)
LAB_WRITES = _members("members of a lab who may write", OrganisationKind.LAB, writes=True)
EVALUATOR = _members("members of an evaluator", OrganisationKind.EVALUATOR)
EVALUATOR_OWNS = _members("owners of an evaluator", OrganisationKind.EVALUATOR, owns=True)
EVALUATOR_WRITES = _members("members of an evaluator who may write", OrganisationKind.EVALUATOR, writes=True)
_TWO_SIDES = (OrganisationKind.LAB, OrganisationKind.EVALUATOR)
EARLY_ACCESS = _members("members of a lab or an evaluator", *_TWO_SIDES)
EARLY_ACCESS_WRITES = _members("members of a lab or an evaluator who may write", *_TWO_SIDES, writes=True)
EARLY_ACCESS_SIGNS = _members(
    "members of a lab or an evaluator who may write and just showed their second factor",
    *_TWO_SIDES,
    writes=True,
    confirmed=True,
)
EARLY_ACCESS_OWNS = _members(
    "owners of a lab or an evaluator who just showed their second factor", *_TWO_SIDES, owns=True, confirmed=True
)

# Views that others wrote (django-allauth), by view name; those not listed stay shut.
BORROWED: dict[str, Policy] = {
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_change_password": FACTORS,
    "account_reauthenticate": SIGNED_IN,
    "mfa_authenticate": PUBLIC,
    "mfa_trust": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    "mfa_index": FACTORS,
    "mfa_activate_totp": FACTORS,
    "mfa_deactivate_totp": FACTORS,
    "mfa_generate_recovery_codes": FACTORS,
    "mfa_view_recovery_codes": FACTORS,
    "mfa_download_recovery_codes": FACTORS,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_list_webauthn": FACTORS,
    "mfa_add_webauthn": FACTORS,
    "mfa_edit_webauthn": FACTORS,
    "mfa_remove_webauthn": FACTORS,
}


def open_to(policy: Policy, *, keep: Keep | None = None) -> Callable[[View], View]:
    """Return a decorator that declares who may come through this view's door.

    `keep` saves what was sent when somebody first has to show their second factor once more.
    """

    def declare(view: View) -> View:
        setattr(view, ATTRIBUTE, policy)
        setattr(view, KEEPS, keep)
        return view

    return declare


def keeper_of(view: Callable[..., Any]) -> Keep | None:
    """Return what saves what was sent to this view, if anything does."""
    keep: Keep | None = getattr(view, KEEPS, None)
    return keep


def policy_of(view: Callable[..., Any], view_name: str | None) -> Policy | None:
    """Return the policy a view declares, or None: then nobody may pass."""
    declared = getattr(view, ATTRIBUTE, None)
    if isinstance(declared, Policy):
        return declared
    if (view_name or "").startswith("api:"):
        return PUBLIC  # each operation has a door of its own, which the census checks too
    return BORROWED.get(view_name or "")
