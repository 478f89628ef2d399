"""What does a run tell while it goes? One JSON object a line: words of ours, item names and counts, never a text.

How an answer was judged is not told here: results reach the developer no later than anyone else.
"""

import json
import re
from enum import StrEnum
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.refusal import Refused
from watchbell.formats import strictjson

MOST_BYTES: Final = 2048
"""No line of ours is longer; a longer one is none of ours."""

PAUSE: Final = b"pause"
GO_ON: Final = b"go on"
"""What the parent may say, one line each, after the token."""

MOST_NUMBER: Final = 1 << 53
_ITEM = re.compile(r"[A-Za-z0-9_.\-]{0,200}\Z")


class Kind(StrEnum):
    """What a line is about."""

    READY = "ready"
    BEGUN = "begun"
    SAMPLE = "sample"
    WAITING = "waiting"
    PAUSED = "paused"
    GOING = "going"
    STOPPED = "stopped"
    ENDED = "ended"


class Outcome(StrEnum):
    """What became of a sample. Only an answer, a refusal or a limit is something about the model."""

    NONE = ""
    ANSWERED = "answered"
    REFUSED = "refused"
    LIMIT = "limit"
    MISSING = "missing"


class Cause(StrEnum):
    """Why a sample is missing, a limit was met, or the run stopped before its end."""

    NONE = ""
    ENDPOINT = "endpoint"
    BUSY = "busy"
    TIME = "time"
    OTHER_MODEL = "other-model"
    NO_ANSWER = "no-answer"
    ODD_ANSWER = "odd-answer"
    SUITE = "suite"
    SANDBOX = "sandbox"
    REQUEST = "request"
    TOKENS = "tokens"
    TURNS = "turns"
    OTHER_LIMIT = "other-limit"
    BUDGET = "budget"
    WINDOW = "window"
    TOKEN = "token"  # noqa: S105 (a word, no secret)
    SCOPE = "scope"
    CANCELLED = "cancelled"
    PARENT_GONE = "parent-gone"
    UNKNOWN = "unknown"


@record(frozen=True, slots=True, kw_only=True)
class Progress:
    """One line. `done` counts samples with an outcome of the model's, `missing` those without; `kept` came from before.

    `tokens` are those of the sample for SAMPLE, of the whole process so far otherwise.
    """

    kind: Kind
    item: str = ""
    epoch: int = 0
    outcome: Outcome = Outcome.NONE
    cause: Cause = Cause.NONE
    status: int = 0
    total: int = 0
    kept: int = 0
    done: int = 0
    missing: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    milliseconds: int = 0

    @property
    def is_whole(self) -> bool:
        """Return whether every sample of the run has an outcome of the model's."""
        return not self.missing and self.kept + self.done >= self.total > 0


_NUMBERS: Final = (
    "epoch",
    "status",
    "total",
    "kept",
    "done",
    "missing",
    "input_tokens",
    "output_tokens",
    "milliseconds",
)


def line(told: Progress) -> bytes:
    """Return the line that says this, with its end."""
    found = {name: getattr(told, name) for name in ("kind", "item", "outcome", "cause", *_NUMBERS)}
    kept = {name: value for name, value in found.items() if value not in ("", 0)}
    return json.dumps(kept, separators=(",", ":")).encode() + b"\n"


def read(data: bytes) -> Progress | None:
    """Return what a line says, or nothing when it is not one of ours in every part."""
    if len(data) > MOST_BYTES:
        return None
    try:
        found = strictjson.loads(data)
    except Refused:
        return None
    if type(found) is not dict or not found.keys() <= {"kind", "item", "outcome", "cause", *_NUMBERS}:
        return None
    numbers = {name: found[name] for name in _NUMBERS if name in found}
    if not all(type(one) is int and 0 <= one <= MOST_NUMBER for one in numbers.values()):
        return None
    item = found.get("item", "")
    if type(item) is not str or not _ITEM.match(item):
        return None
    try:
        words = (Kind(found.get("kind", "")), Outcome(found.get("outcome", "")), Cause(found.get("cause", "")))
    except ValueError:
        return None
    return Progress(kind=words[0], outcome=words[1], cause=words[2], item=item, **numbers)
