"""The cast that is put back by its rows is the cast that the services made."""

import random
from typing import Any

import pytest
from django.db import transaction
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast, make_cast

from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services
from watchbell.apps.orgs.models import Membership, Organisation, Person

pytestmark = pytest.mark.django_db
MODELS = (Person, Organisation, Membership, Entry)


def made(dice: random.Random) -> tuple[Cast, list[Any], int]:
    """Make the cast, look at every row there is and at the dice, and undo it."""
    with transaction.atomic():
        cast = make_cast(NOON, dice)
        found = [list(model.objects.order_by("pk").values()) for model in MODELS]
        transaction.set_rollback(True)
    return cast, found, dice.getrandbits(64)


def test_the_same_rows_are_there_and_the_dice_stand_where_they_stood() -> None:
    first, rows, dice = made(random.Random(5))

    again, rows_again, dice_again = made(random.Random(5))

    assert all(rows)
    assert (rows_again, dice_again) == (rows, dice)
    assert again == first
    assert again.lab.person is not first.lab.person


def test_what_comes_after_it_finds_its_place() -> None:
    made(random.Random(5))
    cast = make_cast(NOON, random.Random(5))

    person = services.create_person("new@hospital.example", by=CONSOLE, now=NOON, rng=random.Random(6))

    assert person.pk > max(one.pk for one in cast.people.values())


def test_where_somebody_is_already_the_services_are_asked() -> None:
    made(random.Random(5))
    services.create_person("early@hospital.example", by=CONSOLE, now=NOON, rng=random.Random(6))

    cast = make_cast(NOON, random.Random(5))

    assert Person.objects.count() == 1 + len(cast.people)
