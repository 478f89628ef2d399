"""The developer's credential and the caller's token show up nowhere: no answer, header, log line or exception."""

import base64
import json
import logging
import traceback
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.scene import CREDENTIAL, TOKEN, Got, Scene
from tests.support import model_endpoint as its
from tests.support.model_endpoint import JSON, raw, reflecting, spoken, whole

from watchbell.domain.metering import Admission, Ask, Dialect, Ending, Scheme, Upstream, Usage
from watchbell.outside.upstream import Redactor, Sending, Spelling
from watchbell.outside.upstream.redaction import MARK

FORMS = (CREDENTIAL, CREDENTIAL.replace("/", "\\/"), "sk-lab%2FCANARY%2B0123456789abcdefghij")


def shows(text: str) -> bool:
    return any(form in text for form in FORMS) or "CANARY" in text


def everything(got: Got) -> str:
    return got.body.decode(errors="replace") + repr(got.headers)


@pytest.mark.parametrize(
    ("where", "stream"),
    [("body", False), ("error", False), ("stream", True), ("split", True)],
)
def test_gw_12_a_credential_that_is_sent_back_is_taken_out(scene: Scene, where: str, stream: bool) -> None:
    scene.answers(reflecting(where))

    got = scene.ask(stream=stream)

    assert not shows(everything(got))
    assert MARK.decode() in got.body.decode()
    assert scene.settled().response_bytes > 0


def test_gw_12_a_credential_that_is_spelt_out_letter_by_letter_ends_the_stream(scene: Scene) -> None:
    scene.answers(reflecting("letter by letter"))

    got = scene.ask(stream=True)

    assert got.last["error"]["code"] == "endpoint-reflects-credential"
    said = "".join(
        json.loads(event.removeprefix(b"data: "))["choices"][0]["delta"].get("content", "")  # noqa: TID251
        for event in got.events[:-1]
    )
    assert said.startswith("you sent ")
    assert len(said) - len("you sent ") < 6
    assert scene.settled().ending is Ending.ENDPOINT_BROKEN


def test_gw_12_words_that_only_begin_like_the_credential_are_not_lost(scene: Scene) -> None:
    words = ("the key ", "sk-lab/", "CAN", "OE", " is", " no", " key", " sk-lab/CANARY+0123")
    scene.answers(spoken(words))

    got = scene.ask(stream=True)

    assert b"[DONE]" in got.body
    for word in words:
        assert json.dumps(word).encode() in got.body


def test_no_log_line_answer_or_exception_shows_a_secret_or_what_was_said(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(
        logging.Formatter, "formatException", lambda _, info: "".join(traceback.format_exception(*info))
    )
    got = []
    for answer in (
        spoken(),
        reflecting("error"),
        reflecting("body"),
        raw(its.OK + b"X: a\nb\r\n\r\n"),
        raw(its.CLOSE),
        raw(whole(b"<html>" + CREDENTIAL.encode(), headers=JSON)),
        its.hanging(),
    ):
        scene.answers(answer)
        got += [scene.ask(messages=[{"role": "user", "content": "PROMPT-CANARY"}]), scene.ask("messages", stream=True)]
    got.append(scene.ask(token=TOKEN + "x"))
    broken = type("Broken", (ConnectionError,), {})(f"could not ask with {TOKEN} and {CREDENTIAL}")
    scene.ledger.trouble = broken
    got.append(scene.ask())
    scene.ledger.trouble = None

    told = caplog.text + "".join(record.getMessage() for record in caplog.records)

    assert len(caplog.records) >= len(got)
    assert not shows(told)
    assert TOKEN not in told
    assert "PROMPT-CANARY" not in told
    assert not any(shows(everything(one)) or TOKEN in everything(one) for one in got)


def test_a_log_line_is_json_and_names_the_call_its_status_and_its_time(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    got = scene.ask()
    refused = scene.send("POST", "/v1/" + "x" * 5000)
    scene.wait_for(lambda: len([one for one in caplog.records if one.name == "watchbell.gateway"]) == 2)

    told = [one.getMessage() for one in caplog.records if one.name == "watchbell.gateway"]
    lines = sorted((json.loads(one) for one in told), key=lambda line: line["status"])  # noqa: TID251
    assert [(line["status"], line.get("code")) for line in lines] == [(200, None), (404, "no-such-path")]
    assert lines[0]["call"] == got.headers["x-watchbell-call"]
    assert lines[1]["reference"] == refused.headers["x-reference-id"] == refused.error["reference"]
    assert all(len(json.dumps(line)) < 400 for line in lines)


def test_an_unexpected_error_is_named_by_its_kind_alone(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(dict):  # type: ignore[type-arg]
        def __contains__(self, name: object) -> bool:
            raise RuntimeError(f"{TOKEN} {CREDENTIAL}")

    upstream = scene.grant.upstream
    fields = {name: getattr(upstream, name) for name in ("base_url", "credential", "scheme")}
    models = Odd(alias="m-1")
    scene.grant.upstream = Upstream(models={"alias": "m-1"}, **fields)
    made = scene.ledger.admit
    scene.ledger.admit = lambda asks, **named: [  # type: ignore[method-assign]
        Admission(
            call=one.call,
            engagement=one.engagement,
            upstream=Upstream(models=models, **fields),
            ends_at=one.ends_at,
        )
        for one in made(asks, **named)
    ]
    try:
        got = scene.ask()
    finally:
        del scene.ledger.admit

    assert (got.status, got.error["code"]) == (500, "gateway-error")
    assert "RuntimeError" in caplog.text
    assert not shows(everything(got) + caplog.text)
    assert scene.settled().ending is Ending.STOPPED


def test_credentials_do_not_show_when_what_holds_them_is_printed() -> None:
    upstream = Upstream(base_url="https://x", credential=CREDENTIAL, scheme=Scheme.BEARER, models={})
    sending = Sending(base_url="https://x", path="/", body=b"BODY-CANARY", header="a", prefix="", credential=CREDENTIAL)
    ask = Ask(token=TOKEN, dialect=Dialect.CHAT, model="m", most=Usage(0, 0), request_digest="")

    for one in (upstream, sending, ask):
        assert not shows(repr(one))
        assert TOKEN not in repr(one)


# -- taking a credential out of bytes


@given(st.lists(st.integers(0, 400), max_size=10), st.integers(0, 2))
def test_a_credential_is_found_however_its_bytes_arrive(places: list[int], form: int) -> None:
    secret = FORMS[form].encode()
    data = b"sk-lab " + secret + b" and " + secret[:20] + b"\n" + secret + secret[:-1]
    edges = [0, *sorted(one % (len(data) + 1) for one in places), len(data)]
    redactor = Redactor(CREDENTIAL)

    out = b"".join(redactor.feed(data[start:end]) for start, end in pairwise(edges))
    out += redactor.rest()

    assert out == b"sk-lab " + MARK + b" and " + secret[:20] + b"\n" + MARK + secret[:-1]
    assert redactor.found == 2


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_what_holds_no_credential_comes_through_unchanged(data: bytes, places: list[int]) -> None:
    edges = [0, *sorted(one % (len(data) + 1) for one in places), len(data)]
    redactor = Redactor(CREDENTIAL)

    out = b"".join(redactor.feed(data[start:end]) for start, end in pairwise(edges))

    assert out + redactor.rest() == data


def test_a_credential_too_short_to_be_one_is_not_looked_for() -> None:
    assert Redactor("abc").whole(b"abcabc") == b"abcabc"
    assert not Spelling("abc").hears(b"abc")


@given(st.lists(st.integers(1, 8), min_size=1, max_size=60))
def test_a_credential_is_heard_however_it_is_spelt(steps: list[int]) -> None:
    spelling, text = Spelling(CREDENTIAL), "you sent " + CREDENTIAL + "!"
    heard, at = False, 0

    for step in [*steps, *[1] * len(text)]:
        heard = heard or spelling.hears(text[at : at + step].encode())
        at += step

    assert heard


def test_what_is_encoded_anew_is_not_recognised() -> None:
    """A known limit: an endpoint that means to tell its own credential can, in more ways than anyone can list."""
    told = base64.b64encode(CREDENTIAL.encode())

    assert Redactor(CREDENTIAL).whole(told) == told
