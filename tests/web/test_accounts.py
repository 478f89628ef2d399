"""Joining, choosing, inviting, changing roles, tokens: each deed by the one who may, refused to everyone else."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in

from watchbell.apps.orgs import queries, services
from watchbell.domain.handling import Role
from watchbell.web import invitations

PASSWORD = "a long enough sentence"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def link_in(answer: Any) -> str:
    found = re.search(r"http://localhost:8000(/join/[^<\s]+)", text_of(answer))
    assert found is not None
    return found.group(1).replace("&amp;", "&")


def test_a_person_without_a_second_factor_is_led_to_set_one_up(cast: Cast) -> None:
    client = signed_in(cast.hospital.person, strong=False)

    answer = client.get(reverse("members"))

    assert answer.headers["Location"] == reverse("mfa_index")
    assert "Next: add a second factor" in text_of(client.get(reverse("mfa_index")))


def test_a_stranger_is_asked_to_sign_in_and_comes_back_afterwards(db: None) -> None:
    answer = Client().get(reverse("tokens"))

    assert answer.headers["Location"] == "/account/sign-in/?next=%2Forganisation%2Ftokens%2F"


def test_an_invited_colleague_joins_once_and_the_link_is_dead_afterwards(cast: Cast) -> None:
    owner, guest = signed_in(cast.hospital.person), Client(headers={"accept": "text/html"})
    link = link_in(owner.post(reverse("invite"), {"email": "new@hospital.example", "role": "reader"}))

    shown = guest.get(link)
    joined = guest.post(link, {"display_name": "Nia New", "password": PASSWORD, "again": PASSWORD})
    again = guest.get(link)

    assert "Join Valley Hospital" in text_of(shown)
    assert joined.headers["Location"] == reverse("account_login")
    assert again.status_code == HTTPStatus.GONE
    assert ("new@hospital.example", "reader") in queries.members_of(cast.hospital.actor, now=NOON).values_list(
        "person__email", "role"
    )


def test_a_wrong_key_and_a_wrong_invitation_are_refused_alike(cast: Cast) -> None:
    owner, guest = signed_in(cast.hospital.person), Client(headers={"accept": "text/html"})
    link = link_in(owner.post(reverse("invite"), {"email": "new@hospital.example", "role": "member"}))

    wrong_key = guest.get(link.split("?")[0] + "?key=0000")
    unknown = guest.get(reverse("join", args=["0" * 32]) + "?key=0000")

    assert (wrong_key.status_code, unknown.status_code) == (HTTPStatus.GONE, HTTPStatus.GONE)
    assert "does not open any more" in text_of(wrong_key)


@pytest.mark.parametrize(
    ("password", "again", "complaint"),
    [
        ("short", "short", "too short"),
        ("password1234", "password1234", "too common"),
        (PASSWORD, "something else", "differ"),
    ],
)
def test_a_bad_first_password_is_refused_with_its_reason_and_the_link_stays_good(
    cast: Cast, password: str, again: str, complaint: str
) -> None:
    owner, guest = signed_in(cast.hospital.person), Client(headers={"accept": "text/html"})
    link = link_in(owner.post(reverse("invite"), {"email": "new@hospital.example", "role": "member"}))

    answer = guest.post(link, {"display_name": "Nia New", "password": password, "again": again})

    assert complaint in text_of(answer)
    assert 'value="Nia New"' in text_of(answer)
    assert guest.get(link).status_code == HTTPStatus.OK


def test_someone_with_an_account_joins_with_one_click_and_keeps_the_password(cast: Cast) -> None:
    owner = signed_in(cast.hospital.person)
    link = link_in(owner.post(reverse("invite"), {"email": cast.mallory_person.email.upper(), "role": "member"}))
    mallory = signed_in(cast.mallory_person)

    answer = mallory.post(link)

    assert answer.headers["Location"] == reverse("home")
    assert [one.name for one in queries.organisations_of(cast.mallory_person.public_id)] == ["Valley Hospital"]


def test_the_link_of_an_invitation_keeps_its_secret_out_of_the_path(db: None) -> None:
    address = invitations.link("0" * 32, "the-secret")

    assert "the-secret" not in address.split("?")[0]


def test_a_changed_role_counts_from_the_next_click(cast: Cast) -> None:
    owner, reader = signed_in(cast.hospital.person), signed_in(cast.reader_person)
    before = reader.get(reverse("members"))

    owner.post(reverse("member", args=[cast.reader_person.public_id]), {"role": "owner"})

    assert before.status_code == HTTPStatus.FORBIDDEN
    assert reader.get(reverse("members")).status_code == HTTPStatus.OK


def test_a_removed_member_loses_access_with_the_next_click(cast: Cast) -> None:
    owner, reader = signed_in(cast.hospital.person), signed_in(cast.reader_person)

    owner.post(reverse("remove_member", args=[cast.reader_person.public_id]))

    assert "You act for" not in text_of(reader.get(reverse("home")))


def test_the_last_owner_can_neither_leave_nor_step_down(cast: Cast) -> None:
    owner, person = signed_in(cast.hospital.person), cast.hospital.person.public_id

    stepped_down = owner.post(reverse("member", args=[person]), {"role": "reader"})
    left = owner.post(reverse("remove_member", args=[person]), follow=True)

    assert "last owner" in text_of(stepped_down)
    assert "last owner" in text_of(left)
    assert owner.get(reverse("members")).status_code == HTTPStatus.OK


def test_an_owner_cannot_reach_the_members_of_another_organisation(cast: Cast) -> None:
    hospital = signed_in(cast.hospital.person)

    other = hospital.get(reverse("member", args=[cast.bank.person.public_id]))
    nobody = hospital.get(reverse("member", args=["0" * 32]))

    assert (other.status_code, nobody.status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND)


def test_a_token_is_shown_once_works_and_stops_when_it_is_ended(cast: Cast) -> None:
    owner = signed_in(cast.hospital.person)
    made = owner.post(reverse("mint_token"), {"label": "CI", "scopes": ["submit"], "days": 30})
    found = re.search(r"wb_[0-9a-f]{32}_[0-9a-f]+", text_of(made))
    assert found is not None
    actor = queries.actor_for_token(found.group(), now=NOON)
    token = queries.tokens_of(cast.hospital.actor, now=NOON).get()

    owner.post(reverse("revoke_token", args=[token.public_id]))

    assert actor is not None
    assert queries.actor_for_token(found.group(), now=NOON) is None
    assert found.group() not in text_of(owner.get(reverse("tokens")))


def test_nobody_can_end_another_organisations_token(cast: Cast) -> None:
    signed_in(cast.bank.person).post(reverse("mint_token"), {"label": "CI", "scopes": ["submit"], "days": 30})
    token = queries.tokens_of(cast.bank.actor, now=NOON).get()

    answer = signed_in(cast.hospital.person).post(reverse("revoke_token", args=[token.public_id]))

    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_answers_survive_an_error_in_a_form(cast: Cast) -> None:
    answer = signed_in(cast.hospital.person).post(reverse("mint_token"), {"label": "Nightly upload", "days": 400})

    assert 'value="Nightly upload"' in text_of(answer)
    assert 'href="#id_days"' in text_of(answer)
    assert 'aria-describedby="id_days-help id_days-error"' in text_of(answer)


def test_an_administrator_sets_up_an_organisation_and_invites_its_owner(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)
    details = {"name": "River Cooperative", "kinds": ["operator"], "sector": "Energy", "time_zone": "America/Denver"}

    made = admin.post(reverse("create_organisation"), details)
    invited = admin.post(made.headers["Location"], {"email": "owner@river.example"})

    assert "Until then nobody can act for it" in text_of(admin.get(made.headers["Location"]))
    assert "Join River Cooperative" in text_of(Client().get(link_in(invited)))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "valley hospital"}, "This name is taken"),
        ({"time_zone": "Mars/Olympus"}, "No time zone has this name"),
    ],
)
def test_a_taken_name_and_an_unknown_zone_are_refused_under_their_field(
    cast: Cast, changed: dict[str, str], complaint: str
) -> None:
    details = {"name": "River", "kinds": ["operator"], "time_zone": "UTC", **changed}

    answer = signed_in(cast.admin_person).post(reverse("create_organisation"), details)

    assert complaint in text_of(answer)


def test_nobody_but_an_administrator_sees_who_takes_part(cast: Cast) -> None:
    statuses = {
        name: signed_in(person).get(reverse("organisations")).status_code for name, person in cast.people.items()
    }

    assert {name for name, status in statuses.items() if status == HTTPStatus.OK} == {"admin"}


def test_a_person_of_two_organisations_acts_for_the_one_they_choose(cast: Cast) -> None:
    person = cast.hospital.person
    services.add_member(person, cast.bank.organisation, Role.READER, by=cast.admin, now=NOON)
    client = signed_in(person)

    client.post(reverse("choose_organisation"), {"organisation": cast.bank.organisation.public_id})
    at_the_bank = text_of(client.get(reverse("home")))
    client.post(reverse("choose_organisation"), {"organisation": cast.hospital.organisation.public_id})

    assert "You act for Mill Street Bank" in at_the_bank
    assert "You act for Valley Hospital" in text_of(client.get(reverse("home")))


def test_nobody_can_choose_an_organisation_they_do_not_belong_to(cast: Cast) -> None:
    client = signed_in(cast.hospital.person)

    answer = client.post(reverse("choose_organisation"), {"organisation": cast.bank.organisation.public_id})

    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_an_unknown_address_and_a_known_one_get_the_same_answer_when_the_password_is_forgotten(cast: Cast) -> None:
    known = Client().post(reverse("account_reset_password"), {"email": cast.hospital.person.email}, follow=True)
    unknown = Client().post(reverse("account_reset_password"), {"email": "who@nowhere.example"}, follow=True)

    def masked(answer: Any) -> str:
        return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"', "", text_of(answer))

    assert known.status_code == unknown.status_code == HTTPStatus.OK
    assert masked(known) == masked(unknown)


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_set_password"])
def test_pages_that_are_not_ours_lead_nowhere(cast: Cast, name: str) -> None:
    assert signed_in(cast.hospital.person).get(reverse(name)).status_code == HTTPStatus.NOT_FOUND


def test_the_rail_holds_at_most_seven_entries_for_anyone(cast: Cast) -> None:
    from watchbell.web import rail

    for actor in (cast.lab.actor, cast.hospital.actor, cast.coordinator.actor, cast.vendor.actor, cast.admin):
        assert 0 < len([entry for entry in rail.ENTRIES if entry.policy.admits(actor)]) <= rail.AT_MOST


def test_names_that_look_like_markup_are_shown_as_text(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)
    details = {"name": "<script>alert(1)</script>", "kinds": ["operator"], "time_zone": "UTC"}

    made = admin.post(reverse("create_organisation"), details, follow=True)

    assert "<script>alert" not in text_of(made)
    assert "&lt;script&gt;alert" in text_of(made)
