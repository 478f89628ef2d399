"""Which known reports may be the same flaw as this one, how probably, and why? A person decides.

The scorer is data (`data/scorer.json`): the coefficients of a logistic choice, fitted by
`./watchbell bench duplicates fit`. See docs/duplicates.md for what it was fitted on and how it did
on what it had not seen.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import path
from typing import Any, Final

from watchbell.domain.duplicates.answer import Answer
from watchbell.domain.duplicates.features import Feature, Pair, compared
from watchbell.domain.duplicates.index import Index, Known
from watchbell.domain.duplicates.reasons import Reason, reasons_of
from watchbell.domain.duplicates.report import Report


@dataclass(frozen=True, slots=True)
class Scorer:
    """A logistic choice: one of the candidates is the flaw itself, or none is.

    A candidate's score is `intercept` plus coefficient times feature, in the order of `Feature`. Its
    probability is exp(score) over the sum of all candidates' and of 1 for none, where a share `prevalence` of the
    reports asked about is known already. From `least` on it is called the same, from a package agreement of
    `related` on it is called related.
    """

    coefficients: tuple[float, ...]
    intercept: float
    prevalence: float
    least: float
    related: float

    def score(self, pair: Pair) -> float:
        """Return the score of a pair."""
        return self.intercept + sum(map(float.__mul__, self.coefficients, pair.values))

    def probabilities(self, scores: Sequence[float], prevalence: float | None = None) -> list[float]:
        """Return how probable it is of each candidate that it is the flaw itself, where this share is known already."""
        none = 1.0 if prevalence is None else _odds(self.prevalence) / _odds(prevalence)
        weights = [math.exp(min(score, 700.0)) for score in scores]
        return [weight / (none + sum(weights)) for weight in weights]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A known report, what is said of it, how probably it is the same flaw, and what weighs for and against."""

    name: str
    answer: Answer
    probability: float
    reasons: tuple[Reason, ...]


def read(written: Mapping[str, Any]) -> Scorer:
    """Return the scorer that `data/scorer.json` holds; raises KeyError for a feature it does not weigh."""
    return Scorer(
        coefficients=tuple(float(written["coefficients"][feature]) for feature in Feature),
        **{name: float(written[name]) for name in ("intercept", "prevalence", "least", "related")},
    )


def _shipped() -> Scorer:
    with open(path.join(path.dirname(__file__), "data", "scorer.json"), encoding="utf-8") as file:
        return read(json.load(file))


SHIPPED: Final = _shipped()


def suggestions(
    index: Index, report: Report, *, scorer: Scorer = SHIPPED, prevalence: float | None = None, most: int = 5
) -> list[Suggestion]:
    """Return up to `most` known reports worth a look, the likeliest first; at most the first is called the same.

    `prevalence` is the share of reports here that turn out to be known already; without it the scorer's own
    is assumed. A known report of the asked one's name is the asked one, and left out.
    """
    asked = index.read(report)
    found = list[Suggestion]()
    for probability, pair in ranking(index, asked, scorer, prevalence)[:most]:
        answer = answer_of(pair, 0.0 if found else probability, scorer)
        reasons = reasons_of(index, asked, pair, scorer.coefficients)
        found.append(Suggestion(pair.known.name, answer, probability, reasons))
    return found


def ranking(
    index: Index, asked: Known, scorer: Scorer = SHIPPED, prevalence: float | None = None
) -> list[tuple[float, Pair]]:
    """Return what is worth comparing with its probability, the likeliest first; what is as likely goes by its name."""
    others = {at: near for at, near in index.candidates(asked).items() if index.known[at].name != asked.name}
    pairs = compared(index, asked, others)
    likely = scorer.probabilities([scorer.score(pair) for pair in pairs], prevalence)
    return sorted(zip(likely, pairs, strict=True), key=lambda one: (-one[0], one[1].known.name))


def answer_of(pair: Pair, probability: float, scorer: Scorer = SHIPPED) -> Answer:
    """Return what is said of a candidate that is the same with this probability."""
    if probability >= scorer.least:
        return Answer.SAME
    return Answer.RELATED if pair.values[0] >= scorer.related else Answer.DIFFERENT


def _odds(share: float) -> float:
    return share / (1 - share)
