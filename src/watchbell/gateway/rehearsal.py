"""A model endpoint to rehearse with: it speaks all three interfaces on loopback, and there is no model behind it.

The demo's gateway points here, so that a call goes the whole way and back. It says one sentence, whatever it is asked.
"""

import asyncio
import json
import threading
from typing import Any, Final

SAYS: Final = "This is a rehearsal: no model answered."
HEAD_AND_BODY_AT_MOST: Final = 9 << 20
_COUNT: Final = {"input_tokens": 12, "output_tokens": 8}


class Rehearsal:
    """Serves in a thread of its own until the program ends; `base_url` is where."""

    def __init__(self) -> None:
        self.base_url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="rehearsal", daemon=True)

    def start(self) -> str:
        """Begin to answer; return the base URL."""
        self._thread.start()
        self._ready.wait()
        return self.base_url

    async def _serve(self) -> None:
        server = await asyncio.start_server(_answer_all, "127.0.0.1", 0, limit=HEAD_AND_BODY_AT_MOST)
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await server.serve_forever()


async def _answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection, one after the other."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            body = await reader.readexactly(min(length, HEAD_AND_BODY_AT_MOST))
            writer.write(answer(head.split(b" ")[1].decode("ascii", "replace"), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
        pass
    finally:
        writer.close()


def answer(path: str, body: bytes) -> bytes:
    """Return the whole HTTP answer to one request of an interface."""
    streams = b'"stream":true' in body.replace(b" ", b"")
    kind = path.rpartition("/")[2]
    events = _EVENTS.get(kind)
    if events is None:
        return _http(404, b"application/json", b'{"error":{"message":"no such place"}}')
    if streams:
        return _http(200, b"text/event-stream", events)
    return _http(200, b"application/json", json.dumps(_WHOLE[kind]).encode())


def _http(status: int, kind: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %d OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (status, kind, len(body), body)


def _stream(*events: tuple[str, dict[str, Any]] | str) -> bytes:
    """Return events; one with a name says it in a line of its own."""
    out = ""
    for event in events:
        name, told = ("", event) if isinstance(event, str) else (event[0], json.dumps(event[1]))
        out += (f"event: {name}\n" if name else "") + f"data: {told}\n\n"
    return out.encode()


_CHAT: Final = {"id": "rehearsal", "object": "chat.completion", "created": 0, "model": "rehearsal"}
_CHAT_COUNT: Final = {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20}
_MESSAGE: Final = {"id": "rehearsal", "type": "message", "role": "assistant", "model": "rehearsal"}
_SAID: Final = {
    "type": "message",
    "id": "said",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": SAYS, "annotations": []}],
}
_RESPONSE: Final = {
    "id": "rehearsal",
    "object": "response",
    "created_at": 0,
    "status": "completed",
    "model": "rehearsal",
    "output": [_SAID],
    "usage": {**_COUNT, "total_tokens": 20},
}
_WHOLE: Final[dict[str, dict[str, Any]]] = {
    "completions": {
        **_CHAT,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": SAYS}, "finish_reason": "stop"}],
        "usage": _CHAT_COUNT,
    },
    "responses": _RESPONSE,
    "messages": {
        **_MESSAGE,
        "content": [{"type": "text", "text": SAYS}],
        "stop_reason": "end_turn",
        "usage": _COUNT,
    },
}
_CHUNK: Final = {**_CHAT, "object": "chat.completion.chunk"}
_EVENTS: Final = {
    "completions": _stream(
        json.dumps({**_CHUNK, "choices": [{"index": 0, "delta": {"content": SAYS}, "finish_reason": "stop"}]}),
        json.dumps({**_CHUNK, "choices": [], "usage": _CHAT_COUNT}),
        "[DONE]",
    ),
    "responses": _stream(
        ("response.created", {"type": "response.created", "response": {**_RESPONSE, "status": "in_progress"}}),
        ("response.output_text.delta", {"type": "response.output_text.delta", "delta": SAYS}),
        ("response.completed", {"type": "response.completed", "response": _RESPONSE}),
    ),
    "messages": _stream(
        ("message_start", {"type": "message_start", "message": {**_MESSAGE, "content": [], "usage": _COUNT}}),
        (
            "content_block_delta",
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAYS}},
        ),
        ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": _COUNT}),
        ("message_stop", {"type": "message_stop"}),
    ),
}
