"""This will register the suites that come with the program, after trying what their reference and controls earn.

One item a family, at all levels in turn, of the public development set; an answer that needs code to run is tried in
the sandbox that is handed in.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import resources
from itertools import cycle

from watchbell.apps.evaluation.models import Benchmark
from watchbell.apps.evaluation.services.registering import register_benchmark
from watchbell.domain.evaluation import BenchmarkVersion, Control, KnownAnswers, Needs, Visibility
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.suites import sets
from watchbell.domain.suites.canary import canary_of
from watchbell.domain.suites.shelf import SUITES
from watchbell.domain.suites.suite import LEVELS, Answer, Item, Ran, Suite, Trial

BUILT_IN = "watchbell/"
"""What the names of these suites begin with in a protocol."""

Run = Callable[[Trial], Ran]


def register_built_in(name: str, run: Run, *, by: Actor, now: datetime, rng: Dice) -> Benchmark:
    """Register one suite of the shelf as everyone's on this node; the same version again is it.

    Raises NotReady where a control does not earn what it must, RegisteredOtherwise, NotAllowed, and what `run` does.
    """
    return register_benchmark(version_of(SUITES[name], run), by=by, now=now, rng=rng)


def version_of(suite: Suite, run: Run) -> BenchmarkVersion:
    """Return this version of a suite with what its known answers earned just now."""
    public = sets.items_of(sets.whole(suite, 1), suite, sets.PUBLIC_SEED)
    return BenchmarkVersion(
        name=BUILT_IN + suite.NAME,
        version=str(suite.VERSION),
        visibility=Visibility.HELD_OUT,
        content=sets.digest(public),
        generator=sets.generator_digest(dict(_sources())),
        spdx="Apache-2.0",
        needs=Needs.TRIALS if suite.NEEDS_SANDBOX else Needs.NOTHING,
        families=suite.FAMILIES,
        canary=canary_of(sets.PUBLIC_SEED),
        known={control: _known(suite, control, run) for control in Control},
    )


def _known(suite: Suite, control: Control, run: Run) -> KnownAnswers:
    solved = 0
    for family, level in zip(suite.FAMILIES, cycle(LEVELS), strict=False):
        item = suite.generate(sets.PUBLIC_SEED, family, level, 0)
        answer = _answer(suite, item, control)
        ran = tuple(run(trial) for trial in suite.trials(item, answer))
        solved += suite.judge(item, answer, ran).solved
    return KnownAnswers(tried=len(suite.FAMILIES), solved=solved)


def _answer(suite: Suite, item: Item, control: Control) -> Answer:
    return suite.reference(item) if control is Control.REFERENCE else suite.controls(item)[control.value]


def _sources() -> Iterator[tuple[str, bytes]]:
    """Return the source files of the suites by name, as they are installed."""
    folders = [("", resources.files("watchbell.domain.suites"))]
    while folders:
        within, folder = folders.pop()
        for one in folder.iterdir():
            if one.is_dir() and one.name != "__pycache__":
                folders.append((f"{within}{one.name}/", one))
            elif one.name.endswith(".py"):
                yield within + one.name, one.read_bytes()
