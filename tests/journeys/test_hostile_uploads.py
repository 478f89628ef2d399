"""Is every hostile upload answered with what is wrong and where, with nothing stored and the node alive?"""

import gzip
import io
import json
import os
import socket
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import Served, served, throwaway

HANG_SECONDS = 60
MIB = 1 << 20


class Door:
    """A node, and a token that may hand findings in."""

    def __init__(self, running: Served, token: str) -> None:
        self.running = running
        self.token = token

    def send(self, body: bytes, *, seconds: float = HANG_SECONDS, **headers: str) -> tuple[int, dict[str, str], Any]:
        status, told, answer = self.running.ask(
            "/api/v1/submissions",
            method="POST",
            body=body,
            seconds=seconds,
            Authorization=f"Bearer {self.token}",
            **headers,
        )
        return status, told, json.loads(answer)  # noqa: TID251 (what our own node answered)

    def read(self, path: str) -> Any:
        status, _, body = self.running.ask(path, Authorization=f"Bearer {self.token}")
        assert status == 200, body
        return json.loads(body)  # noqa: TID251 (as above)

    def taken_in(self, place: str) -> Any:
        """Wait until a large upload is taken in, and return what is said of it then."""
        until = time.monotonic() + 5 * HANG_SECONDS
        while (answer := self.read(place))["completed_at"] is None and time.monotonic() < until:
            time.sleep(0.5)
        return answer

    def cpu_seconds(self) -> float:
        """Return how much CPU the node's process has used, so that other work on this machine does not count."""
        fields = Path(f"/proc/{self.running.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stored(self) -> tuple[int, int]:
        """Return how many findings this lab has, and how many sealed files the node holds."""
        findings = self.read("/api/v1/submissions/findings")
        files = [path for path in (self.running.node.home / "blobs").rglob("*") if path.is_file()]
        return len(findings), len(files)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with throwaway(tmp_path_factory.mktemp("hostile") / "home") as node:
        node.make()
        with served(node) as running:
            yield Door(running, running.newcomer("Harbour Lab", "lab", "submit", "read")[1])


def sarif(inner: str = "", results: int = 0) -> bytes:
    result = '{"ruleId":"R","message":{"text":"t%d"},"locations":[]}'
    rows = ",".join(result % number for number in range(results))
    return f'{{"version":"2.1.0",{inner}"runs":[{{"tool":{{"driver":{{"name":"x"}}}},"results":[{rows}]}}]}}'.encode()


def report(inner: str) -> bytes:
    return f'{{"document":{{"category":"csaf_vulnerability_report",{inner}"csaf_version":"2.1"}}}}'.encode()


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def lying(archive: bytes) -> bytes:
    """Return the archive with sizes in its directory that are far smaller than what is inside."""
    start = archive.rindex(b"PK\x01\x02")
    return archive[: start + 24] + struct.pack("<I", 10) + archive[start + 28 :]


FINDING = b'{"id":"a","title":"t","product":{"purl":"pkg:pypi/orderly@1.0.0"}}'
ZEROS = bytes(300 * MIB)

# What takes a second to make is made by its own test: whoever only looks for tests would wait for it too.
WHOLE: dict[str, bytes | Callable[[], bytes]] = {
    "IN-07 a key twice in SARIF": sarif('"version":"2.1.0",'),
    "IN-07 a marking twice": report('"distribution":{"tlp":{"label":"RED"}},"distribution":{"tlp":{"label":"CLEAR"}},'),
    "IN-08 not a number": sarif('"x":NaN,'),
    "IN-08 infinity": sarif('"x":-Infinity,'),
    "IN-08 too great a number": sarif('"x":1e999,'),
    "IN-08 five thousand digits": sarif(f'"x":{"9" * 5000},'),
    "IN-09 NUL": sarif('"x":"a\\u0000b",'),
    "IN-09 raw NUL": b"\x00" + sarif(),
    "IN-09 lone surrogate": sarif('"x":"\\ud800",'),
    "IN-09 UTF-16": sarif().decode().encode("utf-16"),
    "IN-09 overlong UTF-8": sarif('"x":"a",').replace(b'"a"', b'"\xc0\xaf"'),
    "too deep": b"[" * 100_000,
    "cut off": sarif()[:-3],
    "nothing": b"",
    "IN-20 bomb": lambda: gzip.compress(ZEROS, mtime=0),
    "IN-20 bomb in a zip": lambda: zipped(("a.json", ZEROS)),
    "IN-20 lying size": lying(zipped(("a.json", FINDING * 1000))),
    "IN-20 nested": zipped(("inner.zip", zipped(("a.json", FINDING)))),
    "IN-20 out of the folder": zipped(("../../etc/cron.d/a.json", FINDING)),
    "IN-20 from the root": zipped(("/etc/cron.d/a.json", FINDING)),
    "IN-20 same name twice": zipped(("a.json", FINDING), ("b.json", FINDING)).replace(b"b.json", b"a.json"),
    "IN-20 several documents": zipped(("a.json", FINDING), ("b.json", FINDING)),
    "IN-20 two thousand members": zipped(*((f"{number}.json", FINDING) for number in range(2000))),
    "IN-25 a program": b"\x7fELF\x02\x01\x01" + bytes(100),
    "IN-25 a page": b"<html><body>{}</body></html>",
}


@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE)
def test_a_hostile_document_is_refused_with_its_place_and_nothing_is_stored(
    door: Door, body: bytes | Callable[[], bytes]
) -> None:
    before = door.stored()

    status, headers, problem = door.send(body() if callable(body) else body)

    assert status == 400, problem
    assert headers["content-type"] == "application/problem+json"
    assert problem["code"]
    assert problem.get("place") or problem.get("expected") or problem.get("todo"), problem
    assert door.stored() == before
    assert door.running.ask("/readyz")[0] == 200


LINES = {
    "IN-07 a key twice": b'{"id":"a","id":"b","title":"t"}',
    "IN-08 not a number": b'{"id":"a","title":"t","x_a":NaN}',
    "IN-08 too great a number": b'{"id":"a","title":"t","x_a":1e999}',
    "IN-09 NUL": b'{"id":"a","title":"t\\u0000"}',
    "IN-09 lone surrogate": b'{"id":"a","title":"\\udc00"}',
    "IN-09 overlong UTF-8": b'{"id":"a","title":"\xc0\xaf"}',
    "too deep": b'{"id":"a","title":"t","x_a":' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_hostile_line_is_refused_with_its_number(door: Door, line: bytes) -> None:
    before = door.stored()[0]

    status, _, answer = door.send(line + b"\n" + line + b"\n")

    assert status == 200
    assert answer["counts"] == {"refused": 2}
    assert [item["refusal"]["place"].partition(" ")[0] for item in answer["items"]] == ["line", "line"]
    assert door.stored()[0] == before


@pytest.mark.slow
def test_of_25001_results_all_up_to_the_limit_are_taken_and_the_rest_is_counted(door: Door) -> None:
    before = door.cpu_seconds()

    status, told, answer = door.send(sarif(results=25_001))
    place = told.get("location", "")
    taken = door.taken_in(place)
    over = [item["refusal"] for item in door.read(f"{place}/items?after=24999")["items"] if item["refusal"]]

    assert door.cpu_seconds() - before < HANG_SECONDS
    assert status == 202, answer
    assert taken["counts"] == {"stored": 25_000, "same": 0, "refused": 1}
    assert [refusal["code"] for refusal in over] == ["too-many"]
    assert over[0]["message"].startswith("1 result")


def test_addresses_in_a_document_are_never_asked_for(door: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.5)
        there = f"http://127.0.0.1:{trap.getsockname()[1]}/x"
        place = f'{{"physicalLocation":{{"artifactLocation":{{"uri":"{there}"}}}}}}'
        body = sarif(results=1).replace(b'"locations":[]', f'"locations":[{place}]'.encode())

        status, _, _ = door.send(body)

        assert status == 200
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_body_that_asks_to_be_inflated_is_not_taken(door: Door, coding: str) -> None:
    before = door.stored()

    status, headers, problem = door.send(gzip.compress(FINDING, mtime=0), Content_Encoding=coding)

    assert status == 415
    assert headers["content-type"] == "application/problem+json"
    assert problem["expected"]
    assert door.stored() == before


def test_an_upload_over_the_limit_is_answered_before_it_is_read(door: Door) -> None:
    before = door.stored()

    status, _, problem = door.send(b" " * (65 * MIB))

    assert status == 413
    assert problem["code"] == "too-large"
    assert door.stored() == before


def test_honest_findings_still_come_in_after_all_this(door: Door, tmp_path: Path) -> None:
    status, _, answer = door.send(b'{"id":"honest","title":"t","product":{"purl":"pkg:pypi/orderly@1.0.0"}}\n')

    assert status == 200
    assert answer["counts"] == {"stored": 1}
