"""What did the endpoint say about its answer: how many tokens, which model, and is it the end?

An endpoint may say anything. What is not a plausible count is no count, and the call is then
charged as it was reserved.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from watchbell.domain.metering import Dialect, Usage
from watchbell.domain.refusal import Refused
from watchbell.formats import fields, strictjson
from watchbell.formats.model_api.events import data_of

MOST_TOKENS = 1_000_000_000
LONGEST_NAME = 200

_COUNTED = {
    Dialect.CHAT: (("prompt_tokens",), "completion_tokens"),
    Dialect.RESPONSES: (("input_tokens",), "output_tokens"),
    Dialect.MESSAGES: (("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"), "output_tokens"),
}
_LAST = frozenset(("response.completed", "response.failed", "response.incomplete", "message_stop"))
_HINTS = {
    Dialect.CHAT: (b'"error"',),
    Dialect.RESPONSES: (*(name.encode() for name in sorted(_LAST)), b'"error"'),
    Dialect.MESSAGES: (b"message_stop", b'"error"'),
}
_NO_USAGE = re.compile(rb'"usage"\s*:\s*null')
_FINISHED = re.compile(rb'"finish_reason"\s*:\s*"')
_NAMED_WITHIN = 8
"""Among how many of its first events a stream is looked at for the model's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an endpoint told about one answer: tokens (None: nothing plausible), and the model it says it is."""

    usage: Usage | None = None
    model: str = ""
    has_error: bool = False


def read_whole(body: bytes, dialect: Dialect) -> Told:
    """Return what a whole answer tells. Raises Refused when it is no JSON object that all readers agree on."""
    answer = fields.root(strictjson.loads(body))
    usage = _usage(answer.get("usage"), dialect)
    return Told(usage=usage, model=_name(answer.get("model")), has_error=_is_error(answer))


class Reading:
    """Follows the events of one stream; nothing an event holds makes it raise."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._hints = _HINTS[dialect]
        self._seen = 0
        self._last: deque[bytes] = deque(maxlen=3)
        self._counts: dict[str, int] = {}
        self._usage: Usage | None = None
        self._is_counted = False
        self.model = ""
        self.has_error = False
        self.is_over = False
        """Whether the last event of an answer has come."""

    def see(self, event: bytes) -> bool:
        """This will note what an event tells; return whether that is nothing but a count (of a chat)."""
        self._seen += 1
        self._last.append(event)
        if b"[DONE]" in event[:20]:
            self.is_over = self.is_over or data_of(event).strip() == b"[DONE]"
            return False
        if not self._may_tell(event):
            return False
        try:
            told = strictjson.loads(data_of(event))
        except Refused:
            return False
        if not isinstance(told, dict):
            return False
        self._note(told)
        is_count = self._dialect is Dialect.CHAT and told.get("choices") == [] and isinstance(told.get("usage"), dict)
        self._is_counted = self._is_counted or is_count
        return is_count

    def close(self) -> None:
        """This will take note that the stream has ended: a chat without a last mark is over once a choice was."""
        if self._dialect is Dialect.CHAT and any(_FINISHED.search(event) for event in self._last):
            self.is_over = True

    @property
    def told(self) -> Told:
        """Return what the stream told so far: no count before the last one."""
        usage = self._usage if self.is_over or self._is_counted else None
        return Told(usage=usage, model=self.model, has_error=self.has_error)

    def _may_tell(self, event: bytes) -> bool:
        """Return whether an event may tell more than words of the answer: most need no closer look, and are many."""
        if not self.model and self._seen <= _NAMED_WITHIN:
            return True
        if b'"usage"' in event and not _NO_USAGE.search(event):
            return True
        for hint in self._hints:  # noqa: SIM110 (asked of every event; this is a third of what `any` takes)
            if hint in event:
                return True
        return False

    def _note(self, told: dict[str, Any]) -> None:
        self.has_error = self.has_error or _is_error(told)
        for part in _with_usage(told):
            self.model = self.model or _name(part.get("model"))
            if isinstance(part.get("usage"), dict):
                # messages state what was read at the start and what was written at the end
                self._counts.update({key: value for key, value in part["usage"].items() if _is_count(value)})
                self._usage = _usage(self._counts, self._dialect) or self._usage
        self.is_over = self.is_over or (isinstance(told.get("type"), str) and told["type"] in _LAST)


def _with_usage(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield told
    for name in ("response", "message"):
        if isinstance(part := told.get(name), dict):
            yield part


def _usage(counts: Any, dialect: Dialect) -> Usage | None:
    if not isinstance(counts, dict):
        return None
    read_as, written_as = _COUNTED[dialect]
    read = [counts[name] for name in read_as if counts.get(name) is not None]
    written = counts.get(written_as)
    if not read or not _is_count(written) or not all(_is_count(one) for one in read):
        return None
    return Usage(sum(read), written)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MOST_TOKENS


def _is_error(told: dict[str, Any]) -> bool:
    return bool(told.get("error")) or told.get("type") == "error"


def _name(value: object) -> str:
    return value[:LONGEST_NAME] if isinstance(value, str) else ""
