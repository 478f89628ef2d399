"""Read one sample of an Inspect log: what was answered, under which name, how it was scored, and what it took.

Of two or more scorers the one named first counts. A scorer of ours says "solved" and "refused" in its score's metadata;
of others, full marks are solved. A score that somebody edited afterwards is refused: it is not what the run gave.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from watchbell.domain.evaluation import Told
from watchbell.domain.evaluation.protocol import ITEM
from watchbell.domain.refusal import refuse
from watchbell.formats import fields, moments, strictjson
from watchbell.formats.eval_waiting import has_stalled
from watchbell.formats.fields import Json

WORDS: Final = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""What Inspect's scorers write for right, wrong, half right and no answer."""
FILTERED: Final = "content_filter"
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedSample:
    """One sample as it was logged. `credit` is 0 to 1, or None without a usable score; `calls` None where not logged.

    `answer` is the digest of the last answer's text, `digest` that of the bytes it is stored in; `spoken` is all the
    model said and did and `heard` all it was told, for looking for a canary; both are kept nowhere.
    """

    item: str
    epoch: int
    uuid: str
    place: str
    told: Told
    credit: float | None
    input_tokens: int
    output_tokens: int
    total_tokens: int
    calls: int | None
    began: datetime | None
    wall_ms: int
    answer: str
    digest: str
    spoken: str
    heard: str

    def lets_slip(self, canary: str) -> bool:
        """Return whether the model said this text without having been told it."""
        return bool(canary) and canary in self.spoken and canary not in self.heard


def key_of(sample: Json) -> tuple[str, int]:
    """Return which item and epoch this is; raises Refused for what can be neither."""
    item, epoch = sample.get("id"), sample.get("epoch")
    if type(item) not in (str, int) or not ITEM.fullmatch(str(item)):
        raise refuse("wrong-value", "This is no item's name.", place="/id", expected="Up to 150 visible letters")
    if type(epoch) is not int or not 1 <= epoch <= 1_000_000:
        raise refuse("wrong-value", "This is no epoch.", place="/epoch", expected="A whole number from 1 on")
    return str(item), epoch


def scores_told(sample: Json) -> bytes:
    """Return what a sample or its summary says of its scores, to be compared: names and values, nothing else."""
    found = fields.mapping(sample, "scores")
    return strictjson.dumps({name: fields.mapping(found, name, "/scores").get("value") for name in found})


def sample_from(sample: Json, *, model: str, scorer: str, place: str, digest: str) -> LoggedSample:
    """Return the sample; `model` is the name the log gives to the model measured. Raises Refused with a pointer."""
    item, epoch = key_of(sample)
    output = fields.mapping(sample, "output")
    solved, declined, credit = _scored(sample, scorer)
    calls = list(_calls(sample, model))
    usage = fields.mapping(fields.mapping(sample, "model_usage"), model, "/model_usage")
    return LoggedSample(
        item=item,
        epoch=epoch,
        uuid=fields.text(sample, "uuid")[:LONGEST_NAME],
        place=place,
        told=Told(
            is_error=bool(sample.get("error")),
            limit=fields.text(fields.mapping(sample, "limit"), "type", "/limit")[:20],
            filtered=_stopped_by(output) == FILTERED,
            declined=declined,
            solved=solved,
            answered_as=_answered_as(calls, output),
            stalled=has_stalled(sample, calls),
            taken_back=bool(sample.get("invalidation")),
        ),
        credit=credit,
        input_tokens=_count(usage, "input_tokens"),
        output_tokens=_count(usage, "output_tokens"),
        total_tokens=_count(usage, "total_tokens"),
        calls=len(calls) if sample.get("events") else None,
        began=_began(sample),
        wall_ms=_milliseconds(sample),
        answer=hashlib.sha256(fields.text(output, "completion", "/output").encode()).hexdigest(),
        digest=digest,
        spoken="\n".join(_texts(sample, ("assistant",))),
        heard="\n".join(_texts(sample, ("system", "user", "tool"))),
    )


def _scored(sample: Json, scorer: str) -> tuple[bool | None, bool, float | None]:
    """Return whether it was solved, whether the scorer calls it a refusal, and the credit; None without a score."""
    scores = fields.mapping(sample, "scores")
    name = scorer if scorer in scores else next(iter(scores), "")
    if not name:
        return None, False, None
    place = fields.pointer("/scores", name)
    score = fields.mapping(scores, name, "/scores")
    if fields.items(score, "history", place):
        todo = "Give the log as the run wrote it; say beside it what is wrong with a score"
        raise refuse("score-edited", "The score was edited after the run.", place=f"{place}/history", todo=todo)
    extra = fields.mapping(score, "metadata", place)
    credit = credit_of(score.get("value"))
    own = extra.get("solved")
    solved = own if type(own) is bool else None if credit is None else credit >= 1.0
    return solved, extra.get("refused") is True, credit


def credit_of(value: Any) -> float | None:
    """Return a score's value as 0 to 1, or None for what cannot be read as that."""
    if type(value) is str:
        return WORDS.get(value)
    if type(value) in (bool, int, float) and 0 <= value <= 1:
        return float(value)
    return None


def _calls(sample: Json, model: str) -> Iterator[Json]:
    """Return each call of the model measured: of the sample, and of tries of it that were given up."""
    holders = [(sample, ""), *fields.objects(sample, "error_retries")]
    for holder, where in holders:
        for event, _ in fields.objects(holder, "events", where):
            if event.get("event") == "model" and event.get("model") == model and event.get("cache") != "read":
                yield event


def _answered_as(calls: list[Json], output: Json) -> tuple[str, ...]:
    """Return the names under which answers came; from the last answer where no call is logged.

    A call that was cut or went wrong has an output too: an empty one, under the name it was called by.
    """
    answers = [fields.mapping(one, "output") for one in calls if not one.get("error")] if calls else [output]
    named = [fields.text(one, "model")[:LONGEST_NAME] for one in answers if fields.items(one, "choices")]
    return tuple(dict.fromkeys(named))


def _stopped_by(output: Json) -> str:
    choices = [one for one, _ in fields.objects(output, "choices", "/output")]
    return fields.text(choices[-1], "stop_reason") if choices else ""


def _texts(sample: Json, roles: tuple[str, ...]) -> Iterator[str]:
    """Return what these roles said, and what their tool calls were given."""
    for message, place in fields.objects(sample, "messages"):
        if message.get("role") not in roles:
            continue
        content = message.get("content")
        if type(content) is str:
            yield content
        elif type(content) is list:
            yield from (str(part.get("text", "")) for part, _ in fields.objects(message, "content", place))
        for call, _ in fields.objects(message, "tool_calls", place):
            yield strictjson.dumps(call.get("arguments")).decode()


def _began(sample: Json) -> datetime | None:
    text = fields.text(sample, "started_at")
    return moments.read(text, place="/started_at") if text else None


def _milliseconds(sample: Json) -> int:
    value: Any = sample.get("total_time")
    return round(value * 1000) if type(value) in (int, float) and 0 <= value < 2**31 else 0


def _count(usage: Json, key: str) -> int:
    value = usage.get(key)
    return value if type(value) is int and 0 <= value < 2**53 else 0
