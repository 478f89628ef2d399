"""Which version of which benchmark is this, who may see its items, and do its controls earn what they should?

A version is what its digests say. Known answers are tried at every version: the reference solves each item, and an
empty answer, one that does nothing and one that deletes what it was asked about solve none. Of a sealed benchmark
this node holds an id and a hash only; its results come signed, from whoever can see it.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from watchbell.domain.canonical import digest
from watchbell.domain.evaluation.protocol import DIGEST, NAME
from watchbell.domain.records import record
from watchbell.domain.refusal import Refusal

FORM: Final = "watchbell-benchmark-1"
LONGEST_MINUTES: Final = 10**6


class Visibility(StrEnum):
    """Who may see a benchmark's items."""

    PUBLIC = "public"
    HELD_OUT = "held_out"
    """Drawn anew for each engagement from a seed that is committed to and revealed at its close."""
    SEALED = "sealed"
    """Not by this node: an id and a hash, and results that others sign."""


class Needs(StrEnum):
    """What its items have to run in."""

    NOTHING = "nothing"
    TRIALS = "trials"
    """Short programs in this node's own sandbox."""
    CONTAINERS = "containers"
    MACHINES = "machines"


class Control(StrEnum):
    """An answer of which it is known what it must earn."""

    REFERENCE = "reference"
    NULL = "null"
    IDLE = "idle"
    DESTRUCTIVE = "destructive"


@record(frozen=True, slots=True, kw_only=True)
class KnownAnswers:
    """What came of one control: over how many items it was tried, and how many it solved."""

    tried: int
    solved: int


@record(frozen=True, slots=True, kw_only=True)
class BenchmarkVersion:
    """One version. `spdx` names the terms it is under; `canary` is a text that stands in its items and nowhere else.

    `generator` is the digest of the code that draws the items, `content` that of the items or of what they are drawn
    by; of a sealed one only `content` is known. `minutes` say how long people took for items of a family, where they
    were timed on them: without that there is no time horizon.
    """

    name: str
    version: str
    visibility: Visibility
    content: str
    generator: str = ""
    spdx: str = ""
    needs: Needs = Needs.NOTHING
    families: tuple[str, ...] = ()
    canary: str = ""
    minutes: tuple[tuple[str, float], ...] = ()
    known: Mapping[Control, KnownAnswers]

    def as_mapping(self) -> dict[str, object]:
        """Return it as JSON values; human times stand there only where there are any."""
        timed = {"minutes": dict(self.minutes)} if self.minutes else {}
        return {
            **timed,
            "benchmark": FORM,
            "name": self.name,
            "version": self.version,
            "visibility": self.visibility.value,
            "content": self.content,
            "generator": self.generator,
            "spdx": self.spdx,
            "needs": self.needs.value,
            "families": list(self.families),
            "canary": self.canary,
            "known": {one.value: {"tried": it.tried, "solved": it.solved} for one, it in self.known.items()},
        }

    @property
    def digest(self) -> str:
        """Return the SHA-256 of its canonical bytes, in hex."""
        return digest(self.as_mapping()).hex()

    def problems(self) -> tuple[Refusal, ...]:
        """Return everything that keeps this version from being registered."""
        return (*self._of_names(), *self._of_known())

    def _of_names(self) -> Iterator[Refusal]:
        for place, name in (("/name", self.name), ("/version", self.version)):
            if not NAME.fullmatch(name):
                yield _wrong(place, "This is no name.", "Up to 100 letters, digits and ._:/@+-")
        if not DIGEST.fullmatch(self.content):
            yield _wrong("/content", "This is no SHA-256.", "64 small hexadecimal digits")
        if self.visibility is not Visibility.SEALED and not DIGEST.fullmatch(self.generator):
            yield _wrong("/generator", "This is no SHA-256.", "The digest of the code that makes or loads the items")
        if self.visibility is Visibility.HELD_OUT and not self.canary:
            yield _wrong("/canary", "Held-out items need a canary.", "A text that stands nowhere else")
        if len(self.families) != len(set(self.families)) or not all(NAME.fullmatch(one) for one in self.families):
            yield _wrong("/families", "A family has no name, or stands here twice.", "Names, each once")
        timed = [family for family, _ in self.minutes]
        odd = len(timed) != len(set(timed)) or not set(timed) <= set(self.families)
        if odd or not all(_is_time(one) for _, one in self.minutes):
            yield _wrong("/minutes", "This is no human time of a family.", "Minutes above 0, by families of /families")

    def _of_known(self) -> Iterator[Refusal]:
        if self.visibility is Visibility.SEALED:
            return
        for control in Control:
            found = self.known.get(control, KnownAnswers(tried=0, solved=0))
            wanted = found.tried if control is Control.REFERENCE else 0
            if found.tried < 1 or found.solved != wanted:
                yield _wrong(
                    f"/known/{control.value}",
                    "This control was not tried, or did not earn what it must.",
                    "The reference solves every item, and no other control solves any",
                )


def _is_time(minutes: float) -> bool:
    return type(minutes) in (int, float) and 0 < minutes <= LONGEST_MINUTES


def _wrong(place: str, message: str, expected: str) -> Refusal:
    todo = "Correct the benchmark, and register it as a new version"
    return Refusal(code="wrong-value", message=message, place=place, expected=expected, todo=todo)
