"""Read what was said in one sample of an Inspect log: its messages in turn, their tool calls, and how it was scored.

All of it is somebody else's text. It is returned as it stands, for pages that show it as inert.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchbell.formats import fields, strictjson
from watchbell.formats.eval_log import read_json
from watchbell.formats.fields import Json

MOST_SAID: Final = 500


@dataclass(frozen=True, slots=True)
class Said:
    """One message: whose it is (system, user, assistant, tool), and its text with its tool calls as JSON below."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, how many messages there were, and what each scorer wrote about it."""

    said: tuple[Said, ...]
    number: int
    scored: tuple[Said, ...]


def transcript_from(data: bytes) -> Transcript:
    """Return the transcript of one sample's JSON, of its first MOST_SAID messages. Raises Refused with a pointer."""
    sample = fields.root(read_json(data))
    messages = [Said(fields.text(one, "role", place)[:20], _text(one, place)) for one, place in _messages(sample)]
    scores = fields.mapping(sample, "scores")
    scored = [Said(name, _score(fields.mapping(scores, name, "/scores"))) for name in scores]
    return Transcript(tuple(messages[:MOST_SAID]), len(messages), tuple(scored))


def _messages(sample: Json) -> Iterator[tuple[Json, str]]:
    return fields.objects(sample, "messages")


def _text(message: Json, place: str) -> str:
    content = message.get("content")
    parts = [content] if type(content) is str else []
    if type(content) is list:
        parts += [str(one.get("text") or one.get("reasoning") or "") for one, _ in fields.objects(message, "content")]
    for call, at in fields.objects(message, "tool_calls", place):
        parts.append(f"{fields.text(call, 'function', at)} {strictjson.dumps(call.get('arguments')).decode()}")
    return "\n".join(part for part in parts if part)


def _score(score: Json) -> str:
    told = {name: score[name] for name in ("value", "answer", "explanation") if score.get(name) not in (None, "")}
    return strictjson.dumps(told).decode()
