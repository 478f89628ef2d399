"""An endpoint behind whose one name different models may stand: each has its own favourite answer to each question."""

from collections import Counter
from collections.abc import Callable

from tests.support.model_endpoint import Answer, Pieces, Received
from tests.support.scripted_model import completion

from watchbell.domain.evaluation.fingerprints import PROMPTS
from watchbell.domain.suites.draw import Draw

WORDS = ("harbour", "clover", "ninety", "violin", "Oslo", "maple", "walrus", "thimble", "rye", "Agnes")


def favourite(model: str, prompt: str, luck: str) -> str:
    """Return what a model says to a question: four times of five its favourite, which is its own."""
    draw = Draw(b"luck", model, prompt, luck)
    return WORDS[(PROMPTS.index(prompt) + len(model)) % len(WORDS)] if draw.below(5) else draw.one(WORDS)


def with_neutral(answer: Answer, behind: Callable[[str, int], str] = lambda name, asked: name) -> Answer:
    """Return the answer that says to neutral questions what the model that stands behind says; `behind` gets the name
    that was asked for, and how many of other questions were asked before."""
    asked, times = [0], Counter[tuple[str, str]]()

    async def answered(received: Received) -> Pieces:
        prompt = received.told["messages"][0]["content"]
        if prompt in PROMPTS:
            name = received.told["model"]
            times[name, prompt] += 1
            yield completion(favourite(behind(name, asked[0]), prompt, str(times[name, prompt])), model=name)
            return
        asked[0] += 1
        async for piece in answer(received):
            yield piece

    return answered
