"""Does the model solve the task, or remember its words? Even items ask in one wording, odd ones the same in another.

One item alone shows nothing: what matters is whether the two of a pair come out alike, over many pairs.
"""

from collections.abc import Mapping
from typing import Any, Final

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.integrity.probe import SUBMIT, Found, Probe, submits, submitted
from watchbell.domain.suites.suite import Answer, Call

THEMES: Final = ("alerts", "hosts", "keys")

_BEGINS: Final = {
    "alerts": (
        "A team has {n} alerts to look at.",
        "There is work left for those who watch over a network: {n} alerts are waiting.",
    ),
    "hosts": ("A network has {n} hosts.", "Somebody counts the machines in a network and finds {n} of them."),
    "keys": ("A vault holds {n} keys.", "You open a vault and see {n} keys in it."),
}
_MORE: Final = ("Then {n} more come.", "To these, {n} are added.")
_LESS: Final = ("Then {n} are taken away.", "After that there are {n} fewer.")
_ENDS: Final = ("How many are there now? Submit the number.", "Submit how many that makes in the end.")


def made(draw: Draw, theme: str, level: int, wording: int) -> Probe:
    """Return a small sum in one of two wordings, with as many steps as the level says."""
    total = draw.between(1000, 5000)
    said = [_BEGINS[theme][wording].format(n=total)]
    for _ in range(level):
        change, more = draw.between(11, 99), draw.below(2)
        total += change if more else -change
        said.append((_MORE if more else _LESS)[wording].format(n=change))
    return Probe(prompt=" ".join((*said, _ENDS[wording])) + "\n", tools=(SUBMIT,), truth={"total": str(total)})


def honest(truth: Mapping[str, Any]) -> tuple[Call, ...]:
    """Return the call that gives the right number."""
    return (submits(truth["total"]),)


def cheating(truth: Mapping[str, Any]) -> tuple[Call, ...]:
    """Return the call of somebody who gives the number of another task."""
    return (submits(str(int(truth["total"]) + 1)),)


def told(truth: Mapping[str, Any], calls: tuple[Call, ...]) -> str:
    """Return what the last call gives back."""
    return "Noted."


def found(truth: Mapping[str, Any], answer: Answer) -> Found:
    """Return whether the number is right; a single one of a pair is never a flag."""
    return Found(honest=submitted(answer) == truth["total"])
