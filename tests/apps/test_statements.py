"""A statement written once says the same as the query that it was written from."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Count
from django.db.transaction import TransactionManagementError
from tests.support.cast import make_cast

from watchbell.apps import statements
from watchbell.apps.orgs.models import Organisation, Person, Token
from watchbell.domain.identity import new_id

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _somebody(db: None) -> None:
    make_cast(NOON)


def tokens_of(people, before):
    rows = Token.objects.filter(person__public_id__in=people, expires_at__lt=before, revoked_at__isnull=True)
    return rows.select_related("person", "organisation").order_by("public_id")


def new_token(number: int) -> Token:
    dice = random.Random(number)
    return Token(
        public_id=new_id(dice),
        person=dice.choice(Person.objects.order_by("pk")),
        organisation=dice.choice(Organisation.objects.order_by("pk")),
        label=f"token {number} 'quoted' % \u00e9",
        secret_digest=dice.randbytes(32),
        scopes=["read", {"deep": [number]}],
        created_at=NOON,
        expires_at=NOON + timedelta(days=number, microseconds=number),
        last_used_at=NOON if number % 2 else None,
        revoked_at=NOON if number % 5 == 0 else None,
    )


def whole(rows):
    fields = Token._meta.concrete_fields
    return [
        [bytes(value) if isinstance(value := getattr(row, one.attname), memoryview) else value for one in fields]
        + [row.person.email, row.organisation.name, row.organisation.closed_at]
        for row in rows
    ]


def label(row: Token) -> str:
    return row.label


def test_a_look_finds_what_its_query_finds_with_whatever_it_is_asked_and_however_often() -> None:
    Token.objects.bulk_create([new_token(number) for number in range(1, 40)])
    people = list(Person.objects.values_list("public_id", flat=True))
    look, dice = statements.Look(tokens_of), random.Random(1)

    for _ in range(30):
        some = tuple(dice.sample(people, dice.randint(1, len(people))))
        before = NOON + timedelta(days=dice.randint(0, 40), microseconds=dice.randint(0, 40))

        found = look(people=some, before=before)

        assert whole(found) == whole(tokens_of(people=some, before=before))
    assert whole(look(people=tuple(people), before=NOON + timedelta(days=99)))


def test_a_look_at_values_gives_tuples() -> None:
    Token.objects.bulk_create([new_token(number) for number in range(1, 20)])
    person = Token.objects.order_by("pk")[0].person_id

    look = statements.Look(
        lambda whose: Token.objects.filter(person=whose).values("person").annotate(n=Count("*")).values_list("n")
    )

    assert look(whose=person) == [(Token.objects.filter(person=person).count(),)]


def test_rows_that_are_written_are_as_the_fields_want_them() -> None:
    rows = [new_token(number) for number in range(1, 9)]

    statements.insert(rows)
    kept = list(Token.objects.order_by("label"))
    statements.update(Token, kept[0].pk, label="other", last_used_at=NOON, scopes=[], secret_digest=b"\0" * 32)
    statements.delete(Token, [kept[1].pk, kept[2].pk])

    assert [whole([one])[0][1:] for one in kept] == [whole([one])[0][1:] for one in sorted(rows, key=label)]
    changed = Token.objects.get(pk=kept[0].pk)
    assert (changed.label, changed.last_used_at, changed.scopes) == ("other", NOON, [])
    assert bytes(changed.secret_digest) == b"\0" * 32
    assert Token.objects.count() == len(rows) - 2


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_alone() -> None:
    look = statements.Look(lambda name: Organisation.objects.select_for_update().filter(public_id=name))
    name = Organisation.objects.order_by("pk")[0].public_id
    with transaction.atomic():
        assert look(name=name)

    with pytest.raises(TransactionManagementError):
        look(name=name)


def test_a_look_that_bends_its_values_is_refused() -> None:
    twice = statements.Look(lambda name: Organisation.objects.filter(public_id=name, name=name))
    bent = statements.Look(lambda name: Organisation.objects.filter(name__icontains=name))

    for look in (twice, bent):
        with pytest.raises(TypeError):
            look(name="a")
