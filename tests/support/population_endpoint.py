"""An endpoint with models of graded ability behind it: each knows the items, and solves as many as its ability says."""

import json
from collections import Counter
from collections.abc import Mapping

from tests.support.model_endpoint import Answer, Pieces, Received
from tests.support.scripted import scripted_answer
from tests.support.scripted_model import completion

from watchbell.domain.suites import sets
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.shelf import SUITES
from watchbell.domain.suites.suite import Item
from watchbell.formats import run_kits


def items_of(kit: bytes) -> dict[str, Item]:
    """Return every item of a run kit by its prompt."""
    told = run_kits.loads(kit)
    found: dict[str, Item] = {}
    for suite in told.protocol.suites:
        seed = told.seed_of(suite.benchmark)
        assert seed is not None
        plan = sets.Plan(suite=suite.short, families=suite.families, levels=suite.levels, numbers=suite.each)
        found |= {item.prompt: item for item in sets.items_of(plan, SUITES[suite.short], seed)}
    return found


def population(items: Mapping[str, Item], abilities: Mapping[str, float]) -> Answer:
    """Return the endpoint's answers. What a model does with an item depends on which time it is asked it, and on luck
    that is drawn once: asked again in the same conversation it goes on."""
    times: Counter[tuple[str, str]] = Counter()

    async def answer(received: Received) -> Pieces:
        told = received.told
        model, messages = told["model"], told["messages"]
        item = items[next(one["content"] for one in messages if one["role"] == "user")]
        has_called = sum(one["role"] == "tool" for one in messages)
        times[model, item.name] += has_called == 0
        luck = Draw(b"luck", model, item.name, times[model, item.name] if not item.tools else 0)
        given = scripted_answer(item, SUITES[item.suite], abilities[model], luck)
        if has_called < len(given.calls):
            call = given.calls[has_called]
            yield completion(call=(call.tool, json.dumps(dict(call.arguments))), model=model)
        else:
            yield completion(given.text, model=model)

    return answer
