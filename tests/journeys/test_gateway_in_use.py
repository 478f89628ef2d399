"""Evaluators call a lab's model through real gateway processes: two against PostgreSQL, one on SQLite, one endpoint."""

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.model_endpoint import ModelEndpoint, spoken
from tests.support.nodes import Node, throwaway

pytestmark = pytest.mark.slow
HELLO = [{"role": "user", "content": "hello"}]
BODIES: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": HELLO, "max_tokens": 50},
    "responses": {"input": "hello", "max_output_tokens": 50},
    "messages": {"messages": HELLO, "max_tokens": 50},
}
LAB_CREDENTIAL = "sk-canary-of-the-lab"
DEEDS = "tests.support.early_access"


@dataclass
class Gateway:
    """One gateway process and the port it listens on."""

    process: "subprocess.Popen[str]"
    port: int
    log: Path

    def ask(self, token: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(
                "GET" if body is None else "POST", f"/v1/{path}", sent, {"Authorization": f"Bearer {token}"}
            )
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@dataclass
class Scene:
    """A node, its gateways, the lab's endpoint and a running engagement."""

    node: Node
    gateways: list[Gateway]
    endpoint: ModelEndpoint
    engagement: str
    token: str
    lab: str
    said: list[bytes] = field(default_factory=list)

    def lab_does(self, deed: str) -> dict[str, Any]:
        found: dict[str, Any] = self.node.run(DEEDS, deed, self.engagement, self.lab)
        return found

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = self.node.run(DEEDS, "look", self.engagement)
        return found

    def logs(self) -> str:
        return "".join(one.log.read_text(encoding="utf-8") for one in self.gateways)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("early-access") / "home"
    with ExitStack() as stack:
        node = stack.enter_context(throwaway(home))
        node.make()
        endpoint = stack.enter_context(ModelEndpoint(spoken(usage=(11, 7))))
        made = node.run(DEEDS, "begin", endpoint.base_url)
        number = 2 if node.database_url else 1
        gateways = [stack.enter_context(_gateway(node, at, endpoint.base_url)) for at in range(number)]
        yield Scene(node, gateways, endpoint, made["engagement"], made["token"], made["lab"])


@contextmanager
def _gateway(node: Node, number: int, allow: str, port: int = 0) -> Iterator[Gateway]:
    log = node.home.parent / f"gateway-{number}.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchbell", "gateway", "--port", str(port)],
            cwd=node.home,
            env=node.environment | {"WATCHBELL_EGRESS_ALLOW": allow},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )
    try:
        yield Gateway(process, _port_of(process, log), log)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _port_of(process: "subprocess.Popen[str]", log: Path) -> int:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if said := re.search(r"listens on http://\S+:(\d+)\.", log.read_text(encoding="utf-8")):
            return int(said[1])
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8")[-4000:] or "the gateway said nothing")


def test_every_interface_answers_through_every_gateway_and_only_the_gateway_knows_the_labs_credential(
    scene: Scene,
) -> None:
    for gateway in scene.gateways:
        for path, body in BODIES.items():
            for streams in (False, True):
                more = {"stream": True} if streams else {}
                status, _, said = gateway.ask(scene.token, path, {"model": "northlight-1", **body, **more})
                assert (status, b"Hello" in said) == (200, True), said[:300]
                scene.said.append(said)
        status, _, said = gateway.ask(scene.token, "models")
        assert (status, b"northlight-1" in said, b"nl-1-2026-11" in said) == (200, True, False)

    asked = scene.endpoint.asked
    sent = [one.headers.get("authorization", "") + one.headers.get("x-api-key", "") for one in asked]
    assert all(LAB_CREDENTIAL in one for one in sent)
    assert not any(scene.token in f"{one.headers}{one.body!r}" for one in asked)
    assert {one.told["model"] for one in asked} == {"nl-1-2026-11"}
    assert not any(LAB_CREDENTIAL.encode() in one for one in scene.said)


def test_each_call_is_in_the_log_and_charged_what_it_used(scene: Scene) -> None:
    told = scene.look()

    calls = len(scene.gateways) * 6
    assert told["used"] == [calls, calls * 18]
    assert told["running"] == 0
    assert told["lines"]["call"] == told["lines"]["settled"] == calls + len(scene.gateways)
    assert len([one for one in told["chains"] if one.startswith("gateway-")]) == len(scene.gateways)
    assert "Hello" not in told["entries"]
    assert LAB_CREDENTIAL not in told["entries"] + scene.logs()


def test_what_is_not_in_the_terms_is_refused_before_it_reaches_the_endpoint(scene: Scene) -> None:
    before = len(scene.endpoint.asked)
    asked = {"messages": HELLO, "max_tokens": 5}
    gateway = scene.gateways[-1]

    unknown = gateway.ask("wbg_" + "0" * 32 + "_nothing", "chat/completions", {"model": "northlight-1", **asked})
    other = gateway.ask(scene.token, "chat/completions", {"model": "northlight-9", **asked})
    huge = gateway.ask(scene.token, "chat/completions", {"model": "northlight-1", **asked, "max_tokens": 10**6})

    assert [one[0] for one in (unknown, other, huge)] == [401, 403, 402]
    assert len(scene.endpoint.asked) == before


def test_a_pause_is_503_with_a_time_and_the_developer_resumes(scene: Scene) -> None:
    asked = {"model": "northlight-1", "messages": HELLO, "max_tokens": 5}
    scene.lab_does("pause")

    paused = [gateway.ask(scene.token, "chat/completions", asked) for gateway in scene.gateways]
    scene.lab_does("resume")
    again = scene.gateways[0].ask(scene.token, "chat/completions", asked)

    assert [one[0] for one in paused] == [503] * len(paused)
    assert all(int(one[1]["retry-after"]) > 0 for one in paused)
    assert again[0] == 200


def test_withdrawing_cuts_what_streams_within_a_second_and_nothing_is_let_through_again(scene: Scene) -> None:
    scene.endpoint.answer = spoken(("word ",) * 2000, pause=0.05)
    asked = {"model": "northlight-1", "messages": HELLO, "max_tokens": 5, "stream": True}
    ends: dict[int, tuple[float, bytes]] = {}

    def stream(at: int) -> None:
        _, _, said = scene.gateways[at].ask(scene.token, "chat/completions", asked)
        ends[at] = (time.time(), said)

    threads = [threading.Thread(target=stream, args=(at,)) for at in range(len(scene.gateways))]
    for one in threads:
        one.start()
    until = time.monotonic() + 20
    while scene.look()["running"] < len(threads) and time.monotonic() < until:
        time.sleep(0.1)
    told = scene.lab_does("withdraw")
    acknowledged = time.time()
    for one in threads:
        one.join(30)

    assert told["state"] == "withdrawn"
    assert told["receipts"] == ["access", "evidence"]
    assert len(ends) == len(threads)
    assert all(b"word" in said and b"error" in said for _, said in ends.values())
    # A generous bound for a busy machine; what it really takes is measured by the benchmark.
    assert max(at for at, _ in ends.values()) < acknowledged + 10
    for gateway in scene.gateways:
        status, _, said = gateway.ask(scene.token, "chat/completions", {**asked, "stream": False})
        assert (status, b"window-over" in said) == (403, True), said[:300]


def test_the_developer_takes_the_log_along_and_a_stranger_verifies_it(scene: Scene) -> None:
    scene.lab_does("export")
    file = scene.node.home / "access-log.ndjson"

    good = scene.node.watchbell("journal", "verify", str(file))
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    bad = scene.node.watchbell("journal", "verify", str(file))

    assert good.returncode == 0, good.stderr + good.stdout
    assert bad.returncode not in (0, 70)
    assert "gateway-" in "".join(one.decode() for one in lines)
