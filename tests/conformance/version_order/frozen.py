"""This will write down what each tool says of some hundred pairs, so that a machine without the tools checks them too.

`python -m tests.conformance.version_order.frozen` rewrites `frozen/*.txt`; every tool must be installed.
"""

from pathlib import Path

from tests.conformance.version_order import drawn
from tests.conformance.version_order.oracles import ORACLES, Oracle

PLACE = Path(__file__).parent / "frozen"
PAIRS = 500
SEED = 20_261_104
_LIVE_EVERYWHERE = ("packaging", "dpkg")


def lines(oracle: Oracle) -> list[str]:
    """Return `one op other` of the pairs the tool answers."""
    pairs = drawn.readable(oracle.scheme, drawn.pairs(oracle.scheme, SEED), 4 * PAIRS)
    answers = oracle.ask(pairs)
    return [f"{one} {answer} {other}" for (one, other), answer in zip(pairs, answers, strict=True) if answer != "-"][
        :PAIRS
    ]


def read(path: Path) -> list[tuple[str, str, str]]:
    """Return (one, answer, other) of each line."""
    words = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [(one, answer, other) for one, answer, other in words]


if __name__ == "__main__":
    for each in ORACLES:
        if each.name not in _LIVE_EVERYWHERE:
            head = f"# Pairs drawn by `drawn.py`, seed {SEED}; answered by {each.name}; written by `frozen.py`.\n"
            name = f"{each.scheme}.txt"
            (PLACE / name).write_text(head + "\n".join(lines(each)) + "\n", encoding="utf-8")
