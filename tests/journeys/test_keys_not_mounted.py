"""A node whose key folder is not there starts nothing and makes no key, until that is what somebody says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.apps.scene_engagements import drafted
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.doors import keys
from watchbell.outside.keystore import FolderKeystore

SENTENCE = "The database of this node is there, but its keys are not"
embedded = pytest.mark.skipif("WATCHBELL_DATABASE_URL" in os.environ, reason="its node is on SQLite in either stage")


def watchbell(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb as people do, on a node of its own on the embedded database."""
    real = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_")}
    return subprocess.run(
        [sys.executable, "-m", "watchbell", *words],
        env={**real, "WATCHBELL_HOME": str(home), "WATCHBELL_KEYS": str(home.parent / "mount")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@embedded
@pytest.mark.slow
def test_no_verb_makes_keys_over_a_database_whose_keys_are_not_mounted(tmp_path: Path) -> None:
    home, mount, away = tmp_path / "home", tmp_path / "mount", tmp_path / "away"
    fresh = watchbell(home, "init")
    mount.rename(away)

    told = [watchbell(home, *verb) for verb in (["init"], ["serve"], ["doctor"])]
    there_is_no_folder = not mount.exists()
    mount.mkdir(mode=0o700)
    told += [watchbell(home, "init"), watchbell(home, "gateway")]
    made = list(mount.iterdir())
    mount.rmdir()
    away.rename(mount)
    well = watchbell(home, "init")

    assert fresh.returncode == 0, fresh.stderr
    assert {one.returncode for one in told} == {2}
    assert all(SENTENCE in one.stderr and "WATCHBELL_KEYS" in one.stderr for one in told)
    assert there_is_no_folder
    assert made == []
    assert well.returncode == 0, well.stderr


@embedded
@pytest.mark.slow
def test_new_keys_are_made_over_a_database_only_when_the_old_ones_are_said_to_be_lost(tmp_path: Path) -> None:
    home, mount = tmp_path / "home", tmp_path / "mount"
    watchbell(home, "init")
    shutil.rmtree(mount)

    refused, begun = watchbell(home, "init"), watchbell(home, "init", "--without-keys")
    after = watchbell(home, "init")

    assert refused.returncode == 2
    assert "`watchbell init --without-keys` makes new ones" in refused.stderr
    assert (begun.returncode, after.returncode) == (0, 0), begun.stderr + after.stderr
    assert {path.stem for path in mount.glob("*.key")} >= set(keys.NODE_KEYS)


@pytest.mark.django_db
def test_one_key_that_rows_need_is_missed_and_one_that_nothing_needs_is_not(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = keys.lost()
    drafted(cast, now=NOON)

    monkeypatch.setattr(keys, "keystore", lambda: FolderKeystore(tmp_path / "another"))

    assert nothing == []
    assert keys.lost() == ["model-names"]
