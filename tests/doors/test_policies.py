"""A policy admits exactly whom its name says, for every kind of actor there is."""

import itertools

import pytest

from watchbell.domain.handling import ANONYMOUS, Actor, ActorKind, OrganisationKind, Role, system
from watchbell.doors import policy

DECLARED = [value for value in vars(policy).values() if isinstance(value, policy.Policy)]
PEOPLE = [
    Actor(kind=kind, person="p", organisation="o", organisation_kinds=frozenset({of}), role=role, strong=strong)
    for kind, of, role, strong in itertools.product(
        (ActorKind.PERSON, ActorKind.TOKEN), OrganisationKind, Role, (True, False)
    )
]


@pytest.mark.parametrize("declared", [one for one in DECLARED if one is not policy.PUBLIC], ids=lambda one: one.name)
def test_nobody_without_a_name_passes_any_door_but_the_public_one(declared: policy.Policy) -> None:
    assert not declared.admits(ANONYMOUS)
    assert not declared.admits(Actor(kind=ActorKind.LINK, person="p"))
    assert not declared.admits(system("console"))


@pytest.mark.parametrize("declared", DECLARED, ids=lambda one: one.name)
def test_a_door_for_writers_admits_no_reader(declared: policy.Policy) -> None:
    admitted = [actor for actor in PEOPLE if declared.admits(actor)]

    if declared.writes:
        assert all(actor.role is not Role.READER for actor in admitted)
    if declared.kinds:
        assert all(actor.organisation_kinds & declared.kinds for actor in admitted)
    if declared not in (policy.PUBLIC, policy.SIGNED_IN, policy.FACTORS):  # the first factor is set up without one
        assert all(actor.strong for actor in admitted)


def test_administering_a_node_opens_no_door_to_content() -> None:
    admin = Actor(kind=ActorKind.PERSON, person="a", is_node_admin=True, strong=True)

    admitting = {one.name for one in DECLARED if one.admits(admin)}

    own = (policy.PUBLIC, policy.SIGNED_IN, policy.FACTORS, policy.STRONG, policy.NODE_ADMIN)
    assert admitting == {one.name for one in own}


def test_a_view_that_declares_nothing_has_no_policy() -> None:
    assert policy.policy_of(lambda request: None, "somewhere_new") is None
