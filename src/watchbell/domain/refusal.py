"""What do we say to people when we will not take what they sent?"""

import re
from typing import Final

from watchbell.domain.records import record
from watchbell.domain.sentence import Sentence

_PLACES: Final = {
    str(word): word
    for word in (
        Sentence("line"),
        Sentence("column"),
        Sentence("character"),
        Sentence("finding"),
        Sentence("member"),
    )
}
_PLACE: Final = re.compile(r"(\b(?:line|column|character|finding)(?= \d)|^member(?= ))")


@record(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something was not taken, where, and what to do about it.

    `code` is a stable kebab-case word that programs may rely on ("too-large",
    "zip-path"); the other texts are for people and may be reworded. `place` is
    a JSON pointer, "line 12", "member a.json", or "" when the whole is meant.
    """

    code: str
    message: str
    place: str = ""
    expected: str = ""
    todo: str = ""

    def __str__(self) -> Sentence:
        """Return "message (place). expected. todo", leaving out what is empty."""
        parts = {"message": self.message, "expected": self.expected, "todo": self.todo}
        said = {name: Sentence(text) for name, text in parts.items() if text}
        if self.place:
            said["place"] = self.where
        where = "{message} ({place})." if self.place else "{message}."
        template = " ".join([where, *(f"{{{name}}}." for name in ("expected", "todo") if name in said)])
        return Sentence(template, **said)

    @property
    def where(self) -> Sentence:
        """Return the place with its words ("line", "member") apart from pointers, numbers and names."""
        parts = {f"p{at}": _PLACES.get(part, part) for at, part in enumerate(_PLACE.split(self.place))}
        return Sentence("".join(f"{{{name}}}" for name in parts), **parts)

    def as_mapping(self) -> dict[str, str]:
        """Return the five texts by name, as a problem+json body carries them (RFC 9457)."""
        texts = ("code", "message", "place", "expected", "todo")
        return {name: getattr(self, name) for name in texts}


class Refused(ValueError):
    """Something was not taken; `refusal` says what, where and what to do."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refuse(code: str, message: str, *, place: str = "", expected: str = "", todo: str = "") -> Refused:
    """Return the exception for this reason, for the caller to raise."""
    return Refused(Refusal(code=code, message=message, place=place, expected=expected, todo=todo))
