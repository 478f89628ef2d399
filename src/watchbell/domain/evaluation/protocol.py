"""What is asked of which model, with which budgets, and what decides? Written down before the first call.

A protocol that is locked never changes; its canonical bytes (RFC 8785) have one digest, and that stands in the record
with its moment. `problems` says all that is wrong with one, each with its place.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from watchbell.domain.canonical import canonical, digest
from watchbell.domain.evaluation.outcomes import Cell
from watchbell.domain.records import record
from watchbell.domain.refusal import Refusal
from watchbell.domain.sentence import Sentence

FORM: Final = "watchbell-protocol-1"
MOST_INDICATORS: Final = 5
MOST_CELLS: Final = 1_000_000
LONGEST_TITLE: Final = 200
LARGEST: Final = 2**53 - 1
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
ITEM: Final = re.compile(r"[!-~]{1,150}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@record(frozen=True, slots=True, kw_only=True)
class Measured:
    """Which model: by the digest of its weights, and by the name it has at the gateway.

    `answers_as` are other names its endpoint may give itself in answers: a dated snapshot, its own word for it.
    """

    digest: str
    alias: str
    answers_as: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return every name under which this model may answer."""
        return frozenset((self.alias, *self.answers_as))


@record(frozen=True, slots=True, kw_only=True)
class Listed:
    """One item of a benchmark that is somebody else's, and the family it counts to."""

    item: str
    family: str


@record(frozen=True, slots=True, kw_only=True)
class Suite:
    """Which items of which benchmark version: so many each of families and levels, or a list of names."""

    benchmark: str
    version: str
    families: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    each: int = 0
    listed: tuple[Listed, ...] = ()

    @property
    def short(self) -> str:
        """Return what the names of a generator's items begin with."""
        return self.benchmark.rpartition("/")[2]

    @property
    def size(self) -> int:
        """Return how many items this is."""
        return len(self.listed) or len(self.families) * len(self.levels) * self.each

    def items(self) -> Iterator[tuple[str, str, int]]:
        """Return each item's name, family and level; a listed one's level is 0."""
        for one in self.listed:
            yield one.item, one.family, 0
        if not self.listed:
            for family in self.families:
                for level in self.levels:
                    for number in range(self.each):
                        yield f"{self.short}.{family}.{level}.{number}", family, level


@record(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """What stands around the model: with another one, another system is measured."""

    name: str
    version: str


@record(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One question that is answered: does the model exceed the anchor by `delta` logits on these benchmarks?"""

    name: str
    suites: tuple[str, ...]
    anchor: str
    delta: float


@record(frozen=True, slots=True, kw_only=True)
class Rule:
    """From which probability on it is indicated, and up to which it is not; between them it is inconclusive."""

    indicated_from: float = 0.95
    not_indicated_up_to: float = 0.05


@record(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Everything that is decided beforehand. `budgets` are tokens a sample, ascending; `references` run the same."""

    title: str
    model: Measured
    suites: tuple[Suite, ...]
    budgets: tuple[int, ...]
    epochs: int
    scaffold: Scaffold
    references: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    rule: Rule = Rule()

    def as_mapping(self) -> dict[str, object]:
        """Return the protocol as JSON values, as it is written down and signed for."""
        return {
            "protocol": FORM,
            "title": self.title,
            "model": {
                "digest": self.model.digest,
                "alias": self.model.alias,
                "answers_as": list(self.model.answers_as),
            },
            "suites": [_suite_as_mapping(one) for one in self.suites],
            "budgets": list(self.budgets),
            "epochs": self.epochs,
            "scaffold": {"name": self.scaffold.name, "version": self.scaffold.version},
            "references": list(self.references),
            "indicators": [_indicator_as_mapping(one) for one in self.indicators],
            "rule": {
                "indicated_from": self.rule.indicated_from,
                "not_indicated_up_to": self.rule.not_indicated_up_to,
            },
        }

    @property
    def canonical(self) -> bytes:
        """Return the bytes that stand for this protocol (RFC 8785)."""
        return canonical(self.as_mapping())

    @property
    def digest(self) -> str:
        """Return the SHA-256 of those bytes, in hex."""
        return digest(self.as_mapping()).hex()

    @property
    def models(self) -> tuple[str, ...]:
        """Return the model measured and those it is compared with, by the names they are called by."""
        return (self.model.alias, *self.references)

    def names_of(self, model: str) -> frozenset[str]:
        """Return the names under which one of the models may answer."""
        return self.model.names if model == self.model.alias else frozenset((model,))

    def suite_of(self, benchmark: str) -> Suite | None:
        """Return what is asked of a benchmark, or None."""
        return next((one for one in self.suites if one.benchmark == benchmark), None)

    def cells(self, suite: Suite) -> Iterator[Cell]:
        """Return every cell that one model is to fill for one suite."""
        for item, _, _ in suite.items():
            for budget in self.budgets:
                for epoch in range(1, self.epochs + 1):
                    yield item, budget, epoch


def _suite_as_mapping(suite: Suite) -> dict[str, object]:
    who: dict[str, object] = {"benchmark": suite.benchmark, "version": suite.version}
    if suite.listed:
        return {**who, "listed": [{"item": one.item, "family": one.family} for one in suite.listed]}
    return {**who, "families": list(suite.families), "levels": list(suite.levels), "each": suite.each}


def _indicator_as_mapping(indicator: Indicator) -> dict[str, object]:
    return {
        "name": indicator.name,
        "suites": list(indicator.suites),
        "anchor": indicator.anchor,
        "delta": indicator.delta,
    }


def problems(protocol: Protocol) -> tuple[Refusal, ...]:
    """Return everything that keeps a protocol from being locked, in the order of its fields; nothing when it may be."""
    of_parts = (_of_model, _of_suites, _of_size, _of_references, _of_indicators)
    found = [problem for of_part in of_parts for problem in of_part(protocol)]
    return (*found, *_of_rule(protocol.rule))


def _of_model(protocol: Protocol) -> Iterator[Refusal]:
    if not 0 < len(protocol.title.strip()) <= LONGEST_TITLE:
        yield _wrong("/title", "The title is empty or too long.", Sentence("Up to {most} letters", most=LONGEST_TITLE))
    if CONTROL.search(protocol.title):
        yield _wrong("/title", "The title holds a control character.", "Letters, digits, spaces and signs")
    if not DIGEST.fullmatch(protocol.model.digest):
        yield _wrong("/model/digest", "This is no SHA-256.", "64 small hexadecimal digits")
    yield from _names("/model/alias", [protocol.model.alias], is_list=False)
    yield from _names("/model/answers_as", protocol.model.answers_as)
    yield from _names("/scaffold/name", [protocol.scaffold.name], is_list=False)
    yield from _names("/scaffold/version", [protocol.scaffold.version], is_list=False)


def _of_suites(protocol: Protocol) -> Iterator[Refusal]:
    if not protocol.suites:
        yield _wrong("/suites", "There is nothing to run.", "At least one benchmark")
    yield from _twice("/suites", [one.benchmark for one in protocol.suites])
    for at, suite in enumerate(protocol.suites):
        place = f"/suites/{at}"
        yield from _names(f"{place}/benchmark", [suite.benchmark], is_list=False)
        yield from _names(f"{place}/version", [suite.version], is_list=False)
        yield from _of_plan(suite, place)


def _of_plan(suite: Suite, place: str) -> Iterator[Refusal]:
    if suite.listed:
        if suite.families or suite.levels or suite.each:
            yield _wrong(f"{place}/listed", "It lists items and draws them too.", "A list, or families and levels")
        for at, one in enumerate(suite.listed):
            if not ITEM.fullmatch(one.item):
                yield _wrong(f"{place}/listed/{at}/item", "This is no item's name.", "Up to 150 visible letters")
            yield from _names(f"{place}/listed/{at}/family", [one.family], is_list=False)
        yield from _twice(f"{place}/listed", [one.item for one in suite.listed])
        return
    if not (suite.families and suite.levels) or suite.each < 1:
        yield _wrong(place, "It names no items.", "Families, levels and how many of each; or a list of items")
    yield from _names(f"{place}/families", suite.families)
    yield from _twice(f"{place}/levels", [str(level) for level in suite.levels])
    if any(not 1 <= level <= LARGEST for level in suite.levels):
        yield _wrong(f"{place}/levels", "A level is below 1.", "Whole numbers from 1 on")


def _of_size(protocol: Protocol) -> Iterator[Refusal]:
    budgets = protocol.budgets
    if not budgets or any(not 1 <= one <= LARGEST for one in budgets) or list(budgets) != sorted(set(budgets)):
        yield _wrong("/budgets", "The budgets are not in order.", "Numbers of tokens a sample, ascending, each once")
    if not 1 <= protocol.epochs <= 1000:
        yield _wrong("/epochs", "That many epochs are not run.", "From 1 to 1,000")
    cells = sum(one.size for one in protocol.suites) * len(budgets) * protocol.epochs
    if cells > MOST_CELLS:
        message = Sentence("This asks for {cells} samples of each model.", cells=cells)
        yield _wrong("/suites", message, Sentence("At most {most}", most=MOST_CELLS))


def _of_references(protocol: Protocol) -> Iterator[Refusal]:
    yield from _names("/references", protocol.references)
    if protocol.model.names & set(protocol.references):
        yield _wrong("/references", "The model is compared with itself.", "Names of other models")


def _of_indicators(protocol: Protocol) -> Iterator[Refusal]:
    number = len(protocol.indicators)
    if not 1 <= number <= MOST_INDICATORS:
        message = Sentence("There are {number} primary indicators.", number=number)
        yield _wrong("/indicators", message, Sentence("From 1 to {most}", most=MOST_INDICATORS))
    yield from _names("/indicators", [one.name for one in protocol.indicators])
    known = {one.benchmark for one in protocol.suites}
    for at, one in enumerate(protocol.indicators):
        place = f"/indicators/{at}"
        if not one.suites or not set(one.suites) <= known:
            yield _wrong(f"{place}/suites", "It counts a benchmark that is not run.", "Benchmarks of /suites")
        yield from _twice(f"{place}/suites", one.suites)
        if one.anchor not in protocol.references:
            yield _wrong(f"{place}/anchor", "Its anchor is not run under this protocol.", "One of /references")
        if not -100 <= one.delta <= 100:
            yield _wrong(f"{place}/delta", "That is no difference in ability.", "A number of logits, -100 to 100")


def _of_rule(rule: Rule) -> Iterator[Refusal]:
    if not 0 < rule.not_indicated_up_to < 0.5 < rule.indicated_from < 1:
        yield _wrong("/rule", "These two probabilities decide nothing.", "0 < not indicated < 0.5 < indicated < 1")


def _names(place: str, names: Sequence[str], *, is_list: bool = True) -> Iterator[Refusal]:
    for at, name in enumerate(names):
        if not NAME.fullmatch(name):
            where = f"{place}/{at}" if is_list else place
            yield _wrong(where, "This is no name.", "Up to 100 letters, digits and ._:/@+-")
    if is_list:
        yield from _twice(place, names)


def _twice(place: str, names: Sequence[str]) -> Iterator[Refusal]:
    again = sorted(name for name, number in Counter(names).items() if number > 1)
    if again:
        yield _wrong(place, Sentence("{name} stands here twice.", name=again[0][:100]), "Each once")


def _wrong(place: str, message: str, expected: str) -> Refusal:
    todo = "Correct this field, and lock it then"
    return Refusal(code="wrong-value", message=message, place=place, expected=expected, todo=todo)
