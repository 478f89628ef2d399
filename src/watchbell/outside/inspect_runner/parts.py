"""Which plan runs one part of a locked protocol: one suite, one model, one budget?"""

from typing import Any, Final

from watchbell.domain.evaluation import Protocol, Suite
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats.run_kits import RunKit
from watchbell.outside.inspect_runner.plan import RunPlan, planned

BUILT_IN: Final = "watchbell/"
"""What the names of our own suites begin with; any other is a task of somebody else's."""


def is_built_in(suite: Suite) -> bool:
    """Return whether the items of a suite are drawn here from a seed."""
    return suite.benchmark.startswith(BUILT_IN)


def part_of(kit: RunKit, suite: Suite, *, items: tuple[str, ...] = (), **how: Any) -> RunPlan:
    """Return the plan for one suite: `how` names model, tokens, gateway, folder, and what else the plan has.

    With `items` only these of a suite of ours are asked. Raises Refused, also where the kit has no seed for it.
    """
    protocol: Protocol = kit.protocol
    return planned(
        **_what(suite, kit.seed_of(suite.benchmark), items),
        answers_as=tuple(sorted(protocol.names_of(how["model"]))),
        epochs=protocol.epochs,
        scaffold=protocol.scaffold.name,
        **how,
    )


def _what(suite: Suite, seed: bytes | None, items: tuple[str, ...]) -> dict[str, Any]:
    """Return which items a plan asks: drawn from a seed, or a task of somebody else's."""
    if not is_built_in(suite):
        return {"task": suite.benchmark}
    if seed is None:
        said = Sentence("The kit has no seed for {benchmark}.", benchmark=suite.benchmark)
        raise refuse("no-seed", said, place="/seeds")
    about = {
        "suite": suite.short,
        "version": int(suite.version) if suite.version.isdecimal() else 0,
        "seed": seed.hex(),
    }
    if items:
        return {**about, "items": items}
    return {**about, "families": suite.families, "levels": suite.levels, "numbers": suite.each}
