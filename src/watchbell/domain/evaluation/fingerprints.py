"""What is an endpoint asked, over and over, so that another model behind the same name has a chance to show?

The same short neutral questions at the beginning, in the middle and at the end of each run, each several times, at
temperature 1. Answers are compared as they were given (`domain.measurement.sameness`); nobody judges them, and they
count for nothing else. The questions are not secret: an endpoint that knows them can answer them as before.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchbell.domain.records import record

PROMPTS: Final = (
    "Name one animal. Answer with one word.",
    "Name one tree. Answer with one word.",
    "Name one musical instrument. Answer with one word.",
    "Pick a whole number from 1 to 1000. Answer with the number alone.",
    "Give one first name. Answer with one word.",
    "Name one town with fewer than 100,000 people. Answer with its name alone.",
    "Write one sentence of at most ten words about the sea.",
    "Write one sentence of at most ten words about a clock.",
    "Finish this in at most eight words: When the bell rang, she",
    "List three kinds of bread, separated by commas, and nothing else.",
)
"""Another list would be another kind of fingerprint, with a number of its own in `formats.fingerprints`."""

EACH: Final = 3
"""How often each is asked at one moment: thirty short calls."""
ANSWER_TOKENS: Final = 200
TEMPERATURE: Final = 1.0
LONGEST: Final = 64
"""Letters of an answer that are kept and compared."""
_SPACES: Final = re.compile(r"\s+")
_ODD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Moment(StrEnum):
    """When in a run the questions were asked."""

    START = "start"
    MIDDLE = "middle"
    END = "end"
    AGAIN = "again"
    """When a run that had stopped went on."""


class Seen(StrEnum):
    """What the answers of all moments say together. None of them says that it was the same model."""

    NO_DIFFERENCE = "no difference seen"
    DIFFER = "answers differ"
    NOT_TAKEN = "not taken"


@record(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The answers of one moment: for each of PROMPTS those that came, which may be fewer than were asked for."""

    moment: Moment
    at: datetime
    answers: tuple[tuple[str, ...], ...]

    @property
    def number(self) -> int:
        """Return how many answers came."""
        return sum(len(one) for one in self.answers)

    @property
    def is_taken(self) -> bool:
        """Return whether at least half of the questions were answered twice: with less, nothing could be compared."""
        return 2 * sum(len(one) > 1 for one in self.answers) >= len(PROMPTS)


def kept(answer: str) -> str:
    """Return what of an answer is compared: its first letters, without what a tokeniser's whim could change."""
    return _ODD.sub("", _SPACES.sub(" ", answer).strip(" .\"'*").casefold())[:LONGEST]
