"""Keys in a folder: sealed values open here, for their place, with their key, and nowhere else."""

import multiprocessing
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from watchbell.outside import durable
from watchbell.outside.keystore import (
    FolderKeystore,
    KeyCorrupt,
    KeyDestroyed,
    KeyExists,
    KeyKind,
    KeyMissing,
    KeystoreError,
    SealBroken,
    WrongKey,
    aad,
    attest,
    verify_signature,
)

PLACE = aad("orgs", "second_factor", "seed", "abc123")
OTHER_PLACE = aad("orgs", "second_factor", "seed", "abc124")
SEED = b"a seed of a second factor"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


@pytest.fixture
def keys(folder):
    store = FolderKeystore(folder)
    store.ensure("mfa-seeds", KeyKind.AEAD)
    store.ensure("node-signing", KeyKind.SIGNING)
    return store


def test_what_was_sealed_opens_again_also_after_a_restart(keys, folder):
    sealed = keys.seal("mfa-seeds", PLACE, SEED)

    assert keys.open("mfa-seeds", PLACE, sealed) == SEED
    assert FolderKeystore(folder).open("mfa-seeds", PLACE, sealed) == SEED
    assert SEED not in sealed
    assert keys.seal("mfa-seeds", PLACE, SEED) != sealed


def test_what_was_sealed_for_one_place_does_not_open_in_another(keys):
    sealed = keys.seal("mfa-seeds", PLACE, SEED)

    with pytest.raises(SealBroken, match="mfa-seeds"):
        keys.open("mfa-seeds", OTHER_PLACE, sealed)


@given(st.lists(st.text(max_size=5), min_size=4, max_size=4), st.lists(st.text(max_size=5), min_size=4, max_size=4))
def test_two_places_are_the_same_bytes_only_when_they_are_the_same_place(one, other):
    assert (aad(*one) == aad(*other)) == (one == other)


def test_every_single_flipped_bit_is_noticed(keys):
    sealed = keys.seal("mfa-seeds", PLACE, SEED)

    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises((SealBroken, WrongKey, KeyMissing)):
            keys.open("mfa-seeds", PLACE, bytes(altered))


def test_every_shortened_seal_is_noticed(keys):
    sealed = keys.seal("mfa-seeds", PLACE, SEED)

    for length in range(len(sealed)):
        with pytest.raises((SealBroken, WrongKey)):
            keys.open("mfa-seeds", PLACE, sealed[:length])


def test_every_flipped_bit_of_a_key_file_is_noticed_and_the_other_keys_go_on(keys, folder):
    path = folder / "mfa-seeds.key"
    whole = path.read_bytes()

    for bit in range(0, len(whole) * 8, 3):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        path.write_bytes(altered)
        with pytest.raises(KeyCorrupt, match="mfa-seeds"):
            keys.seal("mfa-seeds", PLACE, SEED)

    assert keys.sign("node-signing", b"head")
    assert [error.key_id for error in keys.health()] == ["mfa-seeds"]


@pytest.mark.parametrize("damage", [b"", b"x", b"mac \n", b"\xff" * 300])
def test_a_key_file_of_nonsense_is_said_to_be_damaged(keys, folder, damage):
    (folder / "mfa-seeds.key").write_bytes(damage)

    with pytest.raises(KeyCorrupt, match="mfa-seeds"):
        keys.open("mfa-seeds", PLACE, b"x")


def test_one_keys_file_does_not_pass_for_anothers(keys, folder):
    keys.create(KeyKind.AEAD, key_id="files")
    (folder / "files.key").write_bytes((folder / "mfa-seeds.key").read_bytes())

    with pytest.raises(KeyCorrupt, match="files"):
        keys.seal("files", PLACE, SEED)


def test_a_seal_of_another_key_names_that_key(keys):
    keys.create(KeyKind.AEAD, key_id="files")

    with pytest.raises(WrongKey, match="sealed with key 'files'"):
        keys.open("mfa-seeds", PLACE, keys.seal("files", PLACE, SEED))


def test_keys_are_used_only_for_what_they_are_for(keys):
    with pytest.raises(WrongKey):
        keys.sign("mfa-seeds", b"head")
    with pytest.raises(WrongKey):
        keys.seal("node-signing", PLACE, SEED)
    with pytest.raises(WrongKey):
        keys.ensure("node-signing", KeyKind.AEAD)


def test_signatures_are_checked_with_the_public_key_of_their_version(keys):
    old = keys.sign("node-signing", b"head 1")
    keys.rotate("node-signing")
    new = keys.sign("node-signing", b"head 2")

    assert verify_signature(keys.public_key("node-signing", 1), old, b"head 1")
    assert verify_signature(keys.public_key("node-signing"), new, b"head 2")
    assert not verify_signature(keys.public_key("node-signing"), old, b"head 1")
    assert not verify_signature(b"short", old, b"head 1")


def test_after_rotation_old_seals_open_until_their_version_is_retired(keys):
    old = keys.seal("mfa-seeds", PLACE, SEED)
    assert keys.rotate("mfa-seeds") == 2
    new = keys.seal("mfa-seeds", PLACE, SEED)
    assert (keys.open("mfa-seeds", PLACE, old), keys.open("mfa-seeds", PLACE, new)) == (SEED, SEED)

    keys.retire("mfa-seeds", 1)

    with pytest.raises(KeyMissing, match="mfa-seeds: its version 1 was retired"):
        keys.open("mfa-seeds", PLACE, old)
    assert keys.open("mfa-seeds", PLACE, new) == SEED
    assert keys.versions("mfa-seeds") == (2,)
    with pytest.raises(KeystoreError, match="newest version is in use"):
        keys.retire("mfa-seeds", 2)


def test_a_destroyed_key_is_gone_for_every_process_and_its_name_is_not_given_out_again(keys, folder):
    other_process = FolderKeystore(folder)
    sealed = keys.seal("mfa-seeds", PLACE, SEED)

    keys.destroy("mfa-seeds")

    assert not (folder / "mfa-seeds.key").exists()
    for store in (keys, other_process, FolderKeystore(folder)):
        with pytest.raises(KeyDestroyed, match="destroyed on purpose"):
            store.open("mfa-seeds", PLACE, sealed)
        with pytest.raises(KeyDestroyed):
            store.ensure("mfa-seeds", KeyKind.AEAD)
        with pytest.raises(KeyDestroyed):
            store.destroy("mfa-seeds")


def test_a_destruction_that_was_interrupted_is_finished_at_the_next_start(keys, folder, monkeypatch):
    monkeypatch.setattr(durable, "erase", lambda path: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keys.destroy("mfa-seeds")
    monkeypatch.undo()
    with pytest.raises(KeyDestroyed):
        keys.seal("mfa-seeds", PLACE, SEED)

    FolderKeystore(folder)

    assert not (folder / "mfa-seeds.key").exists()


@pytest.mark.parametrize("deed", ["rotate", "create"])
def test_a_writer_killed_before_the_rename_leaves_all_as_it_was(keys, folder, deed):
    sealed = keys.seal("mfa-seeds", PLACE, SEED)
    killed = multiprocessing.get_context("fork").Process(target=_die_before_rename, args=(folder, deed))
    killed.start()
    killed.join(10)
    assert killed.exitcode == 9
    assert list(folder.glob(".tmp-*"))

    restarted = FolderKeystore(folder)

    assert not list(folder.glob(".tmp-*"))
    assert restarted.names() == ("mfa-seeds", "node-signing")
    assert restarted.versions("mfa-seeds") == (1,)
    assert restarted.open("mfa-seeds", PLACE, sealed) == SEED


def _die_before_rename(folder, deed):
    Path.replace = lambda *_: os._exit(9)
    store = FolderKeystore(folder)
    store.rotate("mfa-seeds") if deed == "rotate" else store.create(KeyKind.AEAD, key_id="files")


def test_two_processes_that_start_at_once_agree_on_the_keys(folder):
    context = multiprocessing.get_context("fork")
    racers = [context.Process(target=_start_and_seal, args=(folder, number)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(20)

    store = FolderKeystore(folder)

    assert [racer.exitcode for racer in racers] == [0] * 6
    assert store.versions("files") == (1,)
    for number in range(6):
        assert store.open("files", PLACE, (folder.parent / str(number)).read_bytes()) == SEED


def _start_and_seal(folder, number):
    store = FolderKeystore(folder)
    store.ensure("files", KeyKind.AEAD)
    (folder.parent / str(number)).write_bytes(store.seal("files", PLACE, SEED))


def test_turns_are_taken_one_after_the_other_and_a_killed_process_gives_its_own_back(keys, folder):
    context = multiprocessing.get_context("fork")
    holding, other = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(folder, holding))
    waiter = context.Process(target=_hold, args=(folder, other))
    holder.start()
    assert holding.wait(20)
    waiter.start()

    came_early = other.wait(0.3)
    holder.kill()

    assert not came_early
    assert other.wait(20)
    waiter.kill()
    for one in (holder, waiter):
        one.join(20)


def _hold(folder, holding):
    with FolderKeystore(folder).turn():
        holding.set()
        time.sleep(60)


def test_a_signature_and_its_public_key_are_of_one_version_also_while_the_key_is_rotated(keys, folder):
    class RotatedInBetween:
        times = 2

        def public_key(self, key_id):
            found = keys.public_key(key_id)
            if self.times:
                self.times -= 1
                FolderKeystore(folder).rotate(key_id)
            return found

        def sign(self, key_id, data):
            return keys.sign(key_id, data)

    public_key, signature = attest(RotatedInBetween(), "node-signing", b"head")

    assert verify_signature(public_key, signature, b"head")
    assert public_key == keys.public_key("node-signing")


def test_a_key_that_sealed_nothing_is_discarded_and_its_name_is_free_again(keys):
    keys.create(KeyKind.AEAD, key_id="unused")
    keys.discard("unused")

    assert "unused" not in keys.names()
    with pytest.raises(KeyMissing):
        keys.discard("unused")
    keys.create(KeyKind.AEAD, key_id="unused")
    keys.destroy("unused")
    with pytest.raises(KeyDestroyed):
        keys.discard("unused")


def test_a_folder_whose_file_system_is_not_there_is_not_taken_for_missing_keys(keys, folder):
    away = folder.with_name("away")
    folder.rename(away)
    folder.mkdir(mode=0o700)

    for use in (lambda: keys.seal("mfa-seeds", PLACE, SEED), lambda: keys.destroy("mfa-seeds")):
        with pytest.raises(KeystoreError, match="mounted") as told:
            use()
        assert not isinstance(told.value, KeyMissing)

    shutil.rmtree(folder)
    away.rename(folder)
    assert keys.seal("mfa-seeds", PLACE, SEED)


def test_the_folder_and_its_files_are_for_this_user_alone(keys, folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_or_key_that_others_can_reach_is_not_used(keys, folder):
    (folder / "mfa-seeds.key").chmod(0o644)
    with pytest.raises(KeystoreError, match="chmod 600"):
        keys.seal("mfa-seeds", PLACE, SEED)
    assert keys.sign("node-signing", b"head")

    folder.chmod(0o755)
    with pytest.raises(KeystoreError, match="chmod 700"):
        FolderKeystore(folder)


def test_a_lost_or_foreign_wrapping_key_is_named_and_no_new_one_is_made(keys, folder, tmp_path):
    wrapping = folder / "wrapping.key"
    FolderKeystore(tmp_path / "foreign")
    wrapping.write_bytes((tmp_path / "foreign" / "wrapping.key").read_bytes())
    with pytest.raises(KeyCorrupt, match=r"mfa-seeds.*another wrapping key"):
        FolderKeystore(folder).seal("mfa-seeds", PLACE, SEED)

    wrapping.write_bytes(b"not hex")
    with pytest.raises(KeyCorrupt, match="wrapping"):
        FolderKeystore(folder)

    wrapping.unlink()
    with pytest.raises(KeyMissing, match=r"wrapping\.key is gone"):
        FolderKeystore(folder)
    assert not wrapping.exists()


def test_no_raw_key_lies_in_the_folder_or_shows_in_a_repr(folder):
    raws = iter([bytes([number]) * 32 for number in range(1, 4)])
    store = FolderKeystore(folder, rng=lambda count: next(raws)[:count])
    store.create(KeyKind.AEAD, key_id="files")

    stored = (folder / "files.key").read_bytes()

    assert b"\x02" * 32 not in stored
    assert (b"\x02" * 32).hex().encode() not in stored
    assert "01" * 8 not in repr(store)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "A", "wrapping", ".hidden", "x" * 64, "a\nb", "a.key"])
def test_names_that_are_no_plain_names_are_refused(keys, name):
    with pytest.raises(KeyMissing):
        keys.seal(name, PLACE, SEED)


def test_a_key_made_without_a_name_gets_a_random_one_and_a_taken_name_is_refused(keys):
    one, two = keys.create(KeyKind.AEAD), keys.create(KeyKind.AEAD)

    assert len({one, two}) == 2
    with pytest.raises(KeyExists):
        keys.create(KeyKind.AEAD, key_id=one)
    with pytest.raises(KeyMissing, match="not in this keystore"):
        keys.open("never-made", PLACE, b"")


@pytest.fixture(scope="module")
def shared_keys(tmp_path_factory):
    store = FolderKeystore(tmp_path_factory.mktemp("shared") / "keys")
    store.ensure("files", KeyKind.AEAD)
    return store


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.binary(max_size=500), st.binary(max_size=50))
def test_whatever_is_sealed_opens_again(shared_keys, data, place):
    assert shared_keys.open("files", place, shared_keys.seal("files", place, data)) == data


def test_a_seal_that_comes_while_the_key_is_rotated_and_retired_still_opens(keys):
    for _ in range(5):
        sealed = keys.seal("mfa-seeds", PLACE, SEED)
        number = keys.rotate("mfa-seeds")
        assert keys.open("mfa-seeds", PLACE, sealed) == SEED
        resealed = keys.seal("mfa-seeds", PLACE, SEED)
        keys.retire("mfa-seeds", number - 1)
        assert keys.open("mfa-seeds", PLACE, resealed) == SEED


def test_another_thread_never_sees_a_key_half_replaced(keys, folder):
    done = threading.Event()

    def replace_again_and_again():
        other = FolderKeystore(folder)
        while not done.is_set():
            other.retire("mfa-seeds", other.rotate("mfa-seeds") - 1)

    replacing = threading.Thread(target=replace_again_and_again)
    replacing.start()
    try:
        for _ in range(1000):
            keys.seal("mfa-seeds", PLACE, SEED)
    finally:
        done.set()
        replacing.join()

    assert keys.versions("mfa-seeds")[0] > 2
