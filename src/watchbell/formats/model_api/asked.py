"""What does this request ask of a model, how much may that use at most, and what goes out in its place?"""

import json
from dataclasses import dataclass, field

from watchbell.domain.metering import Dialect, Usage
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.model_api.scope import looked_at

OUTPUT_TOKENS = 4096
"""What a call that names no limit of its own may write: set in what goes out, so that the bound holds."""

MEDIA_TOKENS = 5000
"""What one picture, sound or document counts beyond its bytes, since a small file may be a large picture."""

MOST_OUTPUT_TOKENS = 10_000_000
MOST_CHOICES = 128
LONGEST_NAME = 200

_LIMITS = {
    Dialect.CHAT: ("max_completion_tokens", "max_tokens"),
    Dialect.RESPONSES: ("max_output_tokens",),
    Dialect.MESSAGES: ("max_tokens",),
}
"""Where each interface states how much may be written; the first name is the one we set."""

_ABOUT_THE_CALLER = (
    *("metadata", "user", "safety_identifier"),
    *("prompt_cache_key", "prompt_cache_retention", "service_tier"),
)
"""Left out of what goes out: who calls is nobody's business, and another tier has another price."""

_CANNOT_STORE = (Dialect.CHAT, Dialect.RESPONSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it was read; `most` bounds its tokens from above.

    `out_of_scope` says why a well-formed request may not go out at all: it would make the
    endpoint keep something, run something, or reach for something beyond the model.
    """

    dialect: Dialect
    model: str
    streams: bool
    most: Usage
    out_of_scope: Refusal | None
    wants_count: bool
    """Whether the caller itself asked for the chunk of a chat's stream that only counts."""

    body: Json = field(repr=False)

    def let_go(self) -> None:
        """This will drop what was asked, once it has gone out: an answer may take long, and a request be large."""
        while self.body:
            self.body.popitem()


def loads(data: bytes, dialect: Dialect) -> Asked:
    """Return the request in `data`.

    Its input counts as many tokens as it has bytes: no tokenizer makes more of them. Raises Refused when it
    is not JSON, or where a field that matters here is not what its interface says.
    """
    body = fields.root(strictjson.loads(data))
    media, why_not = looked_at(body, dialect)
    written = _limit(body, dialect) * _choices(body, dialect)
    if body.get("prediction") is not None:
        written += len(data)  # what was predicted and not taken is counted as written
    return Asked(
        dialect=dialect,
        model=_model(body),
        streams=_flag(body, "stream"),
        most=Usage(len(data) + MEDIA_TOKENS * media, written),
        out_of_scope=why_not,
        wants_count=_wants_count(body),
        body=body,
    )


def dumps(asked: Asked, *, model: str) -> bytes:
    """Return the bytes that go out: under the endpoint's own name of the model, and with nothing about the caller.

    The endpoint is told to keep nothing, and to count what it streams. Raises Refused for what is out of scope.
    """
    if asked.out_of_scope is not None:
        raise Refused(asked.out_of_scope)
    body = {name: value for name, value in asked.body.items() if name not in _ABOUT_THE_CALLER}
    body["model"] = model
    if not any(body.get(name) for name in _LIMITS[asked.dialect]):
        body[_LIMITS[asked.dialect][0]] = OUTPUT_TOKENS
    if asked.dialect in _CANNOT_STORE:
        body["store"] = False
    if asked.dialect is Dialect.CHAT:
        options = body.pop("stream_options", None)
        if asked.streams:
            body["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _model(body: Json) -> str:
    name = fields.required_text(body, "model")
    if len(name) > LONGEST_NAME:
        raise refuse("too-long", "This is not the name of a model.", place="/model")
    return name


def _wants_count(body: Json) -> bool:
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _limit(body: Json, dialect: Dialect) -> int:
    stated = [_count(body, name, MOST_OUTPUT_TOKENS) for name in _LIMITS[dialect]]
    return max((one for one in stated if one is not None), default=OUTPUT_TOKENS)


def _choices(body: Json, dialect: Dialect) -> int:
    """Return how many answers are written for this one request."""
    if dialect is not Dialect.CHAT:
        return 1
    return max(_count(body, name, MOST_CHOICES) or 1 for name in ("n", "best_of"))


def _count(body: Json, name: str, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise fields.wrong_type(fields.pointer("", name), int, value)
    if not 1 <= value <= most:
        raise refuse(
            "wrong-value",
            Sentence("{found} is out of range.", found=value),
            place=fields.pointer("", name),
            expected=Sentence("a whole number from 1 to {most}", most=most),
        )
    return value


def _flag(body: Json, name: str) -> bool:
    value = body.get(name)
    if value is None:
        return False
    if type(value) is not bool:
        raise fields.wrong_type(fields.pointer("", name), bool, value)
    return value
