"""What does early access stand on when a key is lost, damaged, rotated or left over? The developer can always leave."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError
from tests.apps.scene_engagements import (
    DICE,
    ENDPOINT,
    TERMS,
    Scene,
    admit,
    agreed,
    ask,
    drafted,
    offered,
    started,
    token,
)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.models import AccessLine, Engagement, ModelVersion, Receipt
from watchbell.apps.engagements.services import IsOver, Release, log, rounds
from watchbell.apps.engagements.words import Material
from watchbell.apps.journal.models import Entry
from watchbell.cli import doctor
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Admission, TurnedAway
from watchbell.domain.terms import EvidenceOnWithdrawal, Purpose
from watchbell.doors.keys import keystore
from watchbell.outside.keystore import FolderKeystore, KeyKind, KeyMissing, KeystoreError
from watchbell.outside.keystore.interface import verify_signature

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KEEPING = replace(TERMS, evidence_on_withdrawal=EvidenceOnWithdrawal.KEEP_TO_ITS_DATE)
HOW = ("missing", "bit flipped", "cut off", "of another wrapping key")


def key_file(name: str) -> Path:
    return Path(settings.WATCHBELL.keys) / f"{name}.key"


def spoil(name: str, how: str, tmp_path: Path) -> None:
    """Make one key unusable, as a bad disk or a wrong restore would."""
    file = key_file(name)
    content = bytearray(file.read_bytes())
    if how == "missing":
        file.unlink()
    elif how == "bit flipped":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif how == "cut off":
        file.write_bytes(content[: len(content) // 2])
    else:
        foreign = FolderKeystore(tmp_path / "foreign")
        foreign.create(KeyKind.SIGNING if name in ("receipts", "journal-heads") else KeyKind.AEAD, key_id=name)
        shutil.copyfile(tmp_path / "foreign" / f"{name}.key", file)


@contextmanager
def spoiled(name: str, how: str, tmp_path: Path) -> Iterator[None]:
    """Spoil a key of the node for the block, and put it back."""
    kept = key_file(name).read_bytes()
    try:
        spoil(name, how, tmp_path)
        yield
    finally:
        key_file(name).write_bytes(kept)
        key_file(name).chmod(0o600)


def leaves_and_releases(scene: Scene) -> None:
    """Withdraw and release, whatever is wrong with the keys; nobody is let in afterwards."""
    text = token(scene)
    services.withdraw(scene.engagement, **scene.by("lab"))
    services.release(scene.model, Release.PARTNERS, **scene.by("lab"))

    answer = admit(ask(text))[0]
    assert scene.fresh().stands is State.WITHDRAWN
    assert isinstance(answer, TurnedAway)
    assert not key_file(scene.engagement.access_key).exists()


@pytest.mark.parametrize("how", HOW)
def test_without_the_key_for_names_nobody_registers_and_all_else_goes_on(cast: Cast, how: str, tmp_path: Path) -> None:
    scene = started(cast)

    with spoiled("model-names", how, tmp_path):
        with pytest.raises(KeystoreError, match="model-names"):
            services.register_model("Another", "cd" * 32, **scene.by("lab"))
        with pytest.raises(KeystoreError, match="model-names"):
            services.name_of(scene.model, keys=keystore())
        seen = doctor._keys(settings.WATCHBELL)
        assert isinstance(admit(ask(token(scene)))[0], Admission)
        leaves_and_releases(scene)

    assert (seen.state, "model-names" in seen.found, bool(seen.todo)) == (doctor.State.ILL, True, True)
    assert not ModelVersion.objects.filter(digest="cd" * 32).exists()


@pytest.mark.parametrize("how", HOW)
def test_without_the_key_for_receipts_access_ends_and_the_receipt_comes_later(
    cast: Cast, how: str, tmp_path: Path
) -> None:
    scene = started(cast)

    with spoiled("receipts", how, tmp_path):
        seen = doctor._keys(settings.WATCHBELL)
        leaves_and_releases(scene)
        services.make_round(now=NOON, keys=keystore(), rng=DICE)
        assert not Receipt.objects.exists()
        owed = doctor._access(settings.WATCHBELL)

    services.make_round(now=NOON + DAY, keys=keystore(), rng=DICE)
    assert (seen.state, "receipts" in seen.found) == (doctor.State.ILL, True)
    assert (owed.state, "receipt" in owed.found) == (doctor.State.NOTE, True)
    assert {one.key for one in queries.receipts_of(scene.engagement)} == {"access", "evidence"}


@pytest.mark.parametrize("how", HOW)
def test_without_the_key_for_heads_no_log_is_exported_and_all_else_goes_on(
    cast: Cast, how: str, tmp_path: Path
) -> None:
    scene = started(cast)
    before = AccessLine.objects.count()

    with spoiled("journal-heads", how, tmp_path):
        with pytest.raises(KeystoreError, match="journal-heads"):
            services.export(scene.engagement, by=cast.lab.actor, now=NOON, keys=keystore())
        assert AccessLine.objects.count() == before
        seen = doctor._keys(settings.WATCHBELL)
        leaves_and_releases(scene)

    assert (seen.state, "journal-heads" in seen.found) == (doctor.State.ILL, True)


@pytest.mark.parametrize("how", HOW)
def test_without_its_access_key_nobody_calls_and_no_other_engagement_suffers(
    cast: Cast, how: str, tmp_path: Path
) -> None:
    scene, other = started(cast), started(cast, digest="ab" * 32)
    text, others = token(scene), token(other)
    spoil(scene.engagement.access_key, how, tmp_path)
    seen = doctor._access(settings.WATCHBELL)

    answer, fine = admit(ask(text), ask(others))

    assert isinstance(answer, TurnedAway)
    assert (answer.status, scene.fresh().stands) == ((403, State.ENDED) if how == "missing" else (503, State.ACTIVE))
    assert isinstance(fine, Admission)
    assert (seen.state, scene.engagement.access_key in seen.found) == (doctor.State.ILL, True)
    assert "withdraws" in seen.todo
    services.withdraw(scene.engagement, **scene.by("lab"))
    services.release(scene.model, Release.PUBLIC, **scene.by("lab"))
    assert not scene.fresh().stands.is_open
    assert not key_file(scene.engagement.access_key).exists()


@pytest.mark.parametrize("how", HOW)
def test_without_its_evidence_key_terms_stay_shut_and_access_goes_on(cast: Cast, how: str, tmp_path: Path) -> None:
    scene = started(cast, KEEPING)
    spoil(scene.engagement.evidence_key, how, tmp_path)
    seen = doctor._access(settings.WATCHBELL)

    with pytest.raises(KeystoreError, match=scene.engagement.evidence_key):
        services.open_terms(scene.engagement, Purpose.RUN, **scene.by("lab"))
    assert isinstance(admit(ask(token(scene)))[0], Admission)
    assert (seen.state, scene.engagement.evidence_key in seen.found) == (doctor.State.ILL, True)
    leaves_and_releases(scene)
    assert scene.engagement.receipts.filter(key="evidence").exists() is (how == "missing")


def test_one_engagement_that_cannot_be_ended_keeps_the_round_from_no_other(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = started(cast), started(cast, digest="ab" * 32)
    end = NOON + timedelta(hours=720)
    ending = rounds.end_if_over

    def breaks(engagement: Engagement, **how: Any) -> bool:
        if engagement.pk == one.engagement.pk:
            raise DatabaseError("a broken page")
        return ending(engagement, **how)

    monkeypatch.setattr(rounds, "end_if_over", breaks)
    with pytest.raises(DatabaseError, match="broken page"):
        services.make_round(now=end, keys=keystore(), rng=DICE)

    assert (one.fresh().stands, other.fresh().stands) == (State.ACTIVE, State.ENDED)


def test_a_round_with_an_empty_folder_for_keys_ends_nothing(cast: Cast, tmp_path: Path) -> None:
    scene = started(cast)

    with pytest.raises(KeystoreError, match="mounted"):
        services.make_round(now=NOON, keys=FolderKeystore(tmp_path / "empty"), rng=DICE)

    assert scene.fresh().stands is State.ACTIVE


def test_a_start_that_was_undone_leaves_a_key_the_round_takes_away_and_can_be_made_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = agreed(cast)
    signature = scene.sign("lab", services.start_to_sign(scene.engagement))
    with monkeypatch.context() as broken:
        broken.setattr(log, "write", no_room)
        for _ in range(2):
            with pytest.raises(DatabaseError):
                services.start(scene.engagement, signature, **scene.by("lab"))
    assert key_file(scene.engagement.access_key).exists()

    services.make_round(now=NOON, keys=keystore(), rng=DICE)

    assert not key_file(scene.engagement.access_key).exists()
    assert services.start(scene.engagement, signature, **scene.by("lab")).stands is State.ACTIVE


def no_room(*_: Any, **__: Any) -> None:
    raise DatabaseError("disk full")


def test_keys_of_engagements_that_are_not_there_or_over_go_in_the_next_round_and_no_others(cast: Cast) -> None:
    scene, draft = started(cast), drafted(cast, digest="ab" * 32)
    kept, unknown = "e" * 32, "f" * 32
    over = started(cast, KEEPING, digest="cd" * 32)
    access = key_file(over.engagement.access_key).read_bytes()
    services.withdraw(over.engagement, **over.by("lab"))
    key_file(over.engagement.access_key).write_bytes(access)  # an older copy of the keystore came back
    key_file(over.engagement.access_key).chmod(0o600)
    key_file(over.engagement.access_key).with_suffix(".destroyed").unlink()
    for name in (f"access-{unknown}", f"evidence-{unknown}", f"oidc-{kept}"):
        keystore().create(KeyKind.AEAD, key_id=name)

    services.make_round(now=NOON, keys=keystore(), rng=DICE)

    there = set(keystore().names())
    assert not {f"access-{unknown}", f"evidence-{unknown}", over.engagement.access_key} & there
    assert {
        scene.engagement.access_key,
        scene.engagement.evidence_key,
        draft.engagement.evidence_key,
        over.engagement.evidence_key,
        f"oidc-{kept}",
    } <= there
    removed = Entry.objects.filter(action="engagement.key_removed").values_list("subject_id", flat=True)
    assert {f"access-{unknown}", f"evidence-{unknown}", over.engagement.public_id} <= set(removed)
    keystore().destroy(f"oidc-{kept}")


def test_offers_whose_terms_nobody_can_read_any_more_lapse_and_lost_evidence_has_its_receipt(cast: Cast) -> None:
    waiting, over = offered(cast, digest="ab" * 32), started(cast, KEEPING)
    services.withdraw(over.engagement, **over.by("lab"))
    for scene in (waiting, over):
        key_file(scene.engagement.evidence_key).unlink()

    services.make_round(now=NOON, keys=keystore(), rng=DICE)

    assert waiting.fresh().stands is State.LAPSED
    assert over.engagement.receipts.filter(key="evidence").exists()
    with pytest.raises(IsOver):
        services.open_terms(over.fresh(), Purpose.AUDIT, **over.by("lab"))


@pytest.mark.parametrize("name", ["model-names", "receipts", "journal-heads", "evidence", "access"])
def test_a_key_is_rotated_while_it_is_used_and_what_an_early_retired_version_sealed_names_it(
    cast: Cast, name: str
) -> None:
    scene = started(cast)
    name = {"evidence": scene.engagement.evidence_key, "access": scene.engagement.access_key}.get(name, name)
    stop = threading.Event()
    rotated = []

    def rotate() -> None:
        while not stop.is_set() and len(rotated) < 40:
            rotated.append(keystore().rotate(name))

    thread = threading.Thread(target=rotate)
    thread.start()
    try:
        for number in range(8):
            model = services.register_model(f"Model {number}", f"{number:064x}", **scene.by("lab"))
            assert services.name_of(model, keys=keystore()) == f"Model {number}"
            services.set_endpoint(scene.engagement, ENDPOINT, **scene.by("lab"))
            assert isinstance(admit(ask(token(scene)))[0], Admission)
            b"".join(services.export(scene.engagement, by=cast.lab.actor, now=NOON, keys=keystore()))
    finally:
        stop.set()
        thread.join(20)

    assert rotated
    if name in (scene.engagement.evidence_key, scene.engagement.access_key, "model-names"):
        for version in keystore().versions(name)[:-1]:
            keystore().retire(name, version)
        keystore().rotate(name)
        keystore().retire(name, keystore().versions(name)[0])
        with pytest.raises(KeyMissing, match=rf"{name}: its version \d+ was retired"):
            opened_with(scene, name)
    services.withdraw(scene.engagement, **scene.by("lab"))
    for receipt in Receipt.objects.all():
        assert verify_signature(bytes(receipt.public_key), bytes(receipt.signature), bytes(receipt.content))


def opened_with(scene: Scene, name: str) -> object:
    if name == "model-names":
        return services.name_of(scene.model, keys=keystore())
    if name == scene.engagement.evidence_key:
        return services.terms_of(scene.engagement, keys=keystore())
    sealed = bytes(scene.fresh().grant.sealed_endpoint)
    return services.open_sealed(scene.engagement, "endpoint", sealed, key=Material.ACCESS, keys=keystore())
