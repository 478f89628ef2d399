"""How many parsers of suite `crash` does blind chance break, by level? A fuzzer that knows one good input."""

import sys
import time

from watchbell.domain.suites import crash
from watchbell.domain.suites.crash.fuzzer import TRIES, solved_at
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.programs.differ import built, outcome
from watchbell.domain.suites.suite import LEVELS

ITEMS = 4
SEED = b"fuzzer baseline"


def solved(family: str, level: int, number: int, tries: int) -> bool:
    """Return whether the fuzzer solves this item."""
    item = crash.generate(SEED, family, level, number)
    fixed, flawed = built(item.truth["sound"]), built(item.truth["flawed"])

    def breaks(data: bytes) -> bool:
        return outcome(flawed, data) == "broken" and outcome(fixed, data) != "broken"

    return solved_at(Draw(SEED, item.name), bytes.fromhex(item.truth["good"]), breaks, tries) is not None


def main(arguments: list[str]) -> None:
    """Print how many items are solved, a line a level; an argument is another number of tries."""
    tries = int(arguments[0]) if arguments else TRIES
    for level in LEVELS:
        began = time.process_time()
        found = [solved(family, level, number, tries) for family in crash.FAMILIES for number in range(ITEMS)]
        spent = time.process_time() - began
        print(f"level {level}: {sum(found)} of {len(found)} solved in {tries} tries ({spent:.1f} s of CPU)")


if __name__ == "__main__":
    main(sys.argv[1:])
