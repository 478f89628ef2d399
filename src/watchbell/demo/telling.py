"""How is the story told? One line a step with its figure, or one JSON object for programs."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Step:
    """One step as it went: its figure is set by whoever tells it."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    figure: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def as_mapping(self) -> dict[str, object]:
        """Return the step as programs read it."""
        return {
            "name": self.name,
            "ok": self.ok,
            "seconds": round(self.seconds, 3),
            "figure": self.figure,
            "counts": self.counts,
        }


@dataclass(slots=True)
class Telling:
    """The steps so far; with `aloud` each is printed to people as it ends."""

    aloud: bool
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Tell one step; an exception ends the story and is told too."""
        told = Step(name)
        self.steps.append(told)
        started = time.perf_counter()
        try:
            yield told
            told.ok = True
        finally:
            told.seconds = time.perf_counter() - started
            if self.aloud:
                mark = "ok" if told.ok else "--"
                print(f"{mark}  {told.seconds:6.2f} s  {told.name:34} {told.figure}", flush=True)

    def as_json(self) -> str:
        """Return the whole story as one line of JSON."""
        totals: dict[str, float | int] = {
            "steps": len(self.steps),
            "seconds": round(sum(step.seconds for step in self.steps), 3),
        }
        for step in self.steps:
            totals |= step.counts
        return json.dumps({"steps": [step.as_mapping() for step in self.steps], "totals": totals})


def say(text: str) -> None:
    """Print a line to people, never between the JSON lines on standard output."""
    print(text, file=sys.stderr, flush=True)
