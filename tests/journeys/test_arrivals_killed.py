"""A node that is killed while pieces of an upload come in, at any byte: nothing is lost, doubled or half taken."""

import hashlib
import json
import random
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.nodes import Node, Served, served, throwaway

FINDINGS, KILLS, PIECE = 1200, 6, 24 << 10
SEED = 1407


def findings() -> bytes:
    lines = [
        json.dumps({"id": f"f-{number}", "title": f"Overflow {number}", "description": "x" * 100})
        for number in range(FINDINGS)
    ]
    return "\n".join([*lines, '{"id": "bad"}']).encode()


@dataclass(slots=True)
class Client:
    """A program that sends pieces, is cut off, and asks where to go on."""

    token: str
    content: bytes
    dice: random.Random
    places: list[int] = field(default_factory=list)

    def ask(self, running: Served, path: str, method: str = "GET", body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency_Key": "monday"}
        status, _, answer = running.ask(path, method=method, body=body, **headers)
        assert status < 300, answer
        return json.loads(answer)  # noqa: TID251 (what our own node answered)

    def go_on(self, running: Served) -> int:
        here: int = self.ask(running, "/api/v1/submissions?key=monday")["received"]
        self.places.append(here)
        return here

    def piece(self, here: int) -> tuple[str, bytes]:
        digest = hashlib.sha256(self.content).hexdigest()
        path = f"/api/v1/arrivals?at={here}&size={len(self.content)}&sha256={digest}"
        return path, self.content[here : here + PIECE]

    def send_until_killed(self, running: Served) -> None:
        """Send pieces; kill the node when some bytes of one are sent, or a moment after all of them are."""
        here = self.go_on(running)
        for _ in range(self.dice.randrange(2)):
            path, body = self.piece(here)
            here = self.ask(running, path, "POST", body)["received"]
        path, body = self.piece(here)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
        whole = f"{head}Idempotency-Key: monday\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        is_whole = self.dice.random() < 0.5
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as line:
            line.sendall(whole if is_whole else whole[: self.dice.randrange(1, len(whole))])
            time.sleep(self.dice.random() * 0.05)
            running.process.kill()
            running.process.wait(timeout=30)

    def finish(self, running: Served) -> Any:
        here = self.go_on(running)
        while here < len(self.content):
            path, body = self.piece(here)
            here = self.ask(running, path, "POST", body)["received"]
        return self.ask(running, "/api/v1/arrivals/end", "POST")


def taken_in(client: Client, running: Served, submission: str) -> Any:
    until = time.monotonic() + 120
    while (answer := client.ask(running, f"/api/v1/submissions/{submission}"))["stage"] != "over":
        assert time.monotonic() < until, answer
        time.sleep(0.2)
    return answer


def sent_through_kills(node: Node) -> tuple[Client, Any, Any]:
    node.make()
    with served(node) as running:
        client = Client(running.newcomer("Harbour Lab", "lab", "submit", "read")[1], findings(), random.Random(SEED))
        client.send_until_killed(running)
    for _ in range(KILLS - 1):
        with served(node) as running:
            client.send_until_killed(running)
    with served(node) as running:
        ended = client.finish(running)
        over = taken_in(client, running, ended["submission"])
        again = client.ask(running, "/api/v1/submissions", "POST", client.content)
    return client, over, again


@pytest.mark.slow
def test_an_upload_goes_on_through_a_node_killed_at_any_byte_and_every_item_is_there_once(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        client, over, again = sent_through_kills(node)

    assert over["counts"] == {"stored": FINDINGS, "same": 0, "refused": 1}
    assert client.places == sorted(client.places)
    assert all(place % PIECE == 0 for place in client.places)
    assert client.places[-1] > 0
    assert again["submission"] == over["submission"]
    assert [one["outcome"] for one in again["items"]] == ["stored"] * FINDINGS + ["refused"]
    assert again["items"][-1]["refusal"]["place"] == f"line {FINDINGS + 1} /title"
