"""How many version keys a second does each scheme make, and how many does `packaging` parse in the same run?

CPU time of this process, user and system together. Each round makes the keys of every scheme once
and parses once, so that a busy machine slows all alike; figures are medians over the rounds. The
versions are those of the published fixtures beside the checkout, else our own small ones, each once,
so that nothing is answered from memory. Aim: 140,000 keys a second in the slowest scheme.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from packaging.version import InvalidVersion, Version
from tests.conformance.version_order.test_version_order import OURS, THEIRS, family_of, lines_of, scheme_of

from watchbell.domain.versions import Scheme, Unparsable, key, place

ROUNDS = 9
MOST = 12_000
AIM = 140_000


def main(arguments: list[str]) -> None:
    """Print one line a scheme, the slowest first."""
    versions = versions_of(THEIRS if THEIRS.is_dir() else OURS)
    pypi = [text for text in versions[Scheme.PYPI] if is_pep_440(text)]
    rounds = [one_round(versions, pypi) for _ in range(ROUNDS)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    parse = medians.pop("packaging")
    print(f"packaging parses {parse:11,.0f} versions a second ({len(pypi):,} of PEP 440)")
    for name, rate in sorted(medians.items(), key=lambda item: item[1]):
        verdict = "" if rate >= AIM or name.endswith("+") else f"  below the aim of {AIM:,}"
        print(f"{name:12}{rate:11,.0f} keys a second  {rate / parse:5.2f} of packaging{verdict}")
    print("a + marks the same with its standing (place), which matching asks once a distinct version")


def one_round(versions: dict[Scheme, list[str]], pypi: list[str]) -> dict[str, float]:
    """Return what each makes a second, by name."""
    rates = {
        str(scheme): per_second(lambda text, scheme=scheme: key(scheme, text), texts)
        for scheme, texts in versions.items()
    }  # type: ignore[misc]
    rates["maven+"] = per_second(partial(place, Scheme.MAVEN), versions[Scheme.MAVEN])
    return rates | {"packaging": per_second(Version, pypi)}


def per_second(work: Callable[[str], object], texts: list[str]) -> float:
    """Return how often a second of CPU time the work is done, over all texts."""
    started = time.process_time()
    for text in texts:
        work(text)
    return len(texts) / (time.process_time() - started)


def versions_of(folder: Path) -> dict[Scheme, list[str]]:
    """Return the distinct versions of each scheme, at most 12,000, the short lists repeated to a thousand."""
    found: dict[Scheme, set[str]] = {scheme: set() for scheme in Scheme}
    for path in sorted([*folder.glob("*.txt"), *OURS.glob("*.txt")]):
        scheme = scheme_of(family_of(path))
        found[scheme].update(readable(scheme, (text for left, _, right in lines_of(path) for text in (left, right))))
    return {scheme: sample(sorted(texts)) for scheme, texts in found.items()}


def sample(texts: list[str]) -> list[str]:
    """Return up to 12,000 texts in mixed order."""
    random.Random(1).shuffle(texts)
    return (texts * (1 + 1_000 // len(texts)))[:MOST]


def readable(scheme: Scheme, texts: Iterable[str]) -> Iterable[str]:
    """Yield the texts that have a key."""
    for text in texts:
        try:
            key(scheme, text)
        except Unparsable:
            continue
        yield text


def is_pep_440(text: str) -> bool:
    """Return whether `packaging` reads this version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
