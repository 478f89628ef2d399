"""Owners take an invitation back and decide whether counts are shared; nobody does it for another organisation."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in

from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import queries
from watchbell.apps.orgs.models import Invitation
from watchbell.web import invitations


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


def invited(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> tuple[Invitation, str]:
    """Return an invitation of the hospital's and the link its guest got."""
    links: list[str] = []
    monkeypatch.setattr(invitations, "deliver", lambda email, link: links.append(link) or link)
    signed_in(cast.hospital.person).post(reverse("invite"), {"email": "new@hospital.example", "role": "member"})
    return Invitation.objects.get(email="new@hospital.example"), links[0]


def test_a_withdrawn_invitation_opens_nothing_any_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation, link = invited(cast, monkeypatch)
    guest, path = Client(headers={"accept": "text/html"}), "/join/" + link.partition("/join/")[2]
    before = guest.get(path).status_code

    answer = signed_in(cast.hospital.person).post(reverse("withdraw_invitation", args=[invitation.public_id]))

    assert (before, guest.get(path).status_code) == (HTTPStatus.OK, HTTPStatus.GONE)
    assert answer.headers["Location"] == reverse("members")
    assert not queries.open_invitations(cast.hospital.actor, now=NOON).exists()
    entry = Entry.objects.get(action="invitation.withdrawn")
    assert (entry.actor_id, entry.organisation_id) == (cast.hospital.actor.person, cast.hospital.actor.organisation)


def test_an_invitation_is_withdrawn_by_owners_of_its_own_organisation_only(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation, _link = invited(cast, monkeypatch)
    path = reverse("withdraw_invitation", args=[invitation.public_id])

    statuses = [signed_in(person).post(path).status_code for person in (cast.bank.person, cast.reader_person)]

    assert statuses == [HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN]
    assert signed_in(cast.hospital.person).get(path).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert queries.open_invitations(cast.hospital.actor, now=NOON).get() == invitation


def test_counts_are_shared_and_not_shared_as_the_owner_says_and_each_time_it_is_on_record(cast: Cast) -> None:
    owner, path = signed_in(cast.hospital.person), reverse("share_counts")
    said = []

    for answers in ({"share": "yes"}, {}):
        owner.post(path, answers)
        cast.hospital.organisation.refresh_from_db()
        said.append(cast.hospital.organisation.shares_counts)

    cast.bank.organisation.refresh_from_db()
    assert said == [True, False]
    assert not cast.bank.organisation.shares_counts
    assert signed_in(cast.reader_person).post(path, {"share": "yes"}).status_code == HTTPStatus.FORBIDDEN
    deeds = Entry.objects.filter(action="organisation.shares_counts").order_by("pk")
    assert [one.subject_id for one in deeds] == [cast.hospital.organisation.public_id] * 2
