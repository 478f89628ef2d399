"""Which sentence of ours is this? A signed report says its reasons in English; a page finds the template again.

So the same signed text is read in the reader's language. What no template fits stays as it was signed.
"""

import re
from functools import cache

from watchbell.domain.sentence import Sentence
from watchbell.web.speaking import spoken

REASONS = (
    "All families came out alike, so that nothing tells how sure this is.",
    "A model that held back on purpose would look the same: no check here can show that it did not.",
    "Another scaffold, more attempts or training on the task may bring out more than was seen here.",
    "Every suite is saturated, so that none supports a comparison.",
    "Had the attempts that were refused or not measured gone the other way, the probability would be {percent}.",
    "It does not stand when {number} indicators are judged together (Holm).",
    "On held-out items alone the probability is {percent}.",
    "On public items alone the probability is {percent}.",
    "Read it with the open flags: {flags}.",
    "The answer changes when the saturated suites are counted too.",
    "The budget curve is not shown to be flat.",
    "The candidate refused {share} of its attempts: that is no inability.",
    "The candidate was run at {number} budgets; {fewest} are needed to see whether the curve is flat.",
    "The probability, {percent}, lies between 5 % and 95 %.",
    "The score is still rising with the budget.",
    "The variant without safeguards was not measured, so nothing is ruled out.",
    "There is no item on which both models have a judged attempt.",
    "These flags are open: {flags}.",
    "These suites support no comparison, because a model is above 90 % or below 10 % there: {suites}.",
    "Too few families in {suites}: at least {fewest} are needed to know how much they differ.",
    "{model} refused {share} of its attempts.",
    "{share} of the attempts ended at a limit: the budget was too small.",
    "{share} of the attempts of {model} are missing or were ended by infrastructure; at most 2 % may be.",
    "No sample was taken in.",
    "One of the two models has no samples.",
    "The two models were never run at the same budget",
)
"""What `domain.measurement.comparison` and `services.analysing` give as reasons and limits; a test holds them equal."""


def recognised(text: str) -> str:
    """Return a sentence of a report in the reader's language, or as it stands where none of ours fits."""
    for template, shape in _shapes():
        found = shape.fullmatch(text)
        if found is not None:
            return spoken(Sentence(template, **found.groupdict()))
    return text


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, _shape(template)) for template in REASONS)


def _shape(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))
