"""What the journal anchors of an access log reaches the developer in its own export, and holds the log to it."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction
from tests.cli.access_log import ENGAGEMENT, ENTRIES, OURS, head_after, public, written

from watchbell.apps.journal import services as journal
from watchbell.cli import main as command
from watchbell.domain.handling import Actor, ActorKind, system
from watchbell.outside.keystore import FolderKeystore, KeyKind

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LAB = "1" * 32

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(tmp_path: Path) -> FolderKeystore:
    store = FolderKeystore(tmp_path / "keys")
    store.ensure("journal-heads", KeyKind.SIGNING)
    return store


@pytest.fixture
def export(keys: FolderKeystore, tmp_path: Path) -> Path:
    """Anchor both chains of the log, publish a head, and write the lab's export to a file."""
    with transaction.atomic():
        for chain, entries in ENTRIES.items():
            journal.record(
                at=NOON,
                by=system("gateway"),
                action="engagement.log_anchored",
                subject=journal.Subject("engagements.engagement", ENGAGEMENT),
                concerns=[LAB],
                digests={"head": head_after(len(entries), chain)},
                facts={"chain": chain, "size": len(entries)},
                rng=random.Random(chain),
            )
    journal.publish_head(now=NOON, keys=keys, rng=random.Random(2))
    lab = Actor(kind=ActorKind.PERSON, person="9" * 32, organisation=LAB)
    path = tmp_path / "journal.ndjson"
    path.write_bytes(b"".join(journal.export(by=lab, now=NOON, keys=keys, rng=random.Random(3)).lines))
    return path


def verify(log: list[bytes], export: Path, tmp_path: Path, *options: str) -> int:
    (tmp_path / "log.ndjson").write_bytes(b"".join(log))
    with pytest.raises(SystemExit) as ended:
        command.main(["journal", "verify", str(tmp_path / "log.ndjson"), "--journal", str(export), *options])
    return int(ended.value.code or 0)


def test_a_log_agrees_with_the_developers_own_journal(
    export: Path, keys: FolderKeystore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trusted = ["--key", public(OURS), "--key", keys.public_key("journal-heads").hex()]

    assert verify(written(), export, tmp_path, *trusted) == 0
    assert "2 anchors in the journal agree" in capsys.readouterr().out


def test_a_log_whose_end_was_cut_and_signed_anew_disagrees_where_it_was_cut(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shorter = {**ENTRIES, "calls-1": ENTRIES["calls-1"][:1]}

    assert verify(written(shorter), export, tmp_path) == 1
    assert "NOT hold at line 3: the journal anchors 2 entries of chain calls-1" in capsys.readouterr().out


def test_a_journal_with_an_anchor_changed_speaks_for_nothing(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export.write_bytes(export.read_bytes().replace(b'"size":2}', b'"size":1}', 1))

    assert verify(written(), export, tmp_path) == 1
    assert "The journal does NOT hold at line" in capsys.readouterr().out


def test_the_logs_key_alone_does_not_speak_for_the_journal(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(written(), export, tmp_path, "--key", public(OURS)) == 1
    assert "not one you trust" in capsys.readouterr().out
