"""Do our version keys agree with the ecosystems' own tools? Random and neighbouring pairs, by default 100,000 for each.

`python -m benchmarks version_oracles [PAIRS [SEED]]`. A tool that is not installed is skipped, with
what to install. dpkg itself takes a process a pair, so it is asked 2,000; apt stands in for it.
"""

import time

from tests.conformance.version_order import drawn
from tests.conformance.version_order.oracles import ORACLES, Oracle

PAIRS = 100_000
MOST = {"dpkg": 2_000}


def main(arguments: list[str]) -> None:
    """Print one line a tool, and every kind of difference found."""
    wanted = int(arguments[0]) if arguments else PAIRS
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    print(
        f"{'tool':12}{'scheme':12}{'compared':>10}{'ambiguous':>11}{'refused':>9}{'explained':>11}{'different':>11}",
        end="",
    )
    print(f"{'seconds':>9}")
    for oracle in ORACLES:
        reason = oracle.why_missing()
        told = f"{oracle.name:12}{oracle.scheme:12}skipped: {reason}" if reason else line(oracle, wanted, seed)
        print(told, flush=True)
    print("ambiguous: a pair whose keys need not agree; compare_exactly must. refused: by the tool. explained:")
    for scheme, (held, reason) in drawn.EXPLAINED.items():
        print(f"  {scheme}, a version that holds {held.pattern}: {reason}")


def line(oracle: Oracle, wanted: int, seed: int) -> str:
    """Return the line of one tool, with its first differences below."""
    started = time.monotonic()
    tally = drawn.compare(oracle, wanted=min(wanted, MOST.get(oracle.name, wanted)), seed=seed)
    seconds = time.monotonic() - started
    columns = (tally.compared, 10), (tally.ambiguous, 11), (tally.refused, 9), (tally.explained, 11)
    figures = "".join(f"{count:>{width}}" for count, width in columns) + f"{len(tally.differences):>11}{seconds:>9.1f}"
    shown = [f"\n  {one} {theirs} {other}, we say {ours}" for one, theirs, other, ours in tally.differences[:20]]
    return f"{oracle.name:12}{oracle.scheme:12}{figures}{''.join(shown)}"
