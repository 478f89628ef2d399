"""Does a request reach beyond the model: to the Internet, to files, to what the endpoint keeps? Then it stays here.

Search and stored state would let an answer come from elsewhere than the model, and a call leave something
behind at the endpoint. Such a request is refused as a whole: a part left out in silence would change what is measured.
"""

import re
from collections.abc import Iterator
from typing import Any, Optional

from watchbell.domain.metering import Dialect
from watchbell.domain.refusal import Refusal
from watchbell.domain.sentence import Sentence
from watchbell.formats.fields import Json, pointer

_OWN_TOOLS = {
    Dialect.CHAT: re.compile("function|custom"),
    Dialect.RESPONSES: re.compile("function|custom"),
    Dialect.MESSAGES: re.compile("custom|(?:bash|text_editor|memory)_[0-9]{8}"),
}
"""Tools that the caller runs itself. Every other one runs where the model is, or drives a machine."""

_KEPT = frozenset(("background", "previous_response_id", "conversation", "prompt", "container"))
"""Fields that make the endpoint keep something, or use what it kept."""

_REACHING = re.compile(
    r"web_search.*|search_.*|enable_search|.*_search|browse.*|mcp.*|plugins?|connectors?|data_sources?|retrieval.*"
    r"|code_interpreter|computer.*|models|fallbacks?|route"
)
"""Fields by which endpoints of several makers search, browse, run code, or answer with another model."""

_PICTURES = ("image_url", "video_url", "audio_url")
_HELD = ("messages", "input", "system", "instructions")
_SILENT: tuple[object, ...] = (None, False, [], {}, "")
_CALLED = ("tool_use", "server_tool_use")
_TELLING = frozenset((*_PICTURES, "file_url", "file_id", "source", "type"))
_CONTAINERS = (dict, list)

Way = tuple[Optional["Way"], str | int]
"""Where a part stands: within what, and under which name or number there."""
_MEDIA = frozenset(
    (
        *("image", "image_url", "input_image", "video_url", "audio_url", "input_audio"),
        *("document", "file", "input_file"),
    )
)


def looked_at(body: Json, dialect: Dialect) -> tuple[int, Refusal | None]:
    """Return how many pictures, sounds and documents come with a request, and why it may not go out, if so."""
    media, first = 0, next(_fields(body), None) or next(_tools(body, dialect), None)
    for part, way in _parts(body):
        kind = part.get("type")
        media += isinstance(kind, str) and kind in _MEDIA
        first = first or next(_references(part, way), None)
    return media, first


def _fields(body: Json) -> Iterator[Refusal]:
    for name, value in body.items():
        if value in _SILENT:
            continue
        if name in _KEPT:
            yield _refusal("state", "The endpoint may keep nothing between calls.", pointer("", name), name)
        elif _REACHING.fullmatch(name):
            yield _refusal("field", "This field reaches beyond the model.", pointer("", name), name)


def _tools(body: Json, dialect: Dialect) -> Iterator[Refusal]:
    tools = body.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        kind = tool.get("type") if isinstance(tool, dict) else None
        named = "custom" if kind is None and dialect is Dialect.MESSAGES else kind
        if not isinstance(named, str) or not _OWN_TOOLS[dialect].fullmatch(named):
            what = "Only tools that the caller runs itself are in scope."
            yield _refusal("tool", what, pointer("", "tools", index), str(named)[:60])


def _references(part: Json, way: Way) -> Iterator[Refusal]:
    for name in _PICTURES:
        told = part.get(name)
        where = told.get("url") if isinstance(told, dict) else told
        if isinstance(where, str) and where[:5].lower() != "data:":
            yield _address(_place((way, name)))
    if part.get("file_url") not in _SILENT:
        yield _address(_place((way, "file_url")))
    if part.get("file_id") not in _SILENT:
        yield _stored(_place((way, "file_id")))
    source = part.get("source")
    if isinstance(source, dict) and source.get("type") == "url":
        yield _address(_place((way, "source")))
    if isinstance(source, dict) and source.get("type") == "file":
        yield _stored(_place((way, "source")))
    if part.get("type") in ("item_reference", "container_upload"):
        yield _stored(_place(way))


def _parts(body: Json) -> Iterator[tuple[Json, Way]]:
    """Yield what tells something of all that the model is to read, with the way there.

    What a tool was called with is the caller's own business. A request may hold hundreds of thousands of parts:
    those that cannot tell anything are not handed out, and a place is written out only where something is found.
    """
    waiting: list[tuple[Any, Way]] = [(body[name], (None, name)) for name in reversed(_HELD) if name in body]
    while waiting:
        value, way = waiting.pop()
        if type(value) is list:
            for index in range(len(value) - 1, -1, -1):
                if type(value[index]) in _CONTAINERS:
                    waiting.append((value[index], (way, index)))
        elif type(value) is dict:
            if not _TELLING.isdisjoint(value):
                yield value, way
                if value.get("type") in _CALLED:
                    continue
            for name, one in value.items():
                if type(one) in _CONTAINERS:
                    waiting.append((one, (way, name)))


def _place(way: Way) -> str:
    parts: list[str | int] = []
    rest: Way | None = way
    while rest is not None:
        rest, part = rest
        parts.append(part)
    return pointer("", *reversed(parts))


def _address(place: str) -> Refusal:
    return Refusal(
        code="out-of-scope-address",
        message="The endpoint may not fetch anything from elsewhere.",
        place=place,
        expected="A data: URL or base64",
        todo="Send the bytes themselves",
    )


def _stored(place: str) -> Refusal:
    return Refusal(
        code="out-of-scope-state",
        message="What the endpoint keeps is out of scope.",
        place=place,
        todo="Send the content itself",
    )


def _refusal(code: str, message: str, place: str, found: str) -> Refusal:
    return Refusal(
        code=f"out-of-scope-{code}",
        message=Sentence("{why} ({found})", why=Sentence(message), found=found),
        place=place,
        todo="Leave it out",
    )
