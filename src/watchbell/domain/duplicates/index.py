"""Which reports known to us are worth comparing with a new one? A few dozen of many thousands, in milliseconds."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from watchbell.domain.duplicates.report import Report
from watchbell.domain.duplicates.words import Prepared, prepared, sentence_key, sentences

TEMPLATE: Final = 5
"""A sentence that stands in this many reports is a template: it describes a product or gives advice."""
BUDGET: Final = 5_000
"""Entries of the lists of words that one look-up may touch; the rarest words come first."""
POOL: Final = 100
"""Reports that share most with the asked, before their length is looked at."""
BY_TEXT: Final = 20
BY_NAME: Final = 30
COMMON_NAME: Final = 3_000
"""A package's name in more reports than this is an everyday word."""


@dataclass(frozen=True, slots=True)
class Known:
    """A report with its words as the index's numbers, each once; `length` is that of its vector of rarities."""

    name: str
    words: "array[int]"
    title: frozenset[int]
    length: float
    names: frozenset[str]
    name_words: frozenset[int]
    versions: frozenset[str]
    minors: frozenset[str]
    kinds: int


class Index:
    """Reports that can be asked for what is like another one: made once, then only read.

    `words` are all words by number, those of packages' names among them; `rarity` is
    log((n + 1) / (reports with the word + 1/2)), n the number of reports.
    """

    def __init__(self, reports: Iterable[Report]) -> None:
        reports = list(reports)
        seen = Counter(sentence_key(one) for report in reports for one in sentences(report))
        self.templates = frozenset(one for one, times in seen.items() if times >= TEMPLATE)
        del seen
        self._number: dict[str, int] = {}
        self._with: list[array[int]] = []
        self._named: dict[str, array[int]] = {}
        self._newest = math.log((len(reports) + 1) * 2)
        self.rarity: list[float] = []
        rows = [self._taken_in(at, report) for at, report in enumerate(reports)]
        self.words = tuple(self._number)
        self.rarity = [math.log((len(reports) + 1) / (len(places) + 0.5)) for places in self._with]
        self.known = [self._numbered(report.name, row) for report, row in zip(reports, rows, strict=True)]

    def read(self, report: Report) -> Known:
        """Return a report as it is compared with those in the index; words that none of them has only lengthen it."""
        return self._numbered(report.name, prepared(report, self.templates))

    def candidates(self, asked: Known) -> dict[int, float]:
        """Return the places in `known` of what is worth comparing, each with its cosine to the asked.

        They are the nearest by rare words, and the nearest of those that name or mention its packages.
        """
        sums: dict[int, float] = {}
        so_far, rarity, left = sums.get, self.rarity, BUDGET
        for word in sorted(asked.words, key=rarity.__getitem__, reverse=True):
            places, more = self._with[word], rarity[word] ** 2
            left -= len(places)
            if left < 0:
                break
            for at in places:
                sums[at] = so_far(at, 0.0) + more
        floor = sorted(sums.values())[-POOL] if len(sums) > POOL else 0.0
        found = self._nearest([at for at, total in sums.items() if total >= floor], sums, BY_TEXT)
        for name in asked.names:
            found |= self._nearest(self._named.get(name, ()), sums, BY_NAME)
        said = [word for word in asked.name_words if self._with[word]]
        if said:
            mentioning = self._with[max(said, key=rarity.__getitem__)]
            if len(mentioning) <= COMMON_NAME:
                found |= self._nearest(mentioning, sums, BY_NAME)
        return {at: score / asked.length for at, score in found.items()}

    def _nearest(self, places: Sequence[int], sums: dict[int, float], most: int) -> dict[int, float]:
        """Return those of these places that share most with the asked for their own length, with that measure."""
        scored = [(sums.get(at, 0.0) / self.known[at].length, at) for at in places]
        if len(scored) > most:
            scored = sorted(scored, reverse=True)[:most]
        return {at: score for score, at in scored}

    def _taken_in(self, at: int, report: Report) -> Prepared:
        row = prepared(report, self.templates)
        for word in (*row.words, *row.name_words):
            if self._number.setdefault(word, len(self._number)) == len(self._with):
                self._with.append(array("I"))
        for word in row.words:
            self._with[self._number[word]].append(at)
        for name in row.names:
            self._named.setdefault(name, array("I")).append(at)
        return row

    def _numbered(self, name: str, row: Prepared) -> Known:
        numbers = self._numbers(row.words)
        strange = len(row.words) - len(numbers)
        squared = sum(self.rarity[one] ** 2 for one in numbers) + strange * self._newest**2
        return Known(
            name=name,
            words=array("I", numbers),
            title=frozenset(self._numbers(row.title)),
            length=math.sqrt(squared) or 1.0,
            names=row.names,
            name_words=frozenset(self._numbers(row.name_words)),
            versions=row.versions,
            minors=frozenset(".".join(one.split(".")[:2]) for one in row.versions),
            kinds=row.kinds,
        )

    def _numbers(self, words: Iterable[str]) -> list[int]:
        known = self._number
        return [known[word] for word in words if word in known]
