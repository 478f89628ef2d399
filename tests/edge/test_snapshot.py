"""A snapshot is one file: the same from the same records, whole or not there, and never believed when damaged."""

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import NOON
from tests.edge.scene import Desk, between, bill, osv

from watchbell.edge.build import build
from watchbell.edge.snapshot import opened
from watchbell.formats import strictjson

RECORDS = [
    osv(f"PYSEC-{at}", f"package-{at % 7}", *between("0", f"1.{at}"), aliases=[f"CVE-2026-{at // 2 + 1:04}"])
    for at in range(40)
]


def test_the_same_records_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for turn in range(3):
        records = random.Random(turn).sample(RECORDS, len(RECORDS))
        lines, rest = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
        lines.write_text("\n".join(json.dumps(one) for one in records[:25]))
        rest.write_text("\n".join(json.dumps(one) for one in records[20:]))
        places = [str(lines), str(rest)][:: 1 if turn else -1]
        build(places, tmp_path / "snapshot", now=NOON)
        made.append((tmp_path / "snapshot").read_bytes())

    later = build([str(tmp_path)], tmp_path / "later", now=NOON + timedelta(days=1))

    assert made[0] == made[1] == made[2]
    assert later.ranges == len(RECORDS)


def test_of_two_forms_of_a_record_the_newer_one_counts(desk: Desk) -> None:
    old = osv("PYSEC-1", "gate", *between("0", "9"))
    new = osv("PYSEC-1", "gate", *between("0", "2"), modified="2026-06-01T00:00:00Z")
    desk.build(new, old)

    code, answer = desk.match(bill("pkg:pypi/gate@5", "pkg:pypi/gate@1"))

    assert code == 1
    assert [one["component"]["purl"] for one in answer["matches"]] == ["pkg:pypi/gate@1"]


def test_a_build_that_breaks_off_leaves_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = tmp_path / "source.json", tmp_path / "out" / "snapshot"
    out.parent.mkdir()
    source.write_text(json.dumps(RECORDS[0]))
    build([str(source)], out, now=NOON)
    before = out.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        build([str(source)], out, now=NOON + timedelta(days=1))

    assert out.read_bytes() == before
    assert [one.name for one in out.parent.iterdir()] == ["snapshot"]


def test_what_is_refused_is_listed_with_its_place_and_the_rest_is_in_it(desk: Desk) -> None:
    source = desk.put("a.ndjson", b'{"id": "PYSEC-1", "affected": []}\nnot json\n{"id": 5, "affected": []}\n')

    code = desk.run("snapshot", "build", "--from", source, "--out", str(desk.folder / "snapshot"))

    assert code == 3
    assert "a.ndjson, line 2" in desk.err
    assert "1 read, 2 refused" in desk.out
    assert desk.run("snapshot", "info", str(desk.folder / "snapshot"), "--json") == 0
    assert strictjson.loads(desk.out)["sources"][0]["records"] == 1


def test_a_place_with_nothing_to_read_makes_no_snapshot(desk: Desk) -> None:
    out = desk.folder / "snapshot"
    for content in (b"", b"hello", b"{}", b"[1]", b"\x00\x01", b"PK\x03\x04"):
        place = desk.put("source", content)

        assert desk.run("snapshot", "build", "--from", place, "--out", str(out)) == 2, content
        assert desk.err
        assert not out.exists()


def test_a_flipped_byte_or_a_missing_end_is_noticed_also_when_it_was_unpacked_before(desk: Desk) -> None:
    path = Path(desk.build(*RECORDS[:3]))
    whole = path.read_bytes()
    listed = bill("pkg:pypi/package-1@0.1")
    assert desk.match(listed)[0] == 1

    for at in range(0, len(whole) - 512, 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert desk.match(listed)[0] == 2
        assert "uild it again" in desk.err
    for length in (0, 1, 511, 512, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert desk.match(listed)[0] == 2


def test_a_damaged_copy_in_the_cache_heals_itself(desk: Desk) -> None:
    desk.build(*RECORDS[:3])
    listed = bill("pkg:pypi/package-1@0.1")
    assert desk.match(listed)[0] == 1
    (kept,) = (desk.folder / "home" / "cache" / "snapshots").iterdir()
    size = kept.stat().st_size

    kept.write_bytes(b"x" * size)
    first = desk.match(listed)[0]
    second = desk.match(listed)[0]
    kept.write_bytes(b"short")
    third = desk.match(listed)[0]

    assert (first, second, third) == (2, 1, 1)


def test_many_programs_may_unpack_at_once_and_one_without_a_cache_still_answers(desk: Desk, tmp_path: Path) -> None:
    path = desk.build(*RECORDS)

    def count(home: str) -> int:
        with opened(path, {"WATCHBELL_HOME": home}) as db:
            return int(db.execute("SELECT count(*) FROM main.affected_range").fetchone()[0])

    with ThreadPoolExecutor(8) as pool:
        counts = set(pool.map(count, [str(tmp_path / "shared")] * 16))
    without = count("/dev/null/nowhere")

    assert counts == {len(RECORDS)} == {without}
    assert len(list((tmp_path / "shared" / "cache" / "snapshots").iterdir())) == 1


def test_a_killed_unpacking_leaves_nothing_that_counts(desk: Desk) -> None:
    path = desk.build(*RECORDS)
    program = (
        "import os, sys\n"
        "from watchbell.edge import snapshot\n"
        "snapshot.os.replace = lambda *names: os.kill(os.getpid(), 9)\n"
        f"with snapshot.opened({path!r}, os.environ): pass\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)

    code, _ = desk.match(bill("pkg:pypi/package-1@0.1"))

    assert killed.returncode == -9
    assert code == 1
