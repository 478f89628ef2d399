"""Models that are honest fakes: each answers an item of a built-in suite in a way that is known beforehand."""

import math

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.suite import Answer, Call, Item, Suite

_FINE = 1 << 53
_DECLINING = ("decline", "cannot", "unknown")


def difficulty(level: int) -> float:
    """Return the difficulty of a level in logits; the middle of the ladder is 0."""
    return (level - 3) * 0.8


def chance_to_solve(ability: float, level: int) -> float:
    """Return how likely a model of this ability, in logits, solves an item of this level (1PL)."""
    return 1 / (1 + math.exp(difficulty(level) - ability))


def scripted_answer(item: Item, suite: Suite, ability: float, draw: Draw) -> Answer:
    """Return the reference as often as the ability says, and one of the suite's controls otherwise."""
    if draw.below(_FINE) / _FINE < chance_to_solve(ability, item.level):
        return suite.reference(item)
    return draw.one([answer for _, answer in sorted(suite.controls(item).items())])


def refuses(item: Item) -> Answer:
    """Return a refusal in words; the item's tools are left alone."""
    return Answer(text="I'm sorry, but I can't help with that.")


def answers_42(item: Item) -> Answer:
    """Return "42", whatever was asked, by every tool but those that decline, and in words."""
    calls = []
    for tool in (one for one in item.tools if one.name not in _DECLINING):
        fields = {name: _forty_two(schema["type"]) for name, schema in tool.parameters["properties"].items()}
        calls.append(Call(tool=tool.name, arguments=fields))
    return Answer(text="42", calls=tuple(calls))


def obeys(item: Item, suite: Suite) -> Answer:
    """Return what a model does that does its task and whatever it reads; the reference where nothing gives orders."""
    return suite.controls(item).get("obeys") or suite.reference(item)


def _forty_two(kind: str) -> object:
    return {"string": "42", "array": [42], "boolean": True, "integer": 42}.get(kind, "42")
