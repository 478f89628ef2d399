"""How many components a second does a loop over ranges decide, with our keys, with `packaging` and with `univers`?

`python -m benchmarks matching_loop [COMPONENTS]`; 12,000 unless told, each of a package that
records name. Every loop asks every range of the component's package. Ours makes the
component's key and compares it with the keys that ranges are stored with; the others parse the
component and the bounds with their library, as their users write it, and once more with
the bounds parsed beforehand. Ranges are those of the real OSV records beside the checkout,
else made up. CPU time of this process; medians of 5 rounds in which all take their turn, on
the components that the library can read with all bounds. `univers` is installed into
`.venv/peers` when it is not there and the network allows.
"""

import importlib
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from packaging.version import InvalidVersion, Version

from benchmarks.range_join import REAL, made_up, real
from watchbell.domain.versions import HIGHEST, LOWEST, Scheme, Unparsable, key, scheme_for

ROUNDS = 5
PEERS = Path(__file__).resolve().parents[1] / ".venv" / "peers"
PINNED = "univers==32.0.1"
CLASSES = {
    Scheme.PYPI: "PypiVersion",
    Scheme.SEMVER: "SemverVersion",
    Scheme.RUBYGEMS: "RubygemsVersion",
    Scheme.RPM: "RpmVersion",
}
Bounds = tuple[str, str | None]
Parse = Callable[[str], Any]
Component = tuple[tuple[str, str], str]


def main(arguments: list[str]) -> None:
    """Print how many components a second each loop decides, and the ratios."""
    count = int(arguments[0]) if arguments else 12_000
    keyed, written = ranges()
    rng = Random(3)
    components = chosen(written, count, rng)
    pypi = chosen({its: bounds for its, bounds in written.items() if its[0] == "PyPI"}, count, rng)
    compared("packaging", pypi, keyed, written, {Scheme.PYPI: Version}, (InvalidVersion,), 2)
    univers = classes_of_univers()
    if univers is not None:
        compared("univers", components, keyed, written, *univers, 10)


def ranges() -> tuple[dict[tuple[str, str], list[tuple[bytes, bytes]]], dict[tuple[str, str], list[Bounds]]]:
    """Return each package's ranges as keys and as written; those that end with last_affected are left out of both."""
    keyed, written = defaultdict(list), defaultdict(list)
    for ecosystem, name, _, intervals in real() if REAL.exists() else made_up(Random(1)):
        for one in intervals:
            if one.fixed is not None or one.hi == HIGHEST:
                keyed[ecosystem, name].append((one.lo, one.hi))
                written[ecosystem, name].append(("" if one.lo == LOWEST else one.introduced, one.fixed))
    return dict(keyed), dict(written)


def chosen(written: dict[tuple[str, str], list[Bounds]], count: int, rng: Random) -> list[Component]:
    """Return components: a package by chance, and a version its records name."""
    packages = sorted(its for its, bounds in written.items() if any(text for pair in bounds for text in pair))
    found = []
    for its in rng.choices(packages, k=count):
        found.append((its, rng.choice([text for pair in written[its] for text in pair if text])))
    return found


def compared(
    name: str,
    components: Sequence[Component],
    keyed: dict[tuple[str, str], list[tuple[bytes, bytes]]],
    written: dict[tuple[str, str], list[Bounds]],
    parsers: dict[Scheme, Parse],
    refusals: tuple[type[Exception], ...],
    aim: int,
) -> None:
    """Run the loops in turn and print their medians."""
    parsed = {its: one for its in {its for its, _ in components} if (one := readable(its, written, parsers, refusals))}
    asked = [one for one in components if one[0] in parsed and reads(one, parsers, refusals)]
    loops = {
        "ours": lambda: [ours(its, version, keyed[its]) for its, version in asked],
        "naive": lambda: [theirs(parsers, its, version, written[its]) for its, version in asked],
        "cached": lambda: [beforehand(parsers, its, version, parsed[its]) for its, version in asked],
    }
    answers = {loop: work() for loop, work in loops.items()}
    spent: dict[str, list[float]] = {loop: [] for loop in loops}
    for _ in range(ROUNDS):
        for loop, work in loops.items():
            started = time.process_time()
            work()
            spent[loop].append(time.process_time() - started)
    rate = {loop: len(asked) / statistics.median(times) for loop, times in spent.items()}
    other = sum(left != right for left, right in zip(answers["ours"], answers["naive"], strict=True))
    print(f"-- {name}: {len(asked):,} components it reads, {sum(answers['ours']):,} findings, {other} answers differ")
    print(f"our keys                        {rate['ours']:11,.0f} components/s")
    for loop, words in (("naive", "bounds parsed each time"), ("cached", "bounds parsed before")):
        ratio = rate["ours"] / rate[loop]
        print(f"{name + ', ' + words:32}{rate[loop]:11,.0f} components/s  ours {ratio:5.1f} times", end="")
        print(f"  (aim {aim})" if loop == "naive" else "")


def readable(
    its: tuple[str, str], written: dict[tuple[str, str], list[Bounds]], parsers: dict[Scheme, Parse], refusals: Any
) -> list[tuple[Any, Any]]:
    """Return the package's bounds parsed by the library, or nothing when it cannot read them all."""
    parse = parsers.get(scheme_of(its))
    if parse is None:
        return []
    try:
        return [(parse(lo) if lo else None, parse(hi) if hi else None) for lo, hi in written[its]]
    except refusals:
        return []


def reads(one: Component, parsers: dict[Scheme, Parse], refusals: Any) -> bool:
    """Return whether both the library and we read this version."""
    try:
        parsers[scheme_of(one[0])](one[1])
        key(scheme_of(one[0]), one[1])
    except (*refusals, Unparsable):
        return False
    return True


def scheme_of(its: tuple[str, str]) -> Scheme:
    """Return the scheme of a package's ecosystem."""
    return scheme_for(its[0]) or Scheme.GENERIC


def ours(its: tuple[str, str], version: str, intervals: Sequence[tuple[bytes, bytes]]) -> int:
    """Return how many ranges hold this version, by key."""
    place = key(scheme_of(its), version)
    return sum([lo <= place < hi for lo, hi in intervals])


def theirs(parsers: dict[Scheme, Parse], its: tuple[str, str], version: str, bounds: Sequence[Bounds]) -> int:
    """Return the same as a library's users write it."""
    parse = parsers[scheme_of(its)]
    place = parse(version)
    return sum([(not lo or parse(lo) <= place) and (not hi or place < parse(hi)) for lo, hi in bounds])


def beforehand(parsers: dict[Scheme, Parse], its: tuple[str, str], version: str, bounds: Sequence[Any]) -> int:
    """Return the same with bounds that were parsed before."""
    place = parsers[scheme_of(its)](version)
    return sum([(lo is None or lo <= place) and (hi is None or place < hi) for lo, hi in bounds])


def classes_of_univers() -> tuple[dict[Scheme, Parse], tuple[type[Exception], ...]] | None:
    """Return the parsers of `univers`, installed when need be, or None after saying why not."""
    try:
        versions = importlib.import_module("univers.versions")
    except ImportError:
        problem = installed()
        if problem:
            print(f"univers skipped: it is not installed and could not be ({problem})")
            return None
        versions = importlib.import_module("univers.versions")
    return {scheme: getattr(versions, name) for scheme, name in CLASSES.items()}, (versions.InvalidVersion, ValueError)


def installed() -> str:
    """Install `univers` beside the other environments and make it importable; return what went wrong, or nothing."""
    place = PEERS / "lib"
    installer = ["uv", "pip"] if shutil.which("uv") else [sys.executable, "-m", "pip"]
    command = [*installer, "install", "--quiet", "--target", str(place), PINNED]
    if not (place / "univers").is_dir():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1][:120]
    sys.path.append(str(place))
    importlib.invalidate_caches()
    return ""
