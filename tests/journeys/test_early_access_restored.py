"""A backup taken while access runs opens nothing of it once it has ended, and holds no word of it before."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import Node, throwaway

pytestmark = pytest.mark.slow
DRILL = "tests.support.drill_early_access"
ALL = ["agreement", "endpoint", "offer", "start", "terms"]


@dataclass(frozen=True, slots=True)
class Drill:
    """One node that let evaluators in, was backed up meanwhile, and ended all of it."""

    folder: Path
    node: Node
    begun: dict[str, Any]
    said: str
    ended: dict[str, Any]

    def look(self, keys: str, name: str) -> dict[str, Any]:
        """Restore the backup with these keys into an empty node and return what it opens."""
        with throwaway(self.folder / name) as fresh:
            done = fresh.watchbell("restore", str(self.folder / "backup"), "--keys", str(self.folder / keys))
            assert done.returncode == 0, done.stderr
            found = dict(fresh.run(DRILL, "look", str(self.folder / "known")))
            verified = fresh.watchbell("journal", "verify")
            return {**found, "holds": verified.returncode == 0}


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    folder = tmp_path_factory.mktemp("drill")
    with throwaway(folder / "node") as node:
        node.make()
        begun = node.run(DRILL, "begin", str(folder / "known"))
        exported = node.watchbell("journal", "export", "--org", begun["lab"], "--out", str(folder / "own.ndjson"))
        assert exported.returncode == 0, exported.stderr
        shutil.copytree(node.home / "keys", folder / "keys-running")
        words = ("backup", "--out", str(folder / "backup"), "--keys-out", str(folder / "keys-out"))
        said = node.watchbell(*words)
        assert said.returncode == 0, said.stderr
        ended = node.run(DRILL, "end", str(folder / "known"))
        shutil.copytree(node.home / "keys", folder / "keys-now")
        yield Drill(folder, node, begun, said.stdout, ended)


def test_no_backup_holds_a_key_of_early_access_and_it_says_so(drill: Drill) -> None:
    names = {path.name for path in (drill.folder / "keys-out").iterdir()}

    assert {"wrapping.key", "receipts.key", "model-names.key"} <= names
    assert not [name for name in names if name.startswith(("access-", "evidence-")) and name.endswith(".key")]
    assert "6 left out" in drill.said
    assert len(list((drill.folder / "keys-running").glob("access-*.key"))) == 3


def test_what_was_ended_is_over_on_the_node_itself(drill: Drill) -> None:
    assert drill.ended["states"] == {"withdrawn": "withdrawn", "ended": "ended", "forgotten": "withdrawn"}
    assert drill.ended["left"] == {"withdrawn": ["evidence"], "ended": ["evidence"], "forgotten": []}


def test_with_the_keystore_of_now_the_backup_opens_only_what_is_kept_to_its_date_and_nobody_gets_in(
    drill: Drill,
) -> None:
    found = drill.look("keys-now", "restored")

    assert set(found["before"].values()) == {"active"}
    assert found["opened"] == {
        "withdrawn": sorted(set(ALL) - {"endpoint"}),
        "ended": sorted(set(ALL) - {"endpoint"}),
        "forgotten": [],
    }
    assert set(found["answers"].values()) == {403}
    assert set(found["after"].values()) == {"ended"}
    assert found["receipts"] == {"withdrawn": ["access"], "ended": ["access"], "forgotten": ["access", "evidence"]}
    assert found["holds"]


def test_with_the_copied_keys_nothing_opens_and_the_next_use_writes_the_ending_down(drill: Drill) -> None:
    found = drill.look("keys-out", "restored-too")

    assert set(found["before"].values()) == {"active"}
    assert set(map(tuple, found["opened"].values())) == {()}
    assert set(found["answers"].values()) == {403}
    assert set(found["after"].values()) == {"ended"}
    assert set(map(tuple, found["receipts"].values())) == {("access", "evidence")}
    assert found["holds"]


def test_no_word_of_it_stands_in_database_logs_backup_exports_or_temporary_files(drill: Drill) -> None:
    needles = [word.encode() for word in drill.begun["canaries"]]
    assert len(needles) == 11
    dump = plain_dump(drill.folder / "backup")
    places = [
        drill.folder / name for name in ("running", "backup", "keys-running", "keys-out", "own.ndjson", "known.log")
    ]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file()]
    files += [file for file in Path(tempfile.gettempdir()).glob("watchbell*") if file.is_file()]

    found = {(file.name, word) for file in files for word in needles if word in file.read_bytes()}

    assert found == set()
    assert dump == b"" or not [word for word in needles if word in dump]
    if not drill.node.database_url:
        looked_into = {file.name for file in files if drill.begun["lab"].encode() in file.read_bytes()}
        assert {"watchbell.sqlite3-wal", "database.sqlite3", "own.ndjson"} <= looked_into
    assert b"signing_key.added" in (drill.folder / "own.ndjson").read_bytes()


def plain_dump(backup: Path) -> bytes:
    """Return PostgreSQL's dump as text, since the file itself is compressed; nothing on the embedded database."""
    if not (backup / "database.dump").exists():
        return b""
    done = subprocess.run(["pg_restore", "-f", "-", str(backup / "database.dump")], capture_output=True, check=True)
    assert b"engagements_engagement" in done.stdout
    return done.stdout
