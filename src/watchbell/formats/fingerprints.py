"""Read and write the fingerprints of a run: JSON beside its logs, and a file inside the newest of them."""

from typing import Final

from watchbell.domain.evaluation.fingerprints import EACH, LONGEST, PROMPTS, Fingerprint, Moment
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, moments, strictjson

FORM: Final = "watchbell-fingerprints-1"
MEMBER: Final = "watchbell/fingerprints.json"
"""Its name in a log, where Inspect's own readers pass it over."""
MOST_BYTES: Final = 1024 * 1024
MOST_MOMENTS: Final = 200
_FIELDS: Final = frozenset(("fingerprints", "moments"))


def loads(data: bytes) -> tuple[Fingerprint, ...]:
    """Return the fingerprints in these bytes, in the order they were taken. Raises Refused with a place."""
    found = fields.root(strictjson.loads(data))
    if fields.required_text(found, "fingerprints") != FORM:
        raise fields.unsupported("fingerprints", str(found["fingerprints"]), FORM, place="/fingerprints")
    if set(found) - _FIELDS:
        raise refuse("unknown-field", "Fingerprints have no such field.", place="/")
    listed = tuple(_one(one, place) for one, place in fields.objects(found, "moments"))
    if len(listed) > MOST_MOMENTS:
        expected = Sentence("At most {most}", most=MOST_MOMENTS)
        raise refuse("too-large", "One run has fewer moments.", place="/moments", expected=expected)
    return listed


def dumps(fingerprints: tuple[Fingerprint, ...]) -> bytes:
    """Return the canonical bytes of fingerprints."""
    said = [
        {"moment": one.moment.value, "at": moments.written(one.at), "answers": [list(each) for each in one.answers]}
        for one in fingerprints
    ]
    return strictjson.dumps({"fingerprints": FORM, "moments": said})


def _one(found: fields.Json, place: str) -> Fingerprint:
    moment = fields.required_text(found, "moment", place)
    if moment not in set(Moment):
        names = tuple(one.value for one in Moment)
        expected = Sentence("One of these: {names}", names=names)
        raise refuse("wrong-value", "There is no such moment.", place=f"{place}/moment", expected=expected)
    answers = fields.items(found, "answers", place)
    if len(answers) != len(PROMPTS) or not all(_are_answers(one) for one in answers):
        message = "These are no answers to the questions that are asked."
        raise refuse("wrong-value", message, place=f"{place}/answers", todo="Give the log as it was written")
    at = moments.read(fields.required_text(found, "at", place), place=f"{place}/at")
    return Fingerprint(moment=Moment(moment), at=at, answers=tuple(tuple(one) for one in answers))


def _are_answers(value: object) -> bool:
    return type(value) is list and len(value) <= EACH and all(type(one) is str and len(one) <= LONGEST for one in value)
