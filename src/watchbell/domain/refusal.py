"""What do we say to people when we will not take what they sent?"""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def __str__(self) -> str:
        """Return "message (place). expected. todo", leaving out what is empty."""
        where = f"{self.message.rstrip('.')} ({self.place})" if self.place else self.message
        sentences = (part.rstrip(".") for part in (where, self.expected, self.todo) if part)
        return "".join(f"{sentence}. " for sentence in sentences).rstrip()

    def as_mapping(self) -> dict[str, str]:
        """Return the five texts by name, as a problem+json body carries them (RFC 9457)."""
        return asdict(self)


class Refused(ValueError):
    """Something was not taken; `refusal` says what, where and what to do."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refuse(code: str, message: str, *, place: str = "", expected: str = "", todo: str = "") -> Refused:
    """Return the exception for this reason, for the caller to raise."""
    return Refused(Refusal(code=code, message=message, place=place, expected=expected, todo=todo))
