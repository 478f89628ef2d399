"""A developer's endpoint that speaks all three interfaces, well or as badly as a test wants; no model behind it.

It writes bytes to sockets itself, since most of what it is for no HTTP library would send.
"""

import asyncio
import json
import ssl
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Piece = bytes | float
Pieces = AsyncIterator[Piece]
Answer = Callable[["Received"], Pieces]

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
JSON = b"Content-Type: application/json\r\n"
EVENTS = b"Content-Type: text/event-stream\r\n"
END = b"\r\n"
SAID = ("Hello", " from", " the", " model")


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def told(self) -> dict[str, Any]:
        """Return the body's JSON."""
        found: dict[str, Any] = json.loads(self.body or b"{}")  # noqa: TID251 (an endpoint reads as endpoints do)
        return found


class ModelEndpoint:
    """Serves on loopback in a thread of its own until the block ends. `answer` may be changed between calls."""

    def __init__(self, answer: Answer | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer: Answer = answer or spoken()
        self.asked: list[Received] = []
        self.connections = 0
        self.left = 0
        """How many connections were closed from the other side while an answer was on its way."""

        self.port = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, name="model-endpoint", daemon=True)
        self._ready = threading.Event()

    @property
    def host(self) -> str:
        """Return address and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Return where it is reached, without TLS."""
        return f"http://{self.host}"

    def __enter__(self) -> "ModelEndpoint":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls, limit=1 << 25, backlog=1024)
        server = self._loop.run_until_complete(starting)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while (received := await _read(reader)) is not None:
                self.asked.append(received)
                if not await self._send(received, writer):
                    break
        except (OSError, asyncio.IncompleteReadError):
            self.left += 1
        except asyncio.CancelledError:
            return  # the block has ended
        finally:
            self._open.discard(writer)
            with suppress(OSError, ssl.SSLError):
                writer.close()

    async def _send(self, received: Received, writer: asyncio.StreamWriter) -> bool:
        """Return whether the connection stays for another request."""
        async for piece in self.answer(received):
            if writer.transport.is_closing():
                self.left += 1
                return False
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            elif piece < 0:
                return False
            else:
                await asyncio.sleep(piece)
        return True


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ")
    return Received(method=method, path=path, headers=headers, body=body)


CLOSE = -1.0
"""A piece that closes the connection."""


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def whole(body: bytes, *, status: bytes = b"200 OK", headers: bytes = JSON) -> bytes:
    """Return a whole answer with its length."""
    return b"HTTP/1.1 " + status + END + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def raw(*pieces: Piece) -> Answer:
    """Return the answer that sends just these bytes and waits these seconds."""

    async def answer(received: Received) -> Pieces:
        for piece in pieces:
            yield piece

    return answer


def spoken(
    words: tuple[str, ...] = SAID, *, usage: tuple[int, int] | None = (11, 7), pause: float = 0.0, name: str = "m-1"
) -> Answer:
    """Return the answer of a model that says these words, in whatever interface it is asked, streamed if asked to."""

    async def answer(received: Received) -> Pieces:
        dialect = received.path.rpartition("/v1/")[2]
        if not received.told.get("stream"):
            if pause:
                yield pause
            yield whole(json.dumps(_whole(dialect, words, usage, name)).encode())
            return
        yield OK + EVENTS + CHUNKED + END
        for event in _stream(dialect, words, usage, name):
            yield chunk(event)
            if pause:
                yield pause
        yield b"0\r\n\r\n"

    return answer


def _whole(dialect: str, words: tuple[str, ...], usage: tuple[int, int] | None, name: str) -> dict[str, Any]:
    text = "".join(words)
    told: dict[str, Any] = {"id": "a-1", "model": name}
    if dialect == "chat/completions":
        message = {"role": "assistant", "content": text}
        told |= {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        counts = ("prompt_tokens", "completion_tokens")
    elif dialect == "responses":
        content = [{"type": "output_text", "text": text}]
        told |= {"object": "response", "status": "completed", "output": [{"type": "message", "content": content}]}
        counts = ("input_tokens", "output_tokens")
    else:
        told |= {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}
        counts = ("input_tokens", "output_tokens")
    return told | ({"usage": dict(zip(counts, usage, strict=True))} if usage else {})


def _stream(dialect: str, words: tuple[str, ...], usage: tuple[int, int] | None, name: str) -> Iterator[bytes]:
    if dialect == "chat/completions":
        yield from _chat(words, usage, name)
    elif dialect == "responses":
        yield from _responses(words, usage, name)
    else:
        yield from _messages(words, usage, name)


def _chat(words: tuple[str, ...], usage: tuple[int, int] | None, name: str) -> Iterator[bytes]:
    start: dict[str, Any] = {"id": "a-1", "object": "chat.completion.chunk", "model": name, "usage": None}
    for word in words:
        yield _event(start | {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
    yield _event(start | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        yield _event(start | {"choices": [], "usage": counted})
    yield b"data: [DONE]\n\n"


def _responses(words: tuple[str, ...], usage: tuple[int, int] | None, name: str) -> Iterator[bytes]:
    yield _named({"type": "response.created", "response": {"id": "a-1", "model": name, "usage": None}})
    for word in words:
        yield _named({"type": "response.output_text.delta", "delta": word})
    counted = {"input_tokens": usage[0], "output_tokens": usage[1]} if usage else None
    yield _named({"type": "response.completed", "response": {"id": "a-1", "model": name, "usage": counted}})


def _messages(words: tuple[str, ...], usage: tuple[int, int] | None, name: str) -> Iterator[bytes]:
    read = {"usage": {"input_tokens": usage[0], "output_tokens": 1}} if usage else {}
    yield _named({"type": "message_start", "message": {"id": "a-1", "model": name, **read}})
    for word in words:
        yield _named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
    written = {"usage": {"output_tokens": usage[1]}} if usage else {}
    yield _named({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, **written})
    yield _named({"type": "message_stop"})


def _event(told: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(told).encode() + b"\n\n"


def _named(told: dict[str, Any]) -> bytes:
    return b"event: " + str(told["type"]).encode() + b"\n" + _event(told)


# -- how an endpoint can misbehave: each of these never ends by itself, or ends in a way that no reader may accept

FOREVER = 3600.0


def hanging(*before: bytes) -> Answer:
    """Return the answer that sends this and then nothing more."""
    return raw(*before, FOREVER)


def endless(start: bytes, piece: bytes, *, pause: float = 0.0, times: int = 10**7) -> Answer:
    """Return the answer that goes on and on."""

    async def answer(received: Received) -> Pieces:
        yield start
        for _ in range(times):
            yield piece
            if pause:
                yield pause

    return answer


def dripping(pause: float) -> Answer:
    """Return the answer that sends one byte at a time."""
    return endless(OK + EVENTS + CHUNKED + END, chunk(b":"), pause=pause)


def dripping_head(pause: float) -> Answer:
    """Return the answer whose head comes one byte at a time and never ends."""
    return endless(OK + b"X-Slow: ", b"a", pause=pause)


def bomb(size: int) -> bytes:
    """Return an answer of a few kilobytes that inflates to this size, in two layers of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)), packer.flush()])
    outer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = outer.compress(inner) + outer.flush()
    return whole(body, headers=JSON + b"Content-Encoding: gzip, gzip\r\n")


def huge_head(size: int) -> bytes:
    """Return a head of this size, in fields of 8,000 bytes."""
    fields = b"".join(b"X-%d: %b\r\n" % (at, b"a" * 8000) for at in range(size // 8000))
    return OK + fields + b"Content-Length: 2\r\n\r\n{}"


def reflecting(where: str) -> Answer:
    """Return the answer that sends the credential back: in the body, in a stream, across its pieces, in an error."""

    async def answer(received: Received) -> Pieces:
        secret = received.headers.get("authorization", received.headers.get("x-api-key", ""))
        plain = secret.removeprefix("Bearer ")
        if where == "body":
            told = _whole("chat/completions", (f"you sent {secret}",), (1, 1), "m-1")
            yield whole(
                json.dumps(told).replace("/", "\\/").encode(), headers=JSON + b"X-Echo: " + secret.encode() + END
            )
        elif where == "error":
            yield whole(json.dumps({"error": {"message": f"bad key {plain}"}}).encode(), status=b"401 No")
        elif where == "stream":
            async for piece in spoken((f"you sent {secret}",))(received):
                yield piece
        elif where == "split":
            event = _event({"choices": [{"delta": {"content": f"you sent {secret}"}}]}) + b"data: [DONE]\n\n"
            yield OK + EVENTS + CHUNKED + END
            for at in range(len(event)):
                yield chunk(event[at : at + 1])
                yield 0.0
            yield b"0\r\n\r\n"
        else:
            async for piece in spoken(("you sent ", *plain), pause=0.005)(received):
                yield piece

    return answer


def on_count(answers: list[Answer]) -> Answer:
    """Return the answer that is another one for each call, and the last one from then on."""
    waiting = list(answers)

    def answer(received: Received) -> Pieces:
        return (waiting.pop(0) if len(waiting) > 1 else waiting[0])(received)

    return answer
