"""A node on the embedded database is one program to start: its gateway comes and goes with it."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

WAIT = 120


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    """Return a served demo's process and what it announced."""
    folder: Path = tmp_path_factory.mktemp("demo") / "node"
    command = [sys.executable, "-m", "watchbell", "demo", "--dir", str(folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            told, announced = (json.loads(process.stdout.readline()) for _ in range(2))  # noqa: TID251 (ours)
            assert all(step["ok"] for step in told["steps"])
            yield process, announced
        finally:
            if process.poll() is None:
                process.kill()


def asked(announced, path: str, **told: object) -> tuple[int, bytes]:
    request = urllib.request.Request(
        announced["gateway"] + path,
        json.dumps({"model": "northlight-3-mini", **told}).encode(),
        {"Authorization": "Bearer " + announced["gateway_token"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=WAIT) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/chat/completions", {"messages": HELLO}),
        ("/v1/responses", {"input": "Hello"}),
        ("/v1/messages", {"messages": HELLO, "max_tokens": 50}),
    ],
)
def test_the_served_demo_answers_a_call_of_a_model_through_its_own_gateway(served, path, told, stream) -> None:
    status, body = asked(served[1], path, stream=stream, **told)

    assert status == 200, body
    assert b"This is a rehearsal" in body


def test_a_model_outside_the_terms_is_not_reached(served) -> None:
    status, body = asked(served[1], "/v1/chat/completions", model="northlight-9", messages=HELLO)

    assert status == 403
    assert b"model-out-of-scope" in body


def test_the_gateway_ends_with_the_node(served) -> None:
    process, announced = served

    process.send_signal(signal.SIGTERM)
    process.wait(WAIT)

    with pytest.raises(OSError, match="refused"):
        asked(announced, "/v1/chat/completions", messages=HELLO)
