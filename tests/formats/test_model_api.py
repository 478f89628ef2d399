"""What a caller asks of a model goes out bounded and bare; what an endpoint says is read for what it is."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchbell.domain.metering import Dialect, Usage
from watchbell.domain.refusal import Refused
from watchbell.formats import model_api, strictjson
from watchbell.formats.model_api import asked, events, usage

CHAT, RESPONSES, MESSAGES = Dialect.CHAT, Dialect.RESPONSES, Dialect.MESSAGES
SPEAKING = (CHAT, RESPONSES, MESSAGES)
HELLO = [{"role": "user", "content": "hello"}]


def request(dialect: Dialect, **more: Any) -> bytes:
    held = {"input": "hello"} if dialect is RESPONSES else {"messages": HELLO}
    return json.dumps({"model": "alias", **held, **more}).encode()


def sent(dialect: Dialect, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = strictjson.loads(
        model_api.dumps(model_api.loads(request(dialect, **more), dialect), model="m-1")
    )
    return found


@pytest.mark.parametrize("dialect", SPEAKING)
def test_a_request_goes_out_under_the_endpoints_own_name_of_the_model(dialect: Dialect) -> None:
    read = model_api.loads(request(dialect), dialect)

    assert read.model == "alias"
    assert not read.streams
    assert sent(dialect)["model"] == "m-1"


@pytest.mark.parametrize("dialect", SPEAKING)
def test_nothing_about_the_caller_goes_out(dialect: Dialect) -> None:
    about = {"metadata": {"who": "me"}, "user": "me", "safety_identifier": "me", "prompt_cache_key": "me"}

    gone = sent(dialect, **about, service_tier="priority", temperature=0.5)

    assert not {*about, "service_tier"} & set(gone)
    assert gone["temperature"] == 0.5


@pytest.mark.parametrize("dialect", [CHAT, RESPONSES])
def test_the_endpoint_is_told_to_keep_nothing(dialect: Dialect) -> None:
    assert sent(dialect, store=True)["store"] is False
    assert sent(dialect)["store"] is False


def test_a_chat_stream_is_counted_and_keeps_its_other_options() -> None:
    gone = sent(CHAT, stream=True, stream_options={"include_usage": False, "include_obfuscation": False})

    assert gone["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert "stream_options" not in sent(CHAT, stream_options={"include_usage": True})
    assert sent(CHAT, stream=True, stream_options=None)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("dialect", "stated", "written"),
    [
        (CHAT, {"max_tokens": 10}, 10),
        (CHAT, {"max_completion_tokens": 20}, 20),
        (CHAT, {"max_tokens": 10, "max_completion_tokens": 20}, 20),
        (CHAT, {"max_tokens": 10, "n": 3}, 30),
        (CHAT, {"max_tokens": 10, "n": 3, "best_of": 5}, 50),
        (CHAT, {"n": None, "max_tokens": None}, asked.OUTPUT_TOKENS),
        (RESPONSES, {"max_output_tokens": 30}, 30),
        (RESPONSES, {"max_tokens": 30}, asked.OUTPUT_TOKENS),
        (MESSAGES, {"max_tokens": 40}, 40),
        (MESSAGES, {}, asked.OUTPUT_TOKENS),
    ],
)
def test_what_may_be_written_is_bounded_from_above(dialect: Dialect, stated: dict[str, Any], written: int) -> None:
    body = request(dialect, **stated)

    most = model_api.loads(body, dialect).most

    assert most == Usage(len(body), written)


@pytest.mark.parametrize(
    ("dialect", "name"), [(CHAT, "max_completion_tokens"), (RESPONSES, "max_output_tokens"), (MESSAGES, "max_tokens")]
)
def test_a_call_without_a_limit_gets_the_stated_one(dialect: Dialect, name: str) -> None:
    assert sent(dialect)[name] == asked.OUTPUT_TOKENS
    assert sent(dialect, **{name: 7})[name] == 7


def test_a_stated_limit_is_not_stated_twice() -> None:
    assert "max_completion_tokens" not in sent(CHAT, max_tokens=9)


def test_what_has_gone_out_is_let_go_of() -> None:
    read = model_api.loads(request(CHAT, stream_options={"include_usage": True}), CHAT)

    read.let_go()

    assert read.body == {}
    assert read.wants_count


def test_a_picture_counts_more_than_its_bytes_and_a_guess_counts_as_written() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body = request(CHAT, messages=[{"role": "user", "content": [picture, picture]}], max_tokens=1)
    guess = request(CHAT, prediction={"type": "content", "content": "x"}, max_tokens=1)

    assert model_api.loads(body, CHAT).most == Usage(len(body) + 2 * asked.MEDIA_TOKENS, 1)
    assert model_api.loads(guess, CHAT).most.output_tokens == 1 + len(guess)


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"[]", "wrong-type", "/"),
        (b"{", "not-json", "line 1 column 1"),
        (b"{}", "missing-field", "/model"),
        (b'{"model": 5}', "wrong-type", "/model"),
        (b'{"model": "' + b"a" * 201 + b'"}', "too-long", "/model"),
        (b'{"model":"a","model":"b"}', "duplicate-key", ""),
        (b'{"model":"a","stream":"yes"}', "wrong-type", "/stream"),
        (b'{"model":"a","max_tokens":"9"}', "wrong-type", "/max_tokens"),
        (b'{"model":"a","max_tokens":true}', "wrong-type", "/max_tokens"),
        (b'{"model":"a","max_tokens":0}', "wrong-value", "/max_tokens"),
        (b'{"model":"a","max_tokens":-5}', "wrong-value", "/max_tokens"),
        (b'{"model":"a","n":1000000}', "wrong-value", "/n"),
        (b'{"model":"a","x":' + b"[" * 120 + b"]" * 120 + b"}", "too-deep", ""),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_with_its_place(body: bytes, code: str, place: str) -> None:
    with pytest.raises(Refused) as caught:
        model_api.loads(body, CHAT)

    assert caught.value.refusal.code == code
    assert place in caught.value.refusal.place


PICTURE_ELSEWHERE = {"type": "image_url", "image_url": {"url": "https://elsewhere.example/a.png"}}
OUTSIDE: list[tuple[Dialect, dict[str, Any], str, str]] = [
    (CHAT, {"tools": [{"type": "web_search"}]}, "out-of-scope-tool", "/tools/0"),
    (CHAT, {"web_search_options": {"a": 1}}, "out-of-scope-field", "/web_search_options"),
    (CHAT, {"plugins": [{"id": "web"}]}, "out-of-scope-field", "/plugins"),
    (CHAT, {"search_parameters": {"mode": "on"}}, "out-of-scope-field", "/search_parameters"),
    (CHAT, {"enable_search": True}, "out-of-scope-field", "/enable_search"),
    (CHAT, {"data_sources": [{}]}, "out-of-scope-field", "/data_sources"),
    (CHAT, {"models": ["another"]}, "out-of-scope-field", "/models"),
    (
        CHAT,
        {"messages": [{"role": "user", "content": [PICTURE_ELSEWHERE]}]},
        "out-of-scope-address",
        "/messages/0/content/0/image_url",
    ),
    (
        CHAT,
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]},
        "out-of-scope-state",
        "/messages/0/content/0/file/file_id",
    ),
    *(
        (RESPONSES, {"tools": [{"type": "function", "name": "f"}, {"type": kind}]}, "out-of-scope-tool", "/tools/1")
        for kind in (
            *("web_search", "web_search_preview", "code_interpreter", "file_search", "computer_use_preview", "mcp"),
            *("image_generation", "local_shell", "shell", "", None, 5, "function\n", "Function"),
        )
    ),
    (RESPONSES, {"tools": ["function"]}, "out-of-scope-tool", "/tools/0"),
    (RESPONSES, {"background": True}, "out-of-scope-state", "/background"),
    (RESPONSES, {"previous_response_id": "r"}, "out-of-scope-state", "/previous_response_id"),
    (RESPONSES, {"conversation": "c"}, "out-of-scope-state", "/conversation"),
    (RESPONSES, {"conversation": {"id": "c"}}, "out-of-scope-state", "/conversation"),
    (RESPONSES, {"prompt": {"id": "p"}}, "out-of-scope-state", "/prompt"),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "i"}]}, "out-of-scope-state", "/input/0"),
    *(
        (RESPONSES, {"input": [{"role": "user", "content": [part]}]}, f"out-of-scope-{why}", f"/input/0/content/0/{at}")
        for part, why, at in (
            ({"type": "input_image", "image_url": "http://x.example/a"}, "address", "image_url"),
            ({"type": "input_image", "image_url": "HTTPS://x.example/a"}, "address", "image_url"),
            ({"type": "input_image", "image_url": "file:///etc/passwd"}, "address", "image_url"),
            ({"type": "input_image", "file_id": "f"}, "state", "file_id"),
            ({"type": "input_file", "file_url": "https://x.example/a.pdf"}, "address", "file_url"),
        )
    ),
    (MESSAGES, {"mcp_servers": [{"url": "https://x.example"}]}, "out-of-scope-field", "/mcp_servers"),
    (MESSAGES, {"container": "c"}, "out-of-scope-state", "/container"),
    *(
        (MESSAGES, {"tools": [{"type": kind, "name": "x"}]}, "out-of-scope-tool", "/tools/0")
        for kind in ("web_search_20250305", "web_fetch_20250910", "code_execution_20250825", "computer_20250124")
    ),
    *(
        (
            MESSAGES,
            {"messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]},
            f"out-of-scope-{why}",
            "/messages/0/content/0/source",
        )
        for source, why in (
            ({"type": "url", "url": "https://x.example/a.pdf"}, "address"),
            ({"type": "file", "file_id": "f"}, "state"),
        )
    ),
    (
        MESSAGES,
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t",
                            "content": [{"type": "image", "source": {"type": "url", "url": "http://x.example"}}],
                        }
                    ],
                }
            ]
        },
        "out-of-scope-address",
        "/messages/0/content/0/content/0/source",
    ),
]


@pytest.mark.parametrize(("dialect", "more", "code", "place"), OUTSIDE)
def test_what_reaches_beyond_the_model_is_refused_and_never_dropped_in_silence(
    dialect: Dialect, more: dict[str, Any], code: str, place: str
) -> None:
    read = model_api.loads(request(dialect, **more), dialect)

    assert read.out_of_scope is not None
    assert (read.out_of_scope.code, read.out_of_scope.place) == (code, place)
    with pytest.raises(Refused):
        model_api.dumps(read, model="m-1")


@pytest.mark.parametrize(
    ("dialect", "more"),
    [
        (CHAT, {"tools": [{"type": "function", "function": {"name": "web_search", "parameters": {}}}]}),
        (CHAT, {"tools": [{"type": "custom", "custom": {"name": "shell"}}], "tool_choice": "auto"}),
        (CHAT, {"background": False, "models": None, "prompt": None, "tools": []}),
        (
            CHAT,
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,A"}}],
                    }
                ]
            },
        ),
        (CHAT, {"messages": [{"role": "user", "content": "see https://x.example/a.png and file_id"}]}),
        (RESPONSES, {"tools": [{"type": "function", "name": "mcp"}], "previous_response_id": None}),
        (MESSAGES, {"tools": [{"name": "f", "input_schema": {}}, {"type": "bash_20250124", "name": "bash"}]}),
        (
            MESSAGES,
            {"tools": [{"type": "text_editor_20250728", "name": "e"}], "system": [{"type": "text", "text": "x"}]},
        ),
        (
            MESSAGES,
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "tool_use", "id": "t", "name": "get", "input": {"image_url": "http://x.example"}}
                        ],
                    }
                ]
            },
        ),
    ],
)
def test_what_the_caller_does_itself_stays(dialect: Dialect, more: dict[str, Any]) -> None:
    read = model_api.loads(request(dialect, **more), dialect)

    assert read.out_of_scope is None
    assert json.loads(model_api.dumps(read, model="m"))["model"] == "m"  # noqa: TID251


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(SPEAKING), st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_what_nobody_asked_about_goes_out_as_it_came(dialect: Dialect, more: dict[str, Any]) -> None:
    try:
        read = model_api.loads(request(dialect, **{f"x_{name}": value for name, value in more.items()}), dialect)
    except Refused as refused:
        assert refused.refusal.code in ("nul", "surrogate", "number-too-large")  # noqa: PT017
        return
    if read.out_of_scope is not None:
        return

    gone = strictjson.loads(model_api.dumps(read, model="m-1"))

    assert {name: gone[f"x_{name}"] for name in more} == more


@given(st.binary(max_size=200), st.sampled_from(SPEAKING))
def test_any_bytes_are_read_or_refused(data: bytes, dialect: Dialect) -> None:
    try:
        read = model_api.loads(data, dialect)
    except Refused:
        return
    assert read.model
    assert read.most.input_tokens >= len(data)


KNOWN = st.sampled_from(
    [
        *(
            "messages",
            "input",
            "system",
            "tools",
            "content",
            "type",
            "source",
            "image_url",
            "url",
            "file_id",
            "file_url",
        ),
        *("model", "stream", "n", "max_tokens", "stream_options", "usage", "choices", "delta", "response", "message"),
        *("error", "finish_reason", "tool_use", "document", "image", "function", "item_reference", "data:", "http://x"),
    ]
)
shaped = st.recursive(
    KNOWN | values,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KNOWN, inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(KNOWN, shaped, max_size=6), st.sampled_from(SPEAKING))
def test_any_shape_is_read_or_refused_and_goes_out_when_it_is_in_scope(body: dict[str, Any], dialect: Dialect) -> None:
    try:
        read = model_api.loads(json.dumps({"model": "alias", **body}).encode(), dialect)
    except Refused:
        return
    if read.out_of_scope is None:
        assert strictjson.loads(model_api.dumps(read, model="m-1"))["model"] == "m-1"


@given(shaped, st.sampled_from(SPEAKING))
def test_any_shape_of_answer_is_followed(told: Any, dialect: Dialect) -> None:
    body = json.dumps(told).encode()

    seen(dialect, b"data: " + body)
    assert isinstance(model_api.said(body), str)
    try:
        usage = model_api.read_whole(body, dialect).usage
    except Refused:
        return
    assert usage is None or min(usage.input_tokens, usage.output_tokens) >= 0


# -- events


STREAM = b": hello\r\n\r\ndata: one\ndata: two\n\nevent: a\rdata:three\r\rdata: f\xc3\xbcr\n\n\n\n" + (
    b"data: [DONE]\n\nrest without end"
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(one % (len(data) + 1) for one in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.integers(0, 200), max_size=12))
def test_events_are_the_same_however_their_bytes_arrive(places: list[int]) -> None:
    reader = model_api.Events()

    whole = [one for part in cut(STREAM, places) for one in reader.feed(part)]

    assert [events.data_of(one) for one in whole if events.data_of(one)] == [
        *(b"one\ntwo", b"three", b"f\xc3\xbcr", b"[DONE]"),
    ]
    assert b"".join(whole) + reader.rest == STREAM


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"data: a", b"b:", b"\xff", b""]), max_size=30))
@example([b"data: a", b"\r", b"\r", b"\n", b"\r"])
def test_no_byte_is_lost_or_made_up(parts: list[bytes]) -> None:
    reader, together = model_api.Events(), model_api.Events()

    one_by_one = [one for part in parts for one in reader.feed(part)]
    at_once = together.feed(b"".join(parts))

    assert b"".join([*one_by_one, reader.rest]) == b"".join(parts) == b"".join([*at_once, together.rest])
    assert [one for one in map(events.data_of, one_by_one) if one] == [
        one for one in map(events.data_of, at_once) if one
    ]


def test_a_stream_that_ends_right_after_its_last_event_loses_nothing() -> None:
    reader = model_api.Events()

    assert reader.feed(b"data: a\r\r") == []
    assert reader.close() == [b"data: a\r\r"]
    assert reader.close() == []


def test_a_huge_event_and_too_many_events_end_in_a_refusal() -> None:
    with pytest.raises(Refused, match="larger than"):
        model_api.Events(largest=1000).feed(b"data: " + b"x" * 2000)
    with pytest.raises(Refused, match="more than"):
        model_api.Events(most=10).feed(b"\n\n:\n\n" * 20)


def test_a_megabyte_byte_by_byte_costs_no_more_than_its_length() -> None:
    reader = model_api.Events()

    for _ in range(200_000):
        assert reader.feed(b"x") == []

    assert len(reader.rest) == 200_000


def test_what_is_not_utf_8_is_replaced_and_the_rest_stays() -> None:
    assert model_api.mended("data: für\n\n".encode()) == "data: für\n\n".encode()
    assert model_api.mended(b"data: f\xc3r\n\n") == "data: f\ufffdr\n\n".encode()


# -- what an endpoint tells


@pytest.mark.parametrize(
    ("dialect", "counts", "expected"),
    [
        (CHAT, {"prompt_tokens": 5, "completion_tokens": 7}, Usage(5, 7)),
        (RESPONSES, {"input_tokens": 5, "output_tokens": 7}, Usage(5, 7)),
        (MESSAGES, {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 7}, Usage(7, 7)),
        (MESSAGES, {"input_tokens": 5, "cache_creation_input_tokens": None, "output_tokens": 7}, Usage(5, 7)),
        (CHAT, {"prompt_tokens": -5, "completion_tokens": 7}, None),
        (CHAT, {"prompt_tokens": 5, "completion_tokens": 10**12}, None),
        (CHAT, {"prompt_tokens": 5.0, "completion_tokens": 7}, None),
        (CHAT, {"prompt_tokens": True, "completion_tokens": 7}, None),
        (CHAT, {"completion_tokens": 7}, None),
        (CHAT, None, None),
        (CHAT, [], None),
        (RESPONSES, {"prompt_tokens": 5, "completion_tokens": 7}, None),
    ],
)
def test_only_plausible_counts_are_counts(dialect: Dialect, counts: Any, expected: Usage | None) -> None:
    told = model_api.read_whole(json.dumps({"model": "m-1", "usage": counts}).encode(), dialect)

    assert (told.usage, told.model, told.has_error) == (expected, "m-1", False)


@pytest.mark.parametrize("body", [b"[1]", b'"text"', b"<html>", b"", b"{"])
def test_an_answer_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        model_api.read_whole(body, CHAT)


def seen(dialect: Dialect, *told: object) -> usage.Reading:
    reading = model_api.Reading(dialect)
    for one in told:
        data = one if isinstance(one, bytes) else b"event: e\ndata: " + json.dumps(one).encode()
        reading.see(data + b"\n\n")
    return reading


def test_a_chat_stream_is_counted_by_its_last_chunk() -> None:
    words = [{"model": "m-1", "choices": [{"delta": {"content": "x"}}], "usage": None}] * 20
    last = {"model": "m-1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 20}}

    reading = seen(CHAT, *words, last, b"data: [DONE]")

    assert reading.told == model_api.Told(usage=Usage(3, 20), model="m-1")
    assert reading.is_over


def test_the_chunk_that_only_counts_is_told_apart_and_a_chat_may_end_without_its_last_mark() -> None:
    choice = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    counting = b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 20}}\n\n'
    reading = seen(CHAT, choice)

    assert reading.see(counting)
    assert reading.told.usage == Usage(3, 20)
    assert not reading.is_over
    reading.close()
    assert reading.is_over


def test_a_chat_that_ends_before_a_choice_was_finished_is_not_over() -> None:
    reading = seen(CHAT, {"choices": [{"delta": {"content": "x"}, "finish_reason": None}], "usage": None})

    reading.close()

    assert not reading.is_over


def test_the_words_of_an_event_are_found_in_every_interface() -> None:
    for told in (
        {"choices": [{"delta": {"content": "sk-1"}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "sk-1"}}]}}]},
        {"type": "response.output_text.delta", "delta": "sk-1"},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "sk-1"}},
    ):
        assert model_api.words_of(b"data: " + json.dumps(told).encode()) == b"sk-1"


def test_an_endpoints_error_is_told_on_one_line_and_anything_else_not_at_all() -> None:
    assert model_api.said(b'{"error": {"message": "no\\n such  key"}}') == "no such key"
    assert model_api.said(b'{"error": "no"}') == "no"
    assert model_api.said(b'{"detail": "no"}') == "no"
    for body in (b"<html>", b"[]", b"{}", b'{"error": 5}', b'{"error": {"message": ["x"]}}'):
        assert model_api.said(body) == ""


def test_a_responses_stream_is_counted_when_it_completes() -> None:
    start = {"type": "response.created", "response": {"model": "m-1", "usage": None}}
    words = [{"type": "response.output_text.delta", "delta": "x"}] * 20
    last = {"type": "response.completed", "response": {"usage": {"input_tokens": 3, "output_tokens": 20}}}

    assert seen(RESPONSES, start, *words).told == model_api.Told(model="m-1")
    assert seen(RESPONSES, start, *words, last).told == model_api.Told(usage=Usage(3, 20), model="m-1")


def test_a_messages_stream_is_counted_from_its_start_and_its_end() -> None:
    start = {"type": "message_start", "message": {"model": "m-1", "usage": {"input_tokens": 9, "output_tokens": 1}}}
    words = [{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}] * 20
    delta = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 20}}

    assert seen(MESSAGES, start, *words, delta).told.usage is None
    assert seen(MESSAGES, start, *words, delta, {"type": "message_stop"}).told.usage == Usage(9, 20)


def test_a_stream_that_speaks_of_its_end_in_its_words_is_not_at_its_end() -> None:
    words = {"choices": [{"delta": {"content": '[DONE] message_stop response.completed "usage":{"error"'}}]}

    for dialect in SPEAKING:
        assert not seen(dialect, words, b"data: x [DONE]").is_over


@pytest.mark.parametrize(
    "told", [{"error": {"message": "x"}}, {"type": "error", "error": {"type": "overloaded_error"}}]
)
def test_an_error_within_a_stream_is_noticed(told: dict[str, Any]) -> None:
    many = [{"choices": []}] * 20

    assert seen(CHAT, *many, told).has_error
    assert not seen(CHAT, *many).has_error


@given(st.lists(st.binary(max_size=60) | values.map(lambda one: json.dumps(one).encode()), max_size=20))
def test_whatever_an_endpoint_streams_is_followed(told: list[bytes]) -> None:
    for dialect in SPEAKING:
        reading = seen(dialect, *(b"data: " + one for one in told))
        assert len(reading.model) <= usage.LONGEST_NAME


# -- what a caller is told


@pytest.mark.parametrize("dialect", [*SPEAKING, Dialect.MODELS])
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 429, 500, 502, 503, 504])
def test_an_error_has_the_shape_of_its_interface_and_our_code(dialect: Dialect, status: int) -> None:
    body = strictjson.loads(
        model_api.error(dialect, status=status, code="window-over", message="The window is over.", reference="r1")
    )

    told = body["error"]
    assert (told["message"], told["code"]) == ("The window is over.", "window-over")
    assert told["type"].endswith(("_error", "_large"))
    assert (body.get("type") == "error") == (dialect is MESSAGES)


@pytest.mark.parametrize("dialect", SPEAKING)
def test_an_error_event_ends_a_stream_in_the_shape_of_its_interface(dialect: Dialect) -> None:
    event = model_api.error_event(dialect, status=403, code="window-over", message="über", reference="r", number=4)

    told = strictjson.loads(events.data_of(event))
    assert model_api.Events().feed(event) == [event]
    assert (told if dialect is RESPONSES else told["error"])["code"] == "window-over"
    assert event.startswith(b"event: error\n") == (dialect is not CHAT)
    assert seen(dialect, event.rstrip()).has_error


def test_models_in_scope_are_listed_in_openais_shape() -> None:
    listed = strictjson.loads(model_api.model_list(["a", "b"]))

    assert [row["id"] for row in listed["data"]] == ["a", "b"]
    assert listed["object"] == "list"
