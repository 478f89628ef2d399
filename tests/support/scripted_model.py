"""A model that knows a suite: it gives the reference's answer as far as its ability goes, and an idle one beyond."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.support.model_endpoint import Answer, Pieces, Received, whole

from watchbell.domain.suites import suite as suites

USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}


def scripted(
    suite: Any, items: Iterable[suites.Item], able: Callable[[suites.Item], bool], *, pause: float = 0.0
) -> Answer:
    """Return the answer of a model that solves the items it is able to, each known by its prompt."""
    known = {item.prompt: item for item in items}

    async def answer(received: Received) -> Pieces:
        if pause:
            yield pause
        messages = received.told["messages"]
        item = known[next(one["content"] for one in messages if one["role"] == "user")]
        given = suite.reference(item) if able(item) else suite.controls(item)["idle"]
        has_called = sum(one["role"] == "tool" for one in messages)
        calls = given.calls if received.told.get("tools") else ()
        if has_called < len(calls):
            yield completion(call=(calls[has_called].tool, json.dumps(dict(calls[has_called].arguments))))
        else:
            yield completion(given.text)

    return answer


def completion(
    text: str = "",
    *,
    call: tuple[str, str] | None = None,
    model: str = "m-1",
    finish: str = "",
    usage: Mapping[str, int] = USAGE,
) -> bytes:
    """Return a whole chat completion: a text, or one call of a tool."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if call:
        function = {"name": call[0], "arguments": call[1]}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": "call-1", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": finish or ("tool_calls" if call else "stop")}
    told = {"id": "a-1", "object": "chat.completion", "created": 0, "model": model, "choices": [choice]}
    return whole(json.dumps(told | {"usage": dict(usage)}).encode())


def error(status: int, code: str = "", *, headers: bytes = b"") -> bytes:
    """Return an error as the gateway words it."""
    body = json.dumps({"error": {"message": "no", "type": "x", "param": None, "code": code}}).encode()
    return whole(
        body,
        status=str(status).encode() + b" X",
        headers=b"Content-Type: application/json\r\nX-Watchbell-Code: " + code.encode() + b"\r\n" + headers,
    )
