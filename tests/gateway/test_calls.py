"""A call goes through under the developer's credential, comes back as it was said, and is counted."""

import hashlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.gateway.scene import CREDENTIAL, PATHS, QUICK, TOKEN, Scene, served
from tests.support.metering_ledger import MemoryLedger
from tests.support.model_endpoint import SAID, ModelEndpoint, spoken, whole

from watchbell.domain.metering import Amount, Ending, Scheme, Usage

DIALECTS = sorted(PATHS)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_comes_back_as_it_was_said_and_is_counted(scene: Scene, dialect: str, stream: bool) -> None:
    got = scene.ask(dialect, stream=stream)

    assert got.status == 200
    assert ("".join(SAID) in got.body.decode()) or all(json.dumps(word) in got.body.decode() for word in SAID)
    assert got.headers["content-type"].startswith("text/event-stream" if stream else "application/json")
    settled = scene.settled()
    assert settled.call == got.headers["x-watchbell-call"]
    assert (settled.ending, settled.status, settled.usage) == (Ending.ANSWERED, 200, Usage(11, 7))
    assert settled.answered_as == "m-1"
    assert scene.grant.used == Amount(1, 18, 0)


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_endpoint_sees_the_credential_and_its_own_name_and_never_the_token(
    endpoint: ModelEndpoint, dialect: str, scheme: Scheme
) -> None:
    with served(endpoint, scheme=scheme) as scene:
        scene.ask(dialect, stream=True, user="me", metadata={"who": "me"})

    (received,) = endpoint.asked
    assert received.path == f"/v1/{dialect}"
    assert received.headers["authorization" if scheme is Scheme.BEARER else "x-api-key"].endswith(CREDENTIAL)
    assert ("x-api-key" in received.headers) == (scheme is Scheme.X_API_KEY)
    assert received.told["model"] == "m-1"
    assert TOKEN not in repr((received, received.body))
    assert not {"user", "metadata"} & set(received.told)
    assert received.headers["accept-encoding"] == "identity"


def test_only_the_interfaces_own_headers_go_out(scene: Scene) -> None:
    body = json.dumps({"model": "alias", "max_tokens": 5, "messages": []}).encode()
    sent = {
        "x-api-key": TOKEN,
        "anthropic-version": "2024-01-01",
        "anthropic-beta": "context-1m-2025-08-07",
        "cookie": "a=b",
        "x-forwarded-for": "10.0.0.1",
        "openai-organization": "org",
        "user-agent": "somebody's",
    }

    scene.send("POST", "/v1/messages", body, sent)

    (received,) = scene.endpoint.asked
    assert received.headers["anthropic-version"] == "2024-01-01"
    assert received.headers["anthropic-beta"] == "context-1m-2025-08-07"
    assert not {"cookie", "x-forwarded-for", "openai-organization"} & set(received.headers)
    assert received.headers["user-agent"] == "Watchbell"


def test_request_and_response_are_known_by_their_digests(scene: Scene) -> None:
    said = b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2},"odd":"\xc3\xbc"}'

    async def answer(received: Any) -> Any:
        yield whole(said)

    scene.answers(answer)
    body = json.dumps({"model": "alias", "messages": []}).encode()

    got = scene.send("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {TOKEN}"})

    settled = scene.settled()
    assert got.body == said
    assert (settled.response_digest, settled.response_bytes) == (hashlib.sha256(said).hexdigest(), len(said))
    assert scene.ledger.asks[settled.call].request_digest == hashlib.sha256(body).hexdigest()


def test_what_is_reserved_bounds_what_is_asked_for(scene: Scene) -> None:
    body = json.dumps({"model": "alias", "messages": [], "max_tokens": 30, "n": 2}).encode()

    scene.send("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {TOKEN}"})

    assert scene.ledger.asks[scene.settled().call].most == Usage(len(body), 60)


def test_models_in_scope_are_listed_without_calling_the_endpoint(scene: Scene) -> None:
    got = scene.send("GET", "/v1/models", headers={"x-api-key": TOKEN})

    assert [row["id"] for row in got.told["data"]] == ["alias", "other"]
    assert scene.settled().ending is Ending.NOT_SENT
    assert scene.endpoint.connections == 0
    assert scene.grant.used == Amount()


@pytest.mark.parametrize(("asked_for", "counts"), [({}, 0), ({"stream_options": {"include_usage": True}}, 1)])
def test_the_chunk_that_only_counts_reaches_who_asked_for_it(
    scene: Scene, asked_for: dict[str, Any], counts: int
) -> None:
    got = scene.ask(stream=True, **asked_for)

    assert got.body.count(b'"completion_tokens"') == counts
    assert scene.endpoint.asked[0].told["stream_options"] == {"include_usage": True}
    assert scene.settled().usage == Usage(11, 7)


def test_a_connection_serves_one_call_after_the_other(scene: Scene) -> None:
    for _ in range(5):
        assert scene.ask().status == 200
        assert scene.ask(stream=True).status == 200

    assert scene.endpoint.connections == 1


def test_a_connection_that_nobody_uses_is_closed_after_a_while(endpoint: ModelEndpoint) -> None:
    with served(endpoint, bounds=replace(QUICK, unused_seconds=0.5)) as scene:
        for _ in range(2):
            assert scene.ask().status == 200
            scene.wait_for(lambda: scene.endpoints.unused == 1)
            time.sleep(0.1)
        scene.wait_for(lambda: scene.endpoints.unused == 0)

        assert scene.ask().status == 200

    assert endpoint.connections == 2


def test_two_credentials_never_share_a_connection(endpoint: ModelEndpoint) -> None:
    ledger = MemoryLedger()
    with served(endpoint, ledger=ledger) as scene:
        assert scene.ask().status == 200
        upstream = scene.grant.upstream
        fields = {name: getattr(upstream, name) for name in ("base_url", "scheme", "models")}
        scene.grant.upstream = type(upstream)(credential="sk-another-lab-key", **fields)

        assert scene.ask().status == 200

    assert endpoint.connections == 2
    assert [one.headers["authorization"][-10:] for one in endpoint.asked] == [CREDENTIAL[-10:], "er-lab-key"]


# -- what the ledger says is what the caller gets


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"tokens": 10}, 402, "budget-spent"),
        ({"requests": 0}, 402, "budget-spent"),
        ({"is_stopped": True}, 403, "window-over"),
        ({"at_once": 0}, 429, "too-many-at-once"),
        ({"is_paused": True}, 503, "paused"),
    ],
)
def test_the_ledger_turns_a_call_away_in_the_callers_own_interface(
    scene: Scene, dialect: str, change: dict[str, Any], status: int, code: str
) -> None:
    for name, value in change.items():
        setattr(scene.grant, name, value)

    got = scene.ask(dialect, stream=True)

    assert (got.status, got.error["code"], got.headers["x-watchbell-code"]) == (status, code, code)
    assert ("retry-after" in got.headers) == (status in (429, 503))
    assert (got.told.get("type") == "error") == (dialect == "messages")
    assert scene.endpoint.connections == 0


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "token-missing"),
        ({"Authorization": "Basic abc"}, "token-missing"),
        ({"Authorization": "Bearer"}, "token-missing"),
        ({"Authorization": "Bearer " + "x" * 600}, "token-missing"),
        ({"Authorization": "Bearer nobody"}, "bad-token"),
        ({"x-api-key": "nobody"}, "bad-token"),
    ],
)
def test_a_bad_token_is_401_and_a_token_in_the_address_is_none(
    scene: Scene, headers: dict[str, str], code: str
) -> None:
    body = json.dumps({"model": "alias", "messages": []}).encode()

    got = scene.send("POST", f"/v1/chat/completions?api_key={TOKEN}&token={TOKEN}", body, headers)

    assert (got.status, got.error["code"]) == (401, code)
    assert scene.endpoint.connections == 0


def test_a_model_out_of_scope_is_403(scene: Scene) -> None:
    got = scene.ask(model="another")

    assert got.status == 403
    assert scene.endpoint.connections == 0


def test_a_request_that_reaches_beyond_the_model_is_403_noted_and_free(scene: Scene) -> None:
    got = scene.ask("responses", tools=[{"type": "web_search"}])

    assert (got.status, got.error["code"]) == (403, "out-of-scope-tool")
    assert "web_search" in got.error["message"]
    assert scene.settled().ending is Ending.OUT_OF_SCOPE
    assert scene.grant.used.tokens == 0
    assert scene.endpoint.connections == 0


# -- what cannot be read


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("POST", "/v1/chat/completions", b"{", {}, 400, "not-json"),
        ("POST", "/v1/messages", b'{"model":"a","model":"b"}', {}, 400, "duplicate-key"),
        ("POST", "/v1/responses", b"[" * 5000, {}, 400, "too-deep"),
        ("POST", "/v1/chat/completions", b"{}", {"Content-Encoding": "gzip"}, 415, "content-encoding"),
        ("GET", "/v1/chat/completions", b"", {}, 405, "wrong-method"),
        ("POST", "/v1/models", b"", {}, 405, "wrong-method"),
        ("POST", "/v1/embeddings", b"{}", {}, 404, "no-such-path"),
        ("GET", "/", b"", {}, 404, "no-such-path"),
        ("POST", "/v1/chat/completions/../models", b"{}", {}, 404, "no-such-path"),
    ],
)
def test_a_request_that_cannot_be_read_costs_nothing_and_says_why(
    scene: Scene, method: str, path: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    got = scene.send(method, path, body, {"Authorization": f"Bearer {TOKEN}", **headers})

    assert (got.status, got.error["code"]) == (status, code)
    assert not scene.ledger.asks
    assert scene.endpoint.connections == 0


def test_whoever_runs_the_gateway_sees_that_it_lives(scene: Scene) -> None:
    assert scene.send("GET", "/healthz").body == b"alive"


def test_every_answer_forbids_keeping_it_and_names_no_software(scene: Scene) -> None:
    for got in (scene.ask(), scene.ask(stream=True), scene.ask(token="bad"), scene.send("GET", "/healthz")):
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "server" not in got.headers
        assert "uvicorn" not in repr(got).lower()


def test_an_endpoint_that_counts_nothing_costs_what_was_reserved(scene: Scene) -> None:
    scene.answers(spoken(usage=None))

    for stream in (False, True):
        before = scene.grant.used
        scene.ask(stream=stream, max_tokens=50)
        call = scene.settled().call

        most = scene.ledger.asks[call].most
        assert (scene.grant.used - before).tokens == most.input_tokens + most.output_tokens
