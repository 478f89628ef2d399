"""Does a stranger, with code of their own, find every change to the record and name the first bad place?"""

import io
import random
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchbell.apps.journal import queries
from watchbell.apps.journal import services as journal
from watchbell.cli import verify_journal
from watchbell.cli.verify_journal import verify_database, verify_export
from watchbell.domain.handling import Actor, ActorKind, system
from watchbell.outside.keystore import FolderKeystore, KeyKind

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LAB, HOSPITAL, BANK = "1" * 32, "2" * 32, "3" * 32
THING = journal.Subject("test.thing", "a" * 32)
HOSPITAL_OWNER = Actor(kind=ActorKind.PERSON, person="9" * 32, organisation=HOSPITAL)

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(tmp_path: Path) -> FolderKeystore:
    store = FolderKeystore(tmp_path / "keys")
    store.ensure("journal-heads", KeyKind.SIGNING)
    return store


def write_entries(count: int, *, seed: int = 1) -> None:
    rng = random.Random(seed)
    with transaction.atomic():
        for number in range(count):
            journal.record(
                at=NOON + timedelta(microseconds=number * 7),
                by=system("console"),
                action="thing.made",
                subject=THING,
                concerns=[HOSPITAL] if number % 2 else [LAB, BANK],
                digests={"after": f"{number:064x}"},
                facts={"number": number, "is_odd": number % 2 == 1, "nothing": None},
                rng=rng,
            )


@pytest.fixture
def exported(keys: FolderKeystore) -> list[bytes]:
    write_entries(9)
    return list(journal.export(by=HOSPITAL_OWNER, now=NOON, keys=keys, rng=random.Random(3)).lines)


def verdict(lines: list[bytes]) -> verify_journal.Verdict:
    return verify_export(io.BytesIO(b"".join(lines)))


def test_an_export_holds_and_shows_only_what_concerns_its_organisation(exported: list[bytes]) -> None:
    assert verdict(exported).holds

    text = b"".join(exported).decode()
    assert verdict(exported).checked == 5  # four entries and the export itself
    assert LAB not in text
    assert BANK not in text


def test_every_flipped_bit_of_an_export_is_found_on_its_line(exported: list[bytes]) -> None:
    dice = random.Random(5)
    for number, line in enumerate(exported, start=1):
        for at in range(dice.randrange(4), len(line), 4):
            flipped = bytearray(line)
            flipped[at] ^= 1 << dice.randrange(8)
            found = verdict([*exported[: number - 1], bytes(flipped), *exported[number:]])

            assert found.first_bad == number, (number, at)


@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_lines_deleted_inserted_or_swapped_are_found_where_it_happened(
    exported: list[bytes], data: st.DataObject
) -> None:
    lines, places = list(exported), st.integers(0, len(exported) - 1)
    first = data.draw(places)
    match data.draw(st.sampled_from(["delete", "insert", "swap", "truncate"])):
        case "delete":
            del lines[first]
            expected = first + 1
        case "insert":
            source = data.draw(places)
            lines.insert(first, exported[source])
            expected = first + 2 if source == first else first + 1
        case "swap":
            second = data.draw(places.filter(lambda place: place != first))
            lines[first], lines[second] = lines[second], lines[first]
            expected = min(first, second) + 1
        case _:
            lines = lines[:first]
            expected = first + 1

    assert verdict(lines).first_bad == expected


def test_a_line_cut_in_the_middle_is_found(exported: list[bytes]) -> None:
    whole = b"".join(exported)

    for keep in range(0, len(whole), 97):
        found = verify_export(io.BytesIO(whole[:keep]))
        assert found.first_bad == whole[:keep].count(b"\n") + 1


def test_an_export_signed_by_someone_else_is_refused_by_who_knows_the_key(
    exported: list[bytes], tmp_path: Path, keys: FolderKeystore
) -> None:
    theirs = FolderKeystore(tmp_path / "theirs")
    theirs.ensure("journal-heads", KeyKind.SIGNING)
    forged = list(journal.export(by=HOSPITAL_OWNER, now=NOON, keys=theirs).lines)
    ours = keys.public_key("journal-heads").hex()

    assert verify_export(io.BytesIO(b"".join(exported)), trusted=[ours]).holds
    assert verify_export(io.BytesIO(b"".join(forged))).holds
    assert verify_export(io.BytesIO(b"".join(forged)), trusted=[ours]).first_bad == 1


def test_an_export_is_for_an_organisation_only(keys: FolderKeystore) -> None:
    with pytest.raises(journal.NoOrganisation, match="concerns one organisation"):
        journal.export(by=system("console"), now=NOON, keys=keys)


# ---- the node's own database


@pytest.fixture
def node(keys: FolderKeystore) -> list[int]:
    """Fourteen entries under two public heads; return the places that are entries."""
    write_entries(8)
    journal.publish_head(now=NOON, keys=keys, rng=random.Random(2))
    write_entries(6, seed=8)
    journal.publish_head(now=NOON + timedelta(days=1), keys=keys, rng=random.Random(3))
    write_entries(3, seed=9)
    journal.seal_everything()
    return [*range(8), *range(256, 262), *range(512, 515)]


def check(**extra: Any) -> verify_journal.Verdict:
    return verify_database(connection.connection, **extra)


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_untouched_record_holds(node: list[int], keys: FolderKeystore) -> None:
    found = check(trusted=[keys.public_key("journal-heads").hex()])

    assert found.holds, found.text
    assert found.checked == 515


def test_an_empty_record_holds() -> None:
    assert check().holds


CHANGES = {
    "action": "thing.unmade",
    "actor_id": "someone",
    "organisation_id": LAB,
    "subject_id": "b" * 32,
    "facts": '{"number": 99}',
    "digests": "{}",
    "at": "2026-11-04 12:00:01+00:00",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_entry_is_named(column: str, node: list[int]) -> None:
    place = random.Random(column).choice(node)
    sql(
        f"UPDATE journal_entry SET {column} = %s WHERE id = (SELECT entry_id FROM journal_seal WHERE seq = %s)",
        CHANGES[column],
        place,
    )

    assert check().first_bad == place


@pytest.mark.parametrize("table", ["commitment", "chain"])
@given(bit=st.integers(0, 255), place=st.integers(0, 514))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_flipped_bit_in_a_seal_is_named(table: str, node: list[int], bit: int, place: int) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {table} FROM journal_seal WHERE seq = %s", [place])
            value = bytearray(bytes(cursor.fetchone()[0]))
        value[bit // 8] ^= 1 << bit % 8
        sql(f"UPDATE journal_seal SET {table} = %s WHERE seq = %s", bytes(value), place)

        assert check().first_bad == place

        transaction.set_rollback(True)


def delete_place(place: int) -> int:
    sql("DELETE FROM journal_seal WHERE seq = %s", place)
    return place


def delete_and_close_the_gap(place: int) -> int:
    sql("DELETE FROM journal_seal WHERE seq = %s", place)
    for later in range(place + 1, 515):
        sql("UPDATE journal_seal SET seq = %s WHERE seq = %s", later - 1, later)
    return place


def cut_the_end(place: int) -> int:
    sql("DELETE FROM journal_seal WHERE seq >= %s", place)
    return place


def hide_as_padding(place: int) -> int:
    sql("UPDATE journal_seal SET entry_id = NULL, padding_salt = %s WHERE seq = %s", b"x" * 32, place)
    return place


def swap_with_the_next(place: int) -> int:
    for old, new in ((place, 9999), (place + 1, place), (9999, place + 1)):
        sql("UPDATE journal_seal SET seq = %s WHERE seq = %s", new, old)
    return place


def hide_from_one_organisation(place: int) -> int:
    sql("DELETE FROM journal_entryconcern WHERE entry_id = (SELECT entry_id FROM journal_seal WHERE seq = %s)", place)
    return place


def show_to_another_organisation(place: int) -> int:
    sql(
        "INSERT INTO journal_entryconcern (entry_id, organisation_id)"
        " SELECT entry_id, %s FROM journal_seal WHERE seq = %s",
        "f" * 32,
        place,
    )
    return place


@pytest.mark.parametrize(
    "attack",
    [
        delete_place,
        delete_and_close_the_gap,
        cut_the_end,
        hide_as_padding,
        swap_with_the_next,
        hide_from_one_organisation,
        show_to_another_organisation,
    ],
)
def test_an_attack_on_the_order_is_named_where_it_begins(attack: Callable[[int], int], node: list[int]) -> None:
    for place in (0, 5, 257, 512):
        with transaction.atomic():
            expected = attack(place)

            assert check().first_bad == expected

            transaction.set_rollback(True)


def test_a_head_that_was_changed_is_found(node: list[int]) -> None:
    sql("UPDATE journal_treehead SET root = %s WHERE size = 256", b"r" * 32)

    found = check()

    assert found.first_bad is not None
    assert "signature" in found.text


def test_an_entry_taken_out_before_it_was_sealed_is_found(node: list[int]) -> None:
    write_entries(1, seed=11)
    sql("DELETE FROM journal_unsealed")

    assert "taken out of the order" in check().text


def test_a_record_rewritten_together_with_its_heads_is_found_by_who_kept_a_head(
    node: list[int], keys: FolderKeystore
) -> None:
    kept = [verify_journal.parse(line)["head"] for line in journal.public_lines(queries.published_heads())]
    for table in ("treehead", "seal", "entryconcern", "unsealed", "entry", "fence"):
        sql(f"DELETE FROM journal_{table}")
    write_entries(8, seed=77)
    journal.publish_head(now=NOON, keys=keys, rng=random.Random(78))
    journal.publish_head(now=NOON + timedelta(days=1), keys=keys, rng=random.Random(79))

    assert check().holds
    assert check(saved=kept).first_bad == 0


def test_the_command_says_holds_or_where_not(
    exported: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.ndjson"
    good.write_bytes(b"".join(exported))
    bad.write_bytes(b"".join(exported[:2] + exported[3:]))

    assert verify_journal.main([str(good)]) == 0
    assert verify_journal.main([str(bad)]) == 1
    assert verify_journal.main([str(tmp_path / "none")]) == 2

    out = capsys.readouterr()
    assert "The journal holds: 5 entries" in out.out
    assert "does NOT hold at line 3" in out.out
    assert "could not be read" in out.err


def test_a_database_file_is_opened_read_only(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite3"
    sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close()

    opened = verify_journal.connect(str(path))

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.execute("INSERT INTO t VALUES (1)")
    opened.close()


def test_the_verifier_shares_no_code_with_the_writer() -> None:
    source = Path(verify_journal.__file__).read_text(encoding="utf-8")
    imports = [line.strip() for line in source.splitlines() if line.strip().startswith(("import ", "from "))]

    ours = [line for line in imports if "watchbell" in line]
    assert ours == ["from watchbell.outside.settings import Settings"]
