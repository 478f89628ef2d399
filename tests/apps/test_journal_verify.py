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
from watchbell.cli.verify_journal import verify_database, verify_export, verify_file
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, ActorKind, system
from watchbell.domain.sealing import Frontier, Tree, commitment, leaf_hash
from watchbell.formats import strictjson
from watchbell.outside.keystore import FolderKeystore, KeyKind

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LAB, HOSPITAL, BANK = "1" * 32, "2" * 32, "3" * 32
THING = journal.Subject("test.thing", "a" * 32)
THREE = Frontier(3, (b"p" * 32, b"q" * 32)).to_bytes()
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


def export(keys: FolderKeystore, seed: int = 3) -> list[bytes]:
    return list(journal.export(by=HOSPITAL_OWNER, now=NOON, keys=keys, rng=random.Random(seed)).lines)


@pytest.fixture
def exported(keys: FolderKeystore) -> list[bytes]:
    """Four entries under a published head, then two more and the export itself: eight lines."""
    write_entries(9)
    journal.publish_head(now=NOON, keys=keys, rng=random.Random(2))
    write_entries(4, seed=7)
    return export(keys)


def verdict(lines: list[bytes]) -> verify_journal.Verdict:
    return verify_export(io.BytesIO(b"".join(lines)))


def test_an_export_holds_and_shows_only_what_concerns_its_organisation(exported: list[bytes]) -> None:
    assert verdict(exported).holds

    text = b"".join(exported).decode()
    assert verdict(exported).checked == 7
    assert "shows 4 of them" in verdict(exported).text
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


def forged_after(lines: list[bytes], keys: FolderKeystore, places: list[int]) -> list[bytes]:
    """Return an export that the key's owner makes anew of these entries only, with everything fitting but the past."""
    kept = [strictjson.loads(lines[place + 1]) for place in places]
    leaves = [leaf_hash(commitment(bytes.fromhex(str(one["salt"])), canonical(one["entry"]))) for one in kept]
    tree, header = Tree(leaves), strictjson.loads(lines[0])
    statement = {name: value for name, value in header.items() if name not in ("signature", "public_key")}
    statement |= {"root": tree.root.hex(), "size": tree.size}
    signature = keys.sign("journal-heads", canonical(statement)).hex()
    made = [{**statement, "signature": signature, "public_key": header["public_key"]}]
    for place, one in enumerate(kept):
        made.append({**one, "place": place, "proof": [step.hex() for step in tree.inclusion_proof(place)]})
    return [canonical(one) + b"\n" for one in made]


def test_an_entry_that_a_published_head_counted_cannot_be_left_out_later_not_even_by_who_holds_the_key(
    exported: list[bytes], keys: FolderKeystore
) -> None:
    assert verdict(forged_after(exported, keys, [0, 1, 2, 3, 4, 5, 6])).holds

    without_the_second = verdict(forged_after(exported, keys, [0, 2, 3, 4, 5, 6]))
    assert "signed over other entries" in without_the_second.text
    assert "counts more entries" in verdict(forged_after(exported, keys, [0, 1, 2])).text


def test_an_entry_that_an_earlier_export_held_cannot_be_left_out_of_a_later_one(
    exported: list[bytes], keys: FolderKeystore, tmp_path: Path
) -> None:
    later = export(keys, seed=4)
    without_the_last_but_one = forged_after(later, keys, [0, 1, 2, 3, 4, 6, 7])
    files = {"earlier": exported, "later": later, "forged": without_the_last_but_one}
    paths = {name: tmp_path / name for name in files}
    for name, lines in files.items():
        paths[name].write_bytes(b"".join(lines))

    assert verify_file(paths["later"], earlier=paths["earlier"]).holds
    assert verify_file(paths["forged"]).holds  # nothing of it is under a published head yet
    assert "not those of the earlier export" in verify_file(paths["forged"], earlier=paths["earlier"]).text
    assert "more than this one" in verify_file(paths["earlier"], earlier=paths["later"]).text


def test_what_others_do_changes_nothing_in_an_export_but_what_everyone_may_see(keys: FolderKeystore) -> None:
    sizes = set()
    for others in (0, 700):
        with transaction.atomic():
            write_entries(3)
            with transaction.atomic():
                for number in range(others):
                    journal.record(
                        at=NOON, by=system("console"), action="a.b", subject=THING, concerns=[f"{number:032x}"]
                    )
            lines = export(keys)
            sizes.add(tuple(map(len, lines)))
            assert verdict(lines).holds
            transaction.set_rollback(True)

    assert len(sizes) == 1


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


def sql(statement: str, *values: str | int | bytes) -> None:
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


@pytest.mark.parametrize("column", ["size", "frontier", "shown_root", "organisation_id"])
def test_an_own_log_that_its_entries_do_not_make_is_found(column: str, node: list[int]) -> None:
    values: dict[str, str | int | bytes] = {"size": 99, "organisation_id": "f" * 32}
    value = values.get(column, b"r" * 40)
    sql(f"UPDATE journal_ownlog SET {column} = %s WHERE organisation_id = %s", value, HOSPITAL)

    assert "is not what its entries make" in check().text


def test_a_head_that_showed_an_organisation_another_log_is_found(keys: FolderKeystore) -> None:
    write_entries(8)
    journal.seal_everything()
    sql("UPDATE journal_ownlog SET size = 3, frontier = %s WHERE organisation_id = %s", THREE, HOSPITAL)
    journal.publish_head(now=NOON, keys=keys, rng=random.Random(2))

    assert "shows somebody another log" in check().text


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
    for table in ("treehead", "seal", "entryconcern", "unsealed", "entry", "fence", "ownlog"):
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
    assert "The journal holds: all 7 entries" in out.out
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
