"""Does a marking only ever cap, and does an actor hold no right that nobody gave?"""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.handling import (
    ANONYMOUS,
    Actor,
    ActorKind,
    OrganisationKind,
    Role,
    Scope,
    Tlp,
    Viewer,
    lowest_marking_kept,
    may_see,
    system,
)
from watchbell.domain.handling.tlp import PUBLIC_INTAKE, UNMARKED

VIEWERS = st.builds(Viewer, st.booleans(), st.booleans(), st.booleans(), st.booleans())
NAMED = Viewer(is_named=True)
MEMBER = Viewer(in_recipient_organisation=True)
CLIENT = Viewer(is_client_of_recipient=True)
COMMUNITY = Viewer(in_shared_community=True)
NOBODY = Viewer()


@pytest.mark.parametrize(
    ("marking", "seen_by"),
    [
        (Tlp.RED, [NAMED]),
        (Tlp.AMBER_STRICT, [NAMED, MEMBER]),
        (Tlp.AMBER, [NAMED, MEMBER, CLIENT]),
        (Tlp.GREEN, [NAMED, MEMBER, CLIENT, COMMUNITY]),
        (Tlp.CLEAR, [NAMED, MEMBER, CLIENT, COMMUNITY, NOBODY]),
    ],
)
def test_each_label_reaches_exactly_the_people_it_names(marking, seen_by):
    assert [viewer for viewer in (NAMED, MEMBER, CLIENT, COMMUNITY, NOBODY) if may_see(marking, viewer)] == seen_by


@given(VIEWERS)
def test_who_may_see_a_stricter_label_may_see_every_wider_one(viewer):
    seen = [may_see(marking, viewer) for marking in sorted(Tlp)]

    assert seen == sorted(seen, reverse=True)


@given(VIEWERS, st.sampled_from(Tlp), st.sampled_from(["is_named", "in_recipient_organisation"]))
def test_standing_nearer_to_an_object_never_hides_it(viewer, marking, nearer):
    facts = {name: getattr(viewer, name) for name in Viewer.__slots__} | {nearer: True}

    assert may_see(marking, Viewer(**facts)) or not may_see(marking, viewer)


@given(st.lists(st.sampled_from(Tlp)))
def test_something_made_of_parts_is_never_marked_lower_than_any_of_them(parts):
    marking = lowest_marking_kept(parts)

    assert all(marking >= part for part in parts)
    assert marking in parts or (not parts and marking is UNMARKED)


def test_what_nobody_marked_stays_inside_the_organisations_that_received_it():
    assert UNMARKED is Tlp.AMBER_STRICT
    assert PUBLIC_INTAKE is Tlp.AMBER


@pytest.mark.parametrize("marking", Tlp)
def test_a_label_reads_back_as_itself_in_any_of_its_spellings(marking):
    bare = marking.label.removeprefix("TLP:")

    for text in (marking.label, bare, bare.lower(), f"  {marking.label} ", bare.replace("+", "_"), marking.name):
        assert Tlp.from_label(text) is marking


def test_the_older_word_white_means_clear():
    assert Tlp.from_label("TLP:WHITE") is Tlp.CLEAR


@pytest.mark.parametrize("text", ["", "PURPLE", "TLP:", "RED RED", "AMBER++STRICT", "0", "x" * 10_000])
def test_an_unknown_label_is_refused_in_a_few_words_that_list_the_known_ones(text):
    with pytest.raises(ValueError, match=r"use one of TLP:CLEAR, TLP:GREEN, .*TLP:AMBER\+STRICT, TLP:RED") as refusal:
        Tlp.from_label(text)

    assert len(str(refusal.value)) < 200


@given(st.text(max_size=30))
def test_no_text_is_ever_read_as_a_wider_label_than_it_spells(text):
    try:
        marking = Tlp.from_label(text)
    except ValueError:
        return

    assert marking.name.replace("_", "") in "".join(filter(str.isalpha, text.upper().replace("WHITE", "CLEAR")))


def test_nobody_in_particular_has_no_right_at_all():
    assert not ANONYMOUS.writes
    assert not any(ANONYMOUS.holds(scope) for scope in Scope)
    assert not any(ANONYMOUS.acts_as(kind) for kind in OrganisationKind)
    assert not ANONYMOUS.strong
    assert not ANONYMOUS.is_node_admin


@pytest.mark.parametrize(("kind", "role"), list(product(ActorKind, [None, *Role])))
def test_readers_and_strangers_change_nothing(kind, role):
    actor = Actor(kind=kind, role=role)

    assert actor.writes is (kind is ActorKind.SYSTEM or role in (Role.OWNER, Role.MEMBER))


@given(st.frozensets(st.sampled_from(Scope)), st.sampled_from([ActorKind.TOKEN, ActorKind.LINK]))
def test_a_token_or_link_holds_the_scopes_it_was_given_and_no_other(scopes, kind):
    actor = Actor(kind=kind, role=Role.OWNER, scopes=scopes)

    assert {scope for scope in Scope if actor.holds(scope)} == scopes


def test_a_person_who_signed_in_is_not_limited_by_scopes():
    assert all(Actor(kind=ActorKind.PERSON).holds(scope) for scope in Scope)


def test_the_console_acts_by_name_with_every_right():
    console = system("console")

    assert console.writes
    assert console.strong
    assert console.name == "console"
    assert all(console.holds(scope) for scope in Scope)


def test_an_actor_cannot_be_changed_after_the_door_made_it():
    with pytest.raises(AttributeError):
        ANONYMOUS.is_node_admin = True
