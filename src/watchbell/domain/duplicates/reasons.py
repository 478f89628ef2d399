"""Why is a known report suggested, or not called the same? Each feature that weighs, in a sentence with evidence."""

from dataclasses import dataclass
from typing import Final

from watchbell.domain.duplicates import weaknesses
from watchbell.domain.duplicates.features import Feature, Pair
from watchbell.domain.duplicates.index import Index, Known
from watchbell.domain.duplicates.words import CHANGE, CODE, FILE
from watchbell.domain.sentence import Sentence

MOST_SHOWN: Final = 8
"""Words, versions or names that one sentence shows; the rarest words come first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature in words; `weight` is what it adds to the logit of "the same", below 0 where it speaks against."""

    said: Sentence
    weight: float


def reasons_of(index: Index, asked: Known, pair: Pair, coefficients: tuple[float, ...]) -> tuple[Reason, ...]:
    """Return the reasons of a pair that weigh anything, the heaviest first."""
    found = [
        Reason(_said(feature, value, index, asked, pair), coefficient * value)
        for feature, value, coefficient in zip(Feature, pair.values, coefficients, strict=True)
        if coefficient * value
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.weight)))


def _said(feature: Feature, value: float, index: Index, asked: Known, pair: Pair) -> Sentence:
    match feature:
        case Feature.PACKAGE if value > 0.99:
            return Sentence("The known report names or mentions the package {names}.", names=_shown(asked.names))
        case Feature.PACKAGE:
            return Sentence("The known report shares a part of the package's name {names}.", names=_shown(asked.names))
        case Feature.SAME_PACKAGE:
            return Sentence("Both name the same package.")
        case Feature.NO_PACKAGE:
            return Sentence("The known report names no package, so it could not agree.")
        case Feature.TITLE:
            return Sentence("It says {share} % of what is rare in the title.", share=round(100 * value))
        case Feature.WORDS:
            return Sentence("They share rare words: {words}.", words=_rarest(index, pair))
        case Feature.VERSIONS:
            return Sentence("Both name the versions {versions}.", versions=_shown(asked.versions & pair.known.versions))
        case Feature.OTHER_VERSIONS:
            return Sentence(
                "They name different versions: {asked} here, {known} there.",
                asked=_shown(asked.versions),
                known=_shown(pair.known.versions),
            )
        case Feature.OTHER_KIND:
            return Sentence(
                "They speak of different kinds of flaw: {asked} here, {known} there.",
                asked=weaknesses.named(asked.kinds),
                known=weaknesses.named(pair.known.kinds),
            )
        case Feature.NEAREST if value > 0:
            return Sentence("No other known report is as near in its words.")
    return Sentence("Another known report is nearer in its words.")


def _rarest(index: Index, pair: Pair) -> tuple[str, ...]:
    ranked = sorted(pair.shared, key=lambda word: (-index.rarity[word], index.words[word]))
    return tuple(_bare(index.words[word]) for word in ranked[:MOST_SHOWN])


def _bare(word: str) -> str:
    return word.removeprefix(CHANGE).removeprefix(FILE).removeprefix(CODE)


def _shown(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names)[:MOST_SHOWN])
