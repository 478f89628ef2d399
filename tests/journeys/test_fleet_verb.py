"""`watchbell fleet`: a node's inventory as one file, matched by whatever engine is there, whole and in parts."""

import csv
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.nodes import Node, throwaway

from watchbell.cli import main as command
from watchbell.formats import strictjson

HAS_DUCKDB = importlib.util.find_spec("duckdb") is not None
RECORDS = 6


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("fleet")
    events = [{"introduced": "0"}, {"fixed": "2.0"}]
    records = [
        {"id": f"TEST-{n}", "modified": "2026-01-01T00:00:00Z", "affected": [{
            "package": {"ecosystem": "PyPI", "name": f"=bell-{n}" if n == 0 else f"bell-{n}"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }]}
        for n in range(RECORDS)
    ]  # fmt: skip
    (folder / "osv.ndjson").write_text("".join(json.dumps(one) + "\n" for one in records))
    parts = [{"type": "library", "name": "b", "purl": f"pkg:pypi/bell-{n}@1.{n}"} for n in range(RECORDS)]
    parts.append({"type": "library", "name": "firmware", "version": "3"})
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}
    (folder / "pump.json").write_text(json.dumps(bill))
    with throwaway(folder / "home") as made:
        assert made.watchbell("init").returncode == 0
        made.answer("admin", "org", "Hospital", "--kind", "operator")
        made.answer("import", "osv", str(folder / "osv.ndjson"))
        made.answer("import", "sbom", str(folder / "pump.json"), "--org", "Hospital", "--asset", "=pump", "--wait")
        yield made


@pytest.fixture(scope="module")
def fleet(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "fleet.sqlite3"
    counts = node.answer("fleet", "export", "--out", str(out))
    assert (counts["assets"], counts["components"], counts["unassessed"]) == (1, RECORDS, 1)
    return out


def test_an_operator_exports_once_and_every_engine_finds_the_same(node: Node, fleet: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parquet"
    if HAS_DUCKDB:
        node.answer("fleet", "export", "--parquet", "--out", str(folder), "--org", "Hospital")
    engines = [("sqlite", fleet), *([("duckdb", folder)] if HAS_DUCKDB else [])]

    for engine, where in engines:
        done = node.watchbell("fleet", "match", str(where), "--engine", engine, "--json")
        answer = strictjson.loads(done.stdout)
        assert done.returncode == 1, done.stderr
        assert answer == {"matches": RECORDS - 1, "unassessed": {"no package identity": 1}}
    assert sorted(one.name for one in tmp_path.iterdir()) == (["parquet"] if HAS_DUCKDB else [])


def test_parts_add_up_to_the_whole_and_a_spreadsheet_runs_nothing_of_it(
    node: Node, fleet: Path, tmp_path: Path
) -> None:
    rows = []
    for part in ("1/2", "2/2"):
        out = tmp_path / f"{part[0]}.csv"
        node.watchbell("fleet", "match", str(fleet), "--part", part, "--out", str(out))
        rows += list(csv.DictReader(out.open(encoding="utf-8")))
    node.watchbell("fleet", "match", str(fleet), "--out", str(tmp_path / "whole.ndjson"))
    whole = [strictjson.loads(line) for line in (tmp_path / "whole.ndjson").read_text().splitlines()]

    assert sorted(one["advisory"] for one in rows) == sorted(one["advisory"] for one in whole)
    assert len(whole) == RECORDS - 1
    assert {one["asset"] for one in rows} == {"'=pump"}
    assert {one["asset"] for one in whole} == {"=pump"}


def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a verb that needs no node in this process; return its exit code and all it said."""
    for name in [name for name in os.environ if name.startswith("WATCHBELL_")]:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit) as ended:
        command.main(["fleet", *words])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["match", "nothing"], "There is nothing at nothing"),
        (["match", "other.sqlite3"], "not a fleet's file"),
        (["match", "other.sqlite3", "--engine", "postgresql"], "set WATCHBELL_DATABASE_URL"),
        (["match", "x", "--part", "0/2"], "--part takes I/N"),
        (["match", "x", "--part", "3/2"], "--part takes I/N"),
    ],
)
def test_what_cannot_be_matched_is_refused_with_what_to_do(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.sqlite3").touch()

    code, said = here(monkeypatch, capsys, *words)

    assert code == 2
    assert told in said


def test_engines_are_asked_whether_they_agree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = here(monkeypatch, capsys, "check", "--seed", "7", "--json")

    answer = strictjson.loads(said)
    assert code == 0
    assert (answer["differences"], answer["agree"][0]) == ([], "sqlite")
    assert "postgresql" in answer["absent"]


def test_a_killed_export_leaves_nothing_that_could_be_taken_for_a_fleet_and_is_simply_run_again(
    node: Node, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "watchbell", "fleet", "export", "--out", str(tmp_path / "fleet")]
    growing = tmp_path / "fleet.unfinished"

    running = subprocess.Popen(command, cwd=node.home, env=node.environment)
    for _ in range(2000):
        if growing.exists() or running.poll() is not None:
            break
        time.sleep(0.002)
    running.send_signal(signal.SIGKILL)
    was_killed = running.wait() == -signal.SIGKILL
    assert (tmp_path / "fleet").exists() is not was_killed
    (tmp_path / "fleet").unlink(missing_ok=True)
    refused = node.watchbell("fleet", "export", "--out", str(tmp_path / "fleet"), "--org", "Nobody")
    again = node.answer("fleet", "export", "--out", str(tmp_path / "fleet"))

    assert (refused.returncode, "No operator has the id or name 'Nobody'" in refused.stderr) == (2, True)
    assert again["components"] == RECORDS
    assert [one.name for one in tmp_path.iterdir()] == ["fleet"]


def test_everything_on_a_node_is_matched_anew_when_asked(node: Node) -> None:
    assert node.answer("fleet", "rematch", "--wait") == {"versions": RECORDS, "done": True}
    assert node.watchbell("doctor").returncode == 0
