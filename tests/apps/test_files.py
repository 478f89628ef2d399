"""Are people's bytes kept encrypted, shown only to whom they belong, and gone when their time is over?"""

import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from watchbell.apps.files import queries, services
from watchbell.apps.files.models import Blob
from watchbell.apps.journal.models import Entry
from watchbell.domain.handling import ANONYMOUS, Actor, ActorKind, Role, Tlp, system
from watchbell.domain.refusal import Refused
from watchbell.outside.blobs import BlobBroken, BlobStore
from watchbell.outside.keystore import FolderKeystore, KeyKind

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOSPITAL, BANK = "2" * 32, "3" * 32
OWNER = Actor(kind=ActorKind.PERSON, person="9" * 32, organisation=HOSPITAL, role=Role.OWNER)
COLLEAGUE = Actor(kind=ActorKind.PERSON, person="8" * 32, organisation=HOSPITAL, role=Role.MEMBER)
STRANGER = Actor(kind=ActorKind.PERSON, person="7" * 32, organisation=BANK, role=Role.OWNER)
ADMIN = Actor(kind=ActorKind.PERSON, person="6" * 32, is_node_admin=True, strong=True)
CHECKS = system("files.checks")
WORDS = b"the infusion pump answers to anyone" * 4000

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    keys = FolderKeystore(tmp_path / "keys")
    keys.ensure("files", KeyKind.AEAD)
    return BlobStore(tmp_path / "blobs", keys)


def keep(store: BlobStore, **how: object) -> Blob:
    keeping = services.Keeping(**{"organisation": HOSPITAL, "is_quarantined": False, **how})  # type: ignore[arg-type]
    return services.keep(
        io.BytesIO(WORDS), how=keeping, store=store, by=OWNER, now=NOON, rng=random.Random(random.getrandbits(64))
    )


def stored(store: BlobStore, tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_what_was_kept_is_read_back_whole(store: BlobStore) -> None:
    blob = keep(store)

    opened = queries.open_for(OWNER, blob.public_id, now=NOON, store=store)

    assert opened is not None
    assert b"".join(opened.pieces) == WORDS
    assert (opened.size, opened.marking) == (len(WORDS), Tlp.AMBER_STRICT)


def test_bytes_put_away_before_the_transaction_are_kept_by_the_row_written_in_it(store: BlobStore) -> None:
    how = services.Keeping(organisation=HOSPITAL, is_quarantined=False)
    stored_blob = services.put_away(WORDS, how=how, store=store)

    with transaction.atomic():
        blob = services.keep(stored_blob, how=how, store=store, by=OWNER, now=NOON, rng=random.Random(1))

    opened = queries.open_for(OWNER, blob.public_id, now=NOON, store=store)
    assert opened is not None
    assert b"".join(opened.pieces) == WORDS


def test_no_byte_of_it_is_readable_on_the_disk_and_no_word_of_it_is_on_record(store: BlobStore, tmp_path: Path) -> None:
    blob = keep(store)

    (path,) = stored(store, tmp_path)
    assert b"infusion" not in path.read_bytes()
    entry = Entry.objects.get()
    assert (entry.action, entry.digests) == ("blob.kept", {"content": blob.digest})


@pytest.mark.parametrize("viewer", [STRANGER, ADMIN, ANONYMOUS], ids=["stranger", "admin", "anonymous"])
def test_not_yours_and_not_there_answer_alike(viewer: Actor, store: BlobStore) -> None:
    blob = keep(store, marking=Tlp.CLEAR)

    assert queries.open_for(viewer, blob.public_id, now=NOON, store=store) is None
    assert queries.open_for(viewer, "0" * 32, now=NOON, store=store) is None


def test_red_is_for_the_one_who_brought_it_not_for_their_colleagues(store: BlobStore) -> None:
    blob = keep(store, marking=Tlp.RED)

    assert queries.open_for(OWNER, blob.public_id, now=NOON, store=store) is not None
    assert queries.open_for(COLLEAGUE, blob.public_id, now=NOON, store=store) is None


def test_a_file_in_quarantine_is_for_the_nodes_own_checks_alone(store: BlobStore) -> None:
    blob = keep(store, is_quarantined=True)

    assert queries.open_for(OWNER, blob.public_id, now=NOON, store=store) is None
    assert queries.open_for(CHECKS, blob.public_id, now=NOON, store=store) is not None
    with pytest.raises(services.NotYours, match="by hand"):
        services.release(public_id=blob.public_id, by=OWNER, now=NOON)

    services.release(public_id=blob.public_id, by=CHECKS, now=NOON)

    assert queries.open_for(OWNER, blob.public_id, now=NOON, store=store) is not None
    with pytest.raises(services.NotThere):
        services.release(public_id=blob.public_id, by=CHECKS, now=NOON)


def test_a_file_that_is_too_large_leaves_neither_row_nor_bytes(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="too large"):
        keep(store, max_bytes=1000)

    assert not Blob.objects.exists()
    assert stored(store, tmp_path) == []


def test_the_bytes_of_a_deed_that_rolled_back_are_swept_a_day_later(store: BlobStore, tmp_path: Path) -> None:
    def deed() -> None:
        keep(store)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.atomic(deed)()
    kept = keep(store)

    assert len(stored(store, tmp_path)) == 2
    written = datetime.fromtimestamp(min(path.stat().st_mtime for path in stored(store, tmp_path)), UTC)
    assert services.sweep(store=store, now=written) == 0
    assert services.sweep(store=store, now=written + 2 * DAY) == 1
    assert queries.open_for(OWNER, kept.public_id, now=NOON, store=store) is not None


def test_a_file_whose_time_is_over_is_gone_from_view_at_once_and_from_the_disk_at_the_next_sweep(
    store: BlobStore, tmp_path: Path
) -> None:
    blob = keep(store, keep_until=NOON + DAY)
    other = keep(store, keep_until=NOON + 2 * DAY)

    assert queries.open_for(OWNER, blob.public_id, now=NOON + DAY, store=store) is None
    assert services.remove_expired(store=store, by=CHECKS, now=NOON + DAY) == 1
    assert services.remove_expired(store=store, by=CHECKS, now=NOON + DAY) == 0

    assert Blob.objects.get() == other
    assert len(stored(store, tmp_path)) == 1
    assert Entry.objects.filter(action="blob.removed", subject_id=blob.public_id).count() == 1


def test_a_file_altered_on_the_disk_is_refused_not_shown(store: BlobStore, tmp_path: Path) -> None:
    blob = keep(store)
    (path,) = stored(store, tmp_path)
    altered = bytearray(path.read_bytes())
    altered[-1] ^= 1
    path.write_bytes(altered)

    opened = queries.open_for(OWNER, blob.public_id, now=NOON, store=store)

    assert opened is not None
    with pytest.raises(BlobBroken, match="backup"):
        b"".join(opened.pieces)
