"""How do findings say what AI was used for? In an object of ours, or in words; all of it is kept.

The note category `ai_usage` of CSAF (issue 1519) names discovery, validation, patch and
authoring, human oversight, and a model that may be withheld. Silence is not "none was used".
"""

import re
from typing import Any

from watchbell.domain.advisory import Activity, AiUsage
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json

FIELDS = ("activities", "human_oversight", "model", "model_withheld", "text")
_SAID = re.compile(r"^[\s*-]*(?P<word>[A-Za-z][A-Za-z _-]{1,30}?)\s*:\s*(?P<what>.*)$", re.MULTILINE)
_DENIED = ("no", "none", "not used", "n/a", "false")
_WITHHELD = ("withheld", "not disclosed", "undisclosed")
_ACTIVITIES = {
    "discovery": Activity.DISCOVERY,
    "validation": Activity.VALIDATION,
    "patch": Activity.PATCH,
    "remediation": Activity.PATCH,
    "remediation development": Activity.PATCH,
    "authoring": Activity.AUTHORING,
    "document generation": Activity.AUTHORING,
}


def read(one: Json, place: str = "/ai_usage") -> AiUsage:
    """Return what our object says; raises Refused with a JSON pointer."""
    fields.only(one, FIELDS, place)
    withheld = one.get("model_withheld", False)
    if type(withheld) is not bool:
        raise fields.wrong_type(fields.pointer(place, "model_withheld"), bool, withheld)
    said = fields.texts(one, "activities", place) if one.get("activities") is not None else None
    where = fields.pointer(place, "activities")
    return AiUsage(
        activities=None if said is None else frozenset(_activity(word, where) for word in said),
        human_oversight=fields.text(one, "human_oversight", place),
        model=fields.text(one, "model", place),
        model_withheld=withheld,
        text=fields.text(one, "text", place),
    )


def write(one: AiUsage) -> Json:
    """Return our object; what was not said is left out."""
    said: Json = {key: value for key in FIELDS if (value := getattr(one, key)) and key != "activities"}
    if one.activities is not None:
        said["activities"] = sorted(activity.value for activity in one.activities)
    return said


def told(text: str) -> AiUsage:
    """Return what lines such as "Discovery: yes" or "Model: withheld" say; all of it stays in `text`."""
    said = {found["word"].strip().casefold(): found["what"].strip() for found in _SAID.finditer(text)}
    named = {_ACTIVITIES[word]: what for word, what in said.items() if word in _ACTIVITIES}
    model = said.get("model", "")
    withheld = model.casefold() in _WITHHELD
    return AiUsage(
        activities=frozenset(one for one, what in named.items() if not _is_denied(what)) if named else None,
        human_oversight=said.get("human oversight", ""),
        model="" if withheld else model,
        model_withheld=withheld,
        text=text,
    )


def anyhow(value: Any) -> AiUsage:
    """Return what a free field of another format says: our object, or words; anything else is kept as text."""
    if isinstance(value, str):
        return told(value)
    if isinstance(value, dict):
        try:
            return read(value)
        except Refused:
            pass
    return AiUsage() if value is None else AiUsage(text=strictjson.dumps(value).decode())


def _activity(word: str, place: str) -> Activity:
    try:
        return Activity(word)
    except ValueError:
        raise refuse(
            "wrong-value",
            Sentence("{found} is not one of our words.", found=repr(word[:40])),
            place=place,
            expected=Sentence("one of {known}", known=tuple(one.value for one in Activity)),
        ) from None


def _is_denied(what: str) -> bool:
    return what.casefold().rstrip(".") in _DENIED
