"""A node administrator takes somebody's name out of the node, by a page that says what stays; nobody else can."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in

from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs.models import Membership, Person

READER = "reader@hospital.example"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


def typed(client: Client, person: Person, words: str) -> tuple[int, str]:
    answer = client.post(reverse("erase_person", args=[person.public_id]), {"typed": words})
    return answer.status_code, answer.content.decode()


def test_an_account_is_found_by_its_address_and_erased_when_the_address_is_typed(cast: Cast) -> None:
    admin, reader = signed_in(cast.admin_person), signed_in(cast.reader_person)
    found = admin.post(reverse("find_person"), {"email": READER.upper()}).headers["Location"]
    page = admin.get(found).content.decode()

    status, _ = typed(admin, cast.reader_person, READER)

    person = Person.objects.get(pk=cast.reader_person.pk)
    entry = Entry.objects.get(action="person.erased")
    assert found == reverse("erase_person", args=[person.public_id])
    assert "Valley Hospital" in page
    assert "opaque id" in page
    assert status == HTTPStatus.FOUND
    assert READER not in f"{person.email}{person.display_name}"
    assert not Membership.objects.filter(person=person).exists()
    assert (entry.actor_id, entry.subject_id) == (cast.admin_person.public_id, person.public_id)
    assert reader.get(reverse("tokens")).status_code == HTTPStatus.FOUND
    assert admin.get(found).status_code == HTTPStatus.NOT_FOUND
    assert "erased already" in admin.post(reverse("find_person"), {"email": READER}).content.decode()


def test_another_address_the_last_owner_and_ones_own_account_are_not_erased_and_the_page_says_why(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)

    mistyped = typed(admin, cast.reader_person, "raeder@hospital.example")
    last = typed(admin, cast.hospital.person, cast.hospital.person.email)
    own = typed(admin, cast.admin_person, cast.admin_person.email)

    assert "nothing was changed" in mistyped[1]
    assert "last owner" in last[1]
    assert "your own account" in own[1]
    assert not Person.objects.filter(erased_at__isnull=False).exists()
    assert not Entry.objects.filter(action="person.erased").exists()


def test_nobody_but_a_node_administrator_with_a_second_factor_erases_anyone(cast: Cast) -> None:
    clients = [signed_in(person) for name, person in cast.people.items() if name != "admin"]
    clients.append(signed_in(cast.admin_person, strong=False))

    for client in clients:
        typed(client, cast.reader_person, READER)

    assert not Person.objects.filter(erased_at__isnull=False).exists()
