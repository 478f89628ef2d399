"""Does a request reach beyond the model: to the Internet, to files, to what the endpoint keeps? Then it stays here.

Search and stored state would let an answer come from elsewhere than the model, and a call leave something
behind at the endpoint. Such a request is refused as a whole: a part left out in silence would change what is measured.
"""

import re
from collections.abc import Iterator
from typing import Any

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
_CALLED = frozenset(("tool_use", "server_tool_use"))
_MEDIA = frozenset(
    (
        *("image", "image_url", "input_image", "video_url", "audio_url", "input_audio"),
        *("document", "file", "input_file"),
    )
)


def out_of_scope(body: Json, dialect: Dialect) -> Refusal | None:
    """Return the first reason why this request may not go out, or None."""
    return next(_reasons(body, dialect), None)


def media_in(body: Json) -> int:
    """Return how many pictures, sounds and documents come with a request."""
    return sum(part.get("type") in _MEDIA for part, _ in _parts(body) if isinstance(part.get("type"), str))


def _reasons(body: Json, dialect: Dialect) -> Iterator[Refusal]:
    for name, value in body.items():
        if value in _SILENT:
            continue
        if name in _KEPT:
            yield _refusal("state", "The endpoint may keep nothing between calls.", pointer("", name), name)
        elif _REACHING.fullmatch(name):
            yield _refusal("field", "This field reaches beyond the model.", pointer("", name), name)
    yield from _tools(body, dialect)
    for part, place in _parts(body):
        yield from _references(part, place)


def _tools(body: Json, dialect: Dialect) -> Iterator[Refusal]:
    tools = body.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        kind = tool.get("type") if isinstance(tool, dict) else None
        named = "custom" if kind is None and dialect is Dialect.MESSAGES else kind
        if not isinstance(named, str) or not _OWN_TOOLS[dialect].fullmatch(named):
            what = "Only tools that the caller runs itself are in scope."
            yield _refusal("tool", what, pointer("", "tools", index), str(named)[:60])


def _references(part: Json, place: str) -> Iterator[Refusal]:
    for name in _PICTURES:
        told = part.get(name)
        where = told.get("url") if isinstance(told, dict) else told
        if isinstance(where, str) and where[:5].lower() != "data:":
            yield _address(pointer(place, name))
    if part.get("file_url") not in _SILENT:
        yield _address(pointer(place, "file_url"))
    if part.get("file_id") not in _SILENT:
        yield _stored(pointer(place, "file_id"))
    source = part.get("source")
    if isinstance(source, dict) and source.get("type") == "url":
        yield _address(pointer(place, "source"))
    if isinstance(source, dict) and source.get("type") == "file":
        yield _stored(pointer(place, "source"))
    if part.get("type") in ("item_reference", "container_upload"):
        yield _stored(place)


def _parts(body: Json) -> Iterator[tuple[Json, str]]:
    """Yield every object of what the model is to read; what a tool was called with is the caller's own business."""
    waiting: list[tuple[Any, str]] = [(body[name], pointer("", name)) for name in reversed(_HELD) if name in body]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, list):
            waiting.extend((one, f"{place}/{index}") for index, one in reversed(list(enumerate(value))))
        elif isinstance(value, dict):
            yield value, place
            if value.get("type") not in _CALLED:
                waiting.extend(
                    (one, pointer(place, name)) for name, one in value.items() if isinstance(one, dict | list)
                )


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
