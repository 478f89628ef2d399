"""What do answers amount to? Precision, recall and F1 with intervals by project, calibration, candidates.

An answer is right when the one report it calls the same is a twin. A record with a twin that gets none, or another,
is missed; another is a wrong answer besides.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.duplicates.pairs import Query

BOOTSTRAPS = 2_000
CLASSES = ("verbatim", "edited", "independent")
BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Given:
    """What was found for a record, and how surely; a probability or any other score."""

    query: Query
    name: str
    sure: float

    @property
    def is_right(self) -> bool:
        """Return whether what was found is a twin."""
        return self.name in self.query.twins


def counted(name: str, part: Sequence[Query]) -> str:
    """Return how large a part is."""
    worded = Counter(kind for query in part for kind in query.twins.values())
    projects = len({query.project for query in part})
    said = ", ".join(f"{worded[kind]} {kind}" for kind in CLASSES)
    return f"{name}: {len(part)} records of {projects} projects, {sum(worded.values())} pairs ({said})"


def candidates(asked: Sequence[Query], found: Sequence[Collection[str]]) -> str:
    """Return how many twins are among the candidates at all."""
    pairs = [
        (kind, cve in names) for query, names in zip(asked, found, strict=True) for cve, kind in query.twins.items()
    ]
    each = ", ".join(f"{kind} {np.mean([hit for its, hit in pairs if its == kind]):.3f}" for kind in CLASSES)
    mean = np.mean([len(names) for names in found])
    return (
        f"candidate recall {np.mean([hit for _, hit in pairs]):.4f} (aim .99; {each}), {mean:.1f} candidates a record"
    )


def told(given: Sequence[Given], least: float) -> str:
    """Return F1, precision and recall at this threshold with their intervals, and recall by how alike the words are."""
    rows = defaultdict(lambda: np.zeros(6))
    for one in given:
        rows[one.query.project] += _counts(one, least)
    table = np.array(list(rows.values()))
    dice = np.random.default_rng(1)
    drawn = dice.multinomial(len(table), np.full(len(table), 1 / len(table)), size=BOOTSTRAPS) @ table
    low, high = np.percentile(_rates(drawn), [2.5, 97.5], axis=1)
    ends = [f"{mid:.3f} [{lo:.3f}, {hi:.3f}]" for mid, lo, hi in zip(_rates(table.sum(axis=0)), low, high, strict=True)]
    said = dict(zip(("F1", "P", "R", "R independent"), ends, strict=True))
    each = ", ".join(f"{kind} {_recall(given, kind, least):.3f}" for kind in CLASSES[:2])
    curve = ", ".join(f"{_independent_at(given, wanted):.3f} at P >= {wanted}" for wanted in (0.85, 0.9))
    return (
        "  ".join(f"{name} {text}" for name, text in said.items())
        + f"\nrecall {each}; threshold {least:.3f}"
        + f"\nrecall of independent ones where the threshold is chosen on this part: {curve}"
    )


def f1(given: Sequence[Given], least: float) -> float:
    """Return the F1 at this threshold."""
    return float(_rates(sum(_counts(one, least) for one in given))[0])


def best_threshold(given: Sequence[Given]) -> float:
    """Return the threshold of the best F1."""
    return max(sorted({one.sure for one in given}), key=lambda least: f1(given, least))


def calibration(given: Sequence[Given]) -> str:
    """Return how often answers of about one probability are right."""
    rows = ["probability     records   said  right"]
    for low, high in pairwise(BINS):
        those = [one for one in given if low <= one.sure < high or (high == 1.0 and one.sure == 1.0)]
        if those:
            said, right = np.mean([one.sure for one in those]), np.mean([one.is_right for one in those])
            rows.append(f"{low:.2f} to {high:.2f}    {len(those):7}  {said:.3f}  {right:.3f}")
    brier = np.mean([(one.sure - one.is_right) ** 2 for one in given])
    return "\n".join([*rows, f"Brier score {brier:.4f}"])


def weighted(given: Sequence[Given], least: float, share: float) -> str:
    """Return precision and recall where only this share of records has a twin: the others count for more."""
    with_twin = sum(bool(one.query.twins) for one in given)
    each = with_twin * (1 - share) / share / (len(given) - with_twin)
    rates = _rates(sum(_counts(one, least) * (1.0 if one.query.twins else each) for one in given))
    return f"P {rates[1]:.3f} R {rates[2]:.3f}"


def resident() -> float:
    """Return the memory this process holds now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _counts(one: Given, least: float) -> Any:
    """Return right answers, answers, records with a twin; right and all of independent ones; and one."""
    said = one.sure >= least
    right = said and one.is_right
    independent = one.query.is_independent
    return np.array([right, said, bool(one.query.twins), right and independent, independent, 1], dtype=float)


def _rates(counts: Any) -> Any:
    right, said, twins, found, independent, _ = np.moveaxis(np.asarray(counts), -1, 0)
    precision, recall = right / np.maximum(said, 1), right / np.maximum(twins, 1)
    return np.array([2 * right / np.maximum(said + twins, 1), precision, recall, found / np.maximum(independent, 1)])


def _recall(given: Sequence[Given], kind: str, least: float) -> float:
    return float(np.mean([one.is_right and one.sure >= least for one in given if kind in one.query.twins.values()]))


def _independent_at(given: Sequence[Given], wanted: float) -> float:
    """Return the most of the independent ones that any threshold of this precision finds."""
    total, most = np.zeros(6), 0.0
    for one in sorted(given, key=lambda one: -one.sure):
        total += _counts(one, float("-inf"))
        rates = _rates(total * np.array([1, 1, 0, 1, 0, 0]) + np.array([0, 0, 1, 0, 1, 0]))
        if rates[1] >= wanted:
            most = max(most, total[3])
    return most / max(1, sum(one.query.is_independent for one in given))
