"""Read what somebody signed who may see a sealed benchmark: what came of each item, by names that tell nothing.

The items stay where they are. A result names the benchmark by its hash, the protocol by its digest, and is believed as
far as its signature is.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchbell.domain.evaluation import Outcome
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, moments, strictjson
from watchbell.formats.eval_sample import credit_of, key_of
from watchbell.formats.fields import Json

PAYLOAD_TYPE: Final = "application/vnd.watchbell.sealed-result+json"
FORM: Final = "watchbell-sealed-result-1"
MOST_BYTES: Final = 64 * 1024 * 1024
_TOP: Final = (
    *("result", "engagement", "protocol", "benchmark", "version", "content", "model", "budget"),
    *("began_at", "ended_at", "samples"),
)
_SAMPLE: Final = ("id", "epoch", "outcome", "credit", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSample:
    """What came of one item; `place` is where it stands in the result."""

    item: str
    epoch: int
    outcome: Outcome
    credit: float | None
    tokens: int
    digest: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedResult:
    """One signed result: of one model, on one sealed benchmark version, at one budget."""

    engagement: str
    protocol: str
    benchmark: str
    version: str
    content: str
    model: str
    budget: int
    began: datetime
    ended: datetime
    samples: tuple[SealedSample, ...]


def loads(payload: bytes) -> SealedResult:
    """Return the result in the payload of an envelope whose signature was checked; raises Refused with a pointer."""
    found = fields.root(strictjson.loads(payload))
    _only(found, "", _TOP)
    if fields.required_text(found, "result") != FORM:
        raise fields.unsupported("sealed result", str(found["result"]), FORM, place="/result")
    text = {name: fields.required_text(found, name) for name in _TOP[1:7]}
    began, ended = (moments.read(fields.required_text(found, key), place=f"/{key}") for key in _TOP[8:10])
    if ended < began:
        raise refuse("wrong-value", "It ends before it begins.", place="/ended_at")
    samples = tuple(_sample(one, place) for one, place in fields.objects(found, "samples"))
    return SealedResult(**text, budget=_count(found, "budget", ""), began=began, ended=ended, samples=samples)


def _sample(found: Json, place: str) -> SealedSample:
    _only(found, place, _SAMPLE)
    item, epoch = key_of(found)
    outcome = fields.required_text(found, "outcome", place)
    if outcome not in set(Outcome):
        expected = Sentence("One of {outcomes}", outcomes=tuple(Outcome))
        raise refuse("wrong-value", "This is no outcome.", place=f"{place}/outcome", expected=expected)
    return SealedSample(
        item=item,
        epoch=epoch,
        outcome=Outcome(outcome),
        credit=credit_of(found.get("credit")),
        tokens=_count(found, "tokens", place),
        digest=hashlib.sha256(strictjson.dumps(found)).hexdigest(),
        place=place,
    )


def _count(found: Json, key: str, place: str) -> int:
    value = found.get(key, 0)
    if type(value) is not int or not 0 <= value < 2**53:
        raise fields.wrong_type(fields.pointer(place, key), int, value)
    return value


def _only(found: Json, place: str, known: tuple[str, ...]) -> None:
    for key in found:
        if key not in known:
            names = Sentence("Known here: {names}", names=known)
            where = fields.pointer(place, key)
            raise refuse("unknown-field", "A sealed result has no such field.", place=where, expected=names)
