"""Does the record take every deed, once, in order, and nothing else?"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from watchbell.apps.journal import queries
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import crowd_of
from watchbell.apps.journal.models import Entry, EntryConcern, HandlerCursor, Seal, StoredReply, TreeHead, Unsealed
from watchbell.apps.journal.services.heads import signed_bytes
from watchbell.apps.journal.triggers import TABLES, are_installed, install_triggers, remove_triggers
from watchbell.domain.handling import Actor, ActorKind, system
from watchbell.domain.sealing import Frontier, commitment, leaf_hash, root, verify_consistency, verify_inclusion
from watchbell.domain.sealing.tree import Tree
from watchbell.outside.keystore import FolderKeystore, KeyKind, verify_signature

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
CONSOLE = system("console")
LAB, HOSPITAL = "1" * 32, "2" * 32
THING = journal.Subject("test.thing", "a" * 32)

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(tmp_path: Path) -> FolderKeystore:
    store = FolderKeystore(tmp_path / "keys")
    store.ensure("journal-heads", KeyKind.SIGNING)
    return store


def record(action: str = "thing.made", *, concerns: tuple[str, ...] = (), at: datetime = NOON) -> Entry:
    with transaction.atomic():
        return journal.record(at=at, by=CONSOLE, action=action, subject=THING, concerns=concerns)


def member_of(organisation: str) -> Actor:
    return Actor(kind=ActorKind.PERSON, person="9" * 32, organisation=organisation)


@pytest.mark.django_db(transaction=True)
def test_a_deed_recorded_outside_a_transaction_is_refused() -> None:
    with pytest.raises(journal.NotInATransaction, match=r"inside one transaction\.atomic"):
        journal.record(at=NOON, by=CONSOLE, action="thing.made", subject=THING)

    assert not Entry.objects.exists()


def test_a_deed_that_fails_leaves_no_entry() -> None:
    def deed() -> None:
        record()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.atomic(deed)()

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"note": "the pump fails when asked nicely"},
        {"mail": "mary@hospital.example"},
        {"score": 9.8},
        {"long": "a" * 65},
        {"huge": 2**53},
        {"list": ["a"]},
        {"a name with spaces": 1},
    ],
)
def test_an_entry_refuses_anything_that_could_be_content(facts: dict[str, object]) -> None:
    with pytest.raises(journal.SaysTooMuch), transaction.atomic():
        journal.record(at=NOON, by=CONSOLE, action="thing.made", subject=THING, facts=facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["made", "Thing.Made", "thing made", "thing.", "thing." + "x" * 64])
def test_an_action_is_a_noun_and_a_verb(action: str) -> None:
    with pytest.raises(journal.SaysTooMuch), transaction.atomic():
        journal.record(at=NOON, by=CONSOLE, action=action, subject=THING)


def test_the_organisation_acted_for_may_always_read_what_was_done_in_its_name() -> None:
    with transaction.atomic():
        journal.record(at=NOON, by=member_of(LAB), action="thing.made", subject=THING, concerns=[HOSPITAL])

    for organisation in (LAB, HOSPITAL):
        assert queries.entries_concerning(member_of(organisation), now=NOON).count() == 1


def test_nobody_reads_entries_that_do_not_concern_their_organisation() -> None:
    record(concerns=(LAB,))

    admin = Actor(kind=ActorKind.PERSON, person="8" * 32, is_node_admin=True, strong=True)
    assert not queries.entries_concerning(member_of(HOSPITAL), now=NOON).exists()
    assert not queries.entries_concerning(admin, now=NOON).exists()
    assert not queries.entries_concerning(CONSOLE, now=NOON).exists()


def test_a_bulk_deed_is_one_entry_with_a_count_and_a_root() -> None:
    items = [number.to_bytes(16, "big") for number in range(400)]

    with transaction.atomic():
        entry = journal.record_bulk(at=NOON, by=CONSOLE, action="things.filed", subject=THING, items=iter(items))

    assert Entry.objects.count() == 1
    assert entry.facts["count"] == 400
    assert entry.digests["items"] == root([leaf_hash(item) for item in items]).hex()


def test_seals_follow_one_another_without_a_gap_and_hold_each_entry_once() -> None:
    entries = [record() for _ in range(7)]

    assert [journal.seal_waiting(limit=3) for _ in range(4)] == [3, 3, 1, 0]

    seals = list(Seal.objects.order_by("seq"))
    assert [seal.seq for seal in seals] == list(range(7))
    assert [seal.entry_id for seal in seals] == [entry.pk for entry in entries]
    assert queries.waiting_for_a_seal() == 0


def test_an_entry_whose_id_is_older_but_committed_later_is_sealed_after() -> None:
    early, late = record(), record()
    early.unsealed.delete()  # as if its transaction had not committed yet
    journal.seal_everything()

    Unsealed.objects.create(entry=early)
    journal.seal_everything()

    assert [place.entry for place in queries.after(0, limit=10)] == [late, early]


def test_a_head_is_padded_signed_and_published_once_a_slot(keys: FolderKeystore) -> None:
    record()

    head = journal.publish_head(now=NOON, keys=keys)
    again = journal.publish_head(now=NOON + timedelta(hours=11), keys=keys)
    next_day = journal.publish_head(now=NOON + timedelta(days=1), keys=keys)

    assert head is not None
    assert next_day is not None
    assert again is None
    assert (head.size, next_day.size) == (journal.PADDED_TO, 2 * journal.PADDED_TO)
    assert queries.published_heads() == [head, next_day]


def test_an_idle_day_and_a_busy_day_publish_heads_of_the_same_size(keys: FolderKeystore) -> None:
    busy_days = [255, 0, 1, 256]
    sizes = []
    for day, deeds in enumerate(busy_days):
        with transaction.atomic():
            for _ in range(deeds):
                journal.record(at=NOON, by=CONSOLE, action="thing.made", subject=THING)
        head = journal.publish_head(now=NOON + timedelta(days=day), keys=keys)
        assert head is not None
        sizes.append(head.size)

    assert sizes == [256, 512, 768, 1024]


def test_heads_are_consistent_with_one_another_and_with_their_signature(keys: FolderKeystore) -> None:
    for day in range(3):
        record()
        journal.publish_head(now=NOON + timedelta(days=day), keys=keys)

    leaves = [leaf_hash(bytes(seal.commitment)) for seal in Seal.objects.order_by("seq")]
    heads = list(TreeHead.objects.order_by("size"))
    for old, new in pairwise(heads):
        proof = Tree(leaves[: new.size]).consistency_proof(old.size)
        assert verify_consistency(
            old_size=old.size, old_root=bytes(old.root), new_size=new.size, new_root=bytes(new.root), proof=proof
        )
    for head in TreeHead.objects.all():
        assert verify_signature(keys.public_key("journal-heads"), bytes(head.signature), signed_bytes(head))
        assert Frontier.from_bytes(bytes(head.frontier)).root == bytes(head.root)


def test_an_opening_shows_neither_who_else_is_concerned_nor_how_many() -> None:
    few, many = crowd_of([LAB], b"s" * 32), crowd_of([LAB, *(f"{n:032x}" for n in range(7))], b"s" * 32)

    for concerns in (few, many):
        opening = concerns.opening(LAB.encode())
        leaf = leaf_hash(commitment(opening.salt, LAB.encode()))
        assert opening.size == 8
        assert verify_inclusion(leaf=leaf, index=opening.index, size=8, proof=opening.path, root=concerns.root)
    with pytest.raises(ValueError, match="not in list"):
        few.opening(HOSPITAL.encode())


@pytest.fixture
def triggers() -> Iterator[None]:
    install_triggers(connection)
    install_triggers(connection)  # upgrade runs it again
    yield
    remove_triggers(connection)


STATEMENTS = [
    f"UPDATE {table} SET {column} = {column}"
    for table, column in zip(TABLES, ("action", "organisation_id", "seq", "size"), strict=True)
] + [f"DELETE FROM {table}" for table in TABLES]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_itself_refuses_to_change_or_remove_the_record(
    statement: str, triggers: None, keys: FolderKeystore
) -> None:
    record(concerns=(LAB,))
    journal.publish_head(now=NOON, keys=keys)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert are_installed(connection)
    assert (Entry.objects.count(), EntryConcern.objects.count(), TreeHead.objects.count()) == (1, 1, 1)


def test_the_database_refuses_to_empty_or_replace_the_record(triggers: None) -> None:
    entry = record()
    connection.check_constraints()  # else PostgreSQL refuses for a reason of its own: checks put off to the commit
    replace = f"INSERT OR REPLACE INTO journal_entry SELECT * FROM journal_entry WHERE id = {entry.pk}"
    statement = "TRUNCATE journal_entry CASCADE" if connection.vendor == "postgresql" else replace

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Entry.objects.count() == 1


def test_sealing_goes_on_while_the_triggers_stand(triggers: None, keys: FolderKeystore) -> None:
    record(concerns=(LAB,))

    head = journal.publish_head(now=NOON, keys=keys)

    assert head is not None
    assert Seal.objects.count() == journal.PADDED_TO


REQUEST = journal.Request(route="POST /things", key="abc", digest="d" * 64)


def make_thing() -> journal.Reply:
    entry = record()
    return journal.Reply(201, entry.public_id.encode())


def test_a_repeated_request_gets_the_first_reply_and_does_nothing_again() -> None:
    first = journal.once(by=CONSOLE, request=REQUEST, now=NOON, deed=make_thing)

    second = journal.once(by=CONSOLE, request=REQUEST, now=NOON + timedelta(hours=1), deed=make_thing)

    assert second == first
    assert Entry.objects.count() == 1


def test_the_same_key_with_another_request_is_told_so() -> None:
    journal.once(by=CONSOLE, request=REQUEST, now=NOON, deed=make_thing)
    other = journal.Request(route=REQUEST.route, key=REQUEST.key, digest="e" * 64)

    with pytest.raises(journal.KeyAlreadyUsed, match="with a new key"):
        journal.once(by=CONSOLE, request=other, now=NOON, deed=make_thing)


def test_another_sender_may_use_the_same_key_for_a_deed_of_their_own() -> None:
    journal.once(by=CONSOLE, request=REQUEST, now=NOON, deed=make_thing)

    journal.once(by=member_of(LAB), request=REQUEST, now=NOON, deed=make_thing)

    assert Entry.objects.count() == 2


def test_a_deed_that_failed_may_be_tried_again_with_its_key() -> None:
    def fail() -> journal.Reply:
        record()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        journal.once(by=CONSOLE, request=REQUEST, now=NOON, deed=fail)

    assert journal.once(by=CONSOLE, request=REQUEST, now=NOON, deed=make_thing).status == 201
    assert (Entry.objects.count(), StoredReply.objects.count()) == (1, 1)


def test_old_replies_are_forgotten_and_new_ones_kept() -> None:
    for key, at in (("old", NOON - timedelta(days=8)), ("new", NOON)):
        journal.once(by=CONSOLE, request=journal.Request("r", key, "d" * 64), now=at, deed=make_thing)

    assert journal.forget_replies(before=NOON - timedelta(days=7)) == 1
    assert StoredReply.objects.get().key == "new"


def test_a_cursor_moves_only_from_where_it_was_read() -> None:
    assert journal.cursor_of("mailer") == 0

    assert journal.advance(handler="mailer", seen=0, to=5)
    assert not journal.advance(handler="mailer", seen=0, to=9)
    assert journal.cursor_of("mailer") == 5


def test_names_sort_byte_by_byte_on_every_database() -> None:
    for handler in ("b", "a", "B", "_", "é", "Z"):
        HandlerCursor.objects.create(handler=handler)

    names = list(HandlerCursor.objects.order_by("handler").values_list("handler", flat=True))

    assert names == ["B", "Z", "_", "a", "b", "é"]


def test_text_longer_than_its_column_is_refused_on_every_database() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        StoredReply.objects.create(actor="a", route="r", key="k" * 129, request_digest="d", at=NOON)


def test_seeded_dice_make_the_same_record() -> None:
    with transaction.atomic():
        one = journal.record(at=NOON, by=CONSOLE, action="a.b", subject=THING, rng=random.Random(7))

    assert one.public_id == f"{random.Random(7).getrandbits(128):032x}"
