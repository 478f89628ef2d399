"""Do the statistics recover what is true? Simulated worlds with a known truth, run through the shipped comparison.

`python -m benchmarks measurement [worlds] [part ...]`: 500 worlds for each line, twice as many where candidate and
anchor are alike; parts: cost, 1pl, 2pl, guessing, scores, behaviours, horizons. Nothing is asserted here:
`tests/domain/test_measurement_worlds.py` runs sixty.

A world: 6 suites of 12 families of 5 items, a ladder of difficulties, sd 0.6 between families, 0.8 between items, 0.5
between a model and a family; 8 references, the fourth of them the anchor, and a candidate; 3 attempts an item. Kinds:
`1pl`, `2pl` (each item discriminates by its own lognormal factor, sd 0.4) and `guessing` (each item is solved by chance
with its own probability between 0.10 and 0.25). Families, items and interactions are drawn anew in each world.

The truth is the difference in expected score over infinitely many items, each score on the logit scale: worked out by
quadrature from what the generator draws from, not from any sample. It is the estimand of `Comparison.difference`. A gap
is in ability; what it is on that scale is printed beside it.
"""

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement import ability
from watchbell.domain.measurement.clustered import generalised_accuracy
from watchbell.domain.measurement.comparison import compare
from watchbell.domain.measurement.horizon import time_horizon
from watchbell.domain.measurement.proportions import Interval, wilson
from watchbell.domain.measurement.samples import OUTCOMES, Floats, Grid, Ints, Items, Table
from watchbell.domain.measurement.words import Comparison, Conditions, Word

SUITES, FAMILIES, LEVELS, EPOCHS = 6, 12, 5, 3
FAMILY_SD, ITEM_SD, PAIR_SD = 0.6, 0.8, 0.5
DISCRIMINATION_SD, FLOORS = 0.4, (0.10, 0.25)
LADDER = np.linspace(-1.6, 1.6, LEVELS)
SUITE_MEANS = np.linspace(-0.5, 0.5, SUITES)
REFERENCES = np.linspace(-1.4, 1.4, 8)
ANCHOR = 4
BUDGETS = (250_000, 1_000_000, 4_000_000)
UNGUARDED = Conditions(unguarded=True)
KINDS = ("1pl", "2pl", "guessing")

Ends = tuple[float, float, float]
"""An estimate, and the low and high end of its interval."""


@dataclass(frozen=True)
class World:
    """What is true: the kind of items, how far the candidate is above the anchor, and how the candidate behaves."""

    kind: str = "1pl"
    gap: float = 0.0
    refuses: float = 0.0
    outage: float = 0.0
    holds_back: float = 0.0
    rising: float = 0.0
    """How much less able the candidate is at each smaller budget."""

    @property
    def abilities(self) -> Floats:
        """Return the abilities: the references, then the candidate."""
        return np.append(REFERENCES, REFERENCES[ANCHOR] + self.gap)


@lru_cache(maxsize=64)
def expected_score(kind: str, able: float, suite: int | None = None) -> float:
    """Return the score over infinitely many items of a suite, or of all alike, by Gauss-Hermite quadrature."""
    at, weight = np.polynomial.hermite_e.hermegauss(61)
    weight = weight / weight.sum()
    means = SUITE_MEANS if suite is None else SUITE_MEANS[[suite]]
    spread = math.sqrt(FAMILY_SD**2 + ITEM_SD**2 + PAIR_SD**2)
    odds = able - (means[:, None] + LADDER).reshape(-1, 1) + spread * at
    if kind != "2pl":
        plain = float((1 / (1 + np.exp(-odds)) @ weight).mean())
        floor = sum(FLOORS) / 2 if kind == "guessing" else 0.0
        return floor + (1 - floor) * plain
    steep = np.exp(DISCRIMINATION_SD * at)[:, None, None]
    return float(((1 / (1 + np.exp(-np.clip(steep * odds, -700, 700)))).mean(axis=1) @ weight) @ weight)


def truth(world: World) -> float:
    """Return the true difference in expected score on the logit scale."""
    ours, theirs = (expected_score(world.kind, float(world.abilities[at])) for at in (-1, ANCHOR))
    return math.log(ours / (1 - ours)) - math.log(theirs / (1 - theirs))


@lru_cache(maxsize=1)
def items() -> Items:
    """Return the items of every world."""
    suites = tuple(f"suite-{at}" for at in range(SUITES))
    families = tuple((suite, f"family-{at:02}") for suite in suites for at in range(FAMILIES))
    names = tuple((*family, f"item-{level}") for family in families for level in range(LEVELS))
    return Items(
        suites=suites,
        families=families,
        names=names,
        suite_of=np.repeat(np.arange(SUITES), FAMILIES),
        family_of=np.repeat(np.arange(SUITES * FAMILIES), LEVELS),
        level=np.tile(np.arange(1, LEVELS + 1), SUITES * FAMILIES),
        held_out=np.ones(len(names), dtype=np.bool_),
    )


def draw(world: World, seed: int) -> Table:
    """Return the table of one evaluation in this world."""
    dice = np.random.default_rng(seed)
    able, families = world.abilities, SUITES * FAMILIES
    base = np.repeat(SUITE_MEANS, FAMILIES) + dice.normal(0, FAMILY_SD, families)
    hard = (base[:, None] + LADDER + dice.normal(0, ITEM_SD, (families, LEVELS))).reshape(-1)
    with_family = np.repeat(dice.normal(0, PAIR_SD, (len(able), families)), LEVELS, axis=1)
    steep = np.exp(dice.normal(0, DISCRIMINATION_SD, hard.shape)) if world.kind == "2pl" else np.ones(hard.shape)
    floor = dice.uniform(*FLOORS, hard.shape) if world.kind == "guessing" else np.zeros(hard.shape)
    grids = []
    for step, budget in enumerate(reversed(BUDGETS)):
        less = np.zeros(len(able))
        less[-1] = step * world.rising
        odds = (able - less)[:, None] + with_family - hard
        chance = floor + (1 - floor) / (1 + np.exp(-steep * odds))
        chance[-1] *= 1 - world.holds_back
        grids.append(_grid(_attempts(chance, world, dice), budget, only_candidate=step > 0))
    return Table(items(), grids[0].models, tuple(reversed(grids)))


def _attempts(chance: Floats, world: World, dice: np.random.Generator) -> Ints:
    counts = np.zeros((len(OUTCOMES), *chance.shape), dtype=np.int64)
    tried = np.full(chance.shape, EPOCHS)
    for outcome, share in ((Outcome.REFUSED, world.refuses), (Outcome.INFRASTRUCTURE, world.outage)):
        lost = dice.binomial(tried[-1], share)
        counts[OUTCOMES.index(outcome), -1] = lost
        tried[-1] -= lost
    counts[0] = dice.binomial(tried, chance)
    counts[1] = tried - counts[0]
    return counts


def _grid(counts: Ints, budget: int, *, only_candidate: bool) -> Grid:
    if only_candidate:
        counts[:, :-1] = 0
    names = (*(f"reference-{at}" if at != ANCHOR else "anchor" for at in range(len(REFERENCES))), "candidate")
    return Grid(items(), names, budget, counts, np.zeros(counts.shape[1:]), np.zeros(counts.shape[1:], dtype=np.int64))


@dataclass(frozen=True)
class Recovery:
    """How an estimate fared over many worlds."""

    covered: int
    worlds: int
    bias: float
    rmse: float
    error: float
    """The mean half width of the interval over 1.96: what it says its standard error is."""

    def __str__(self) -> str:
        low, high = wilson(self.covered / self.worlds, self.worlds)
        return (
            f"coverage {self.covered / self.worlds:.3f} ({low:.3f}-{high:.3f})  "
            f"bias {self.bias:+.3f}  rmse {self.rmse:.3f}  mean se {self.error:.3f}"
        )


def recovery(found: list[Ends], true: float) -> Recovery:
    """Return how estimates with their intervals (estimate, low, high) fared against the truth."""
    values = np.array(found)
    away = values[:, 0] - true
    return Recovery(
        covered=int(((values[:, 1] <= true) & (true <= values[:, 2])).sum()),
        worlds=len(values),
        bias=float(away.mean()),
        rmse=float(np.sqrt((away**2).mean())),
        error=float((values[:, 2] - values[:, 1]).mean() / 3.92),
    )


def naive(table: Table) -> Ends:
    """Return what is often done: difficulties from the references taken as known, and the model's own error."""
    grid = table.grids[-1]
    known = ability.fit(grid, "anchor", models=grid.models[:-1])
    solved, judged, hard = grid.solved[-1], grid.judged[-1], known.difficulty
    able = 0.0
    for _ in range(30):
        chance = 1 / (1 + np.exp(hard - able))
        held = float((judged * chance * (1 - chance)).sum())
        able += float((solved - judged * chance).sum()) / held
    reach = 1.96 / math.sqrt(held)
    return able, able - reach, able + reach


@dataclass(frozen=True)
class Sightings:
    """What many worlds of one kind came to: each estimate with its ends, and the words."""

    ours: list[Ends]
    joint: list[Ends]
    naive: list[Ends]
    found: list[Comparison]

    def share(self, word: Word) -> str:
        """Return how often this word was said, with Wilson's interval."""
        said = sum(one.word is word for one in self.found)
        low, high = wilson(said / len(self.found), len(self.found))
        return f"{word} {said / len(self.found):.3f} ({low:.3f}-{high:.3f})"


def many(world: World, worlds: int, *, beside: bool = True, start: int = 0) -> Sightings:
    """Return what this many evaluations come to, with the naive fit beside each if wanted."""
    sightings = Sightings([], [], [], [])
    for seed in told(range(start, start + worlds)):
        table = draw(world, seed)
        found = compare(table, "candidate", "anchor", conditions=UNGUARDED, seed=seed)
        sightings.found.append(found)
        if found.difference is not None and found.ability is not None:
            sightings.ours.append(ends(found.difference))
            sightings.joint.append(ends(found.ability))
        if beside:
            sightings.naive.append(naive(table))
    return sightings


def ends(interval: Interval) -> Ends:
    """Return an estimate with its ends."""
    return interval.estimate, interval.low, interval.high


def told(seeds: Iterable[int]) -> Iterator[int]:
    """Yield the seeds, and say on a terminal how far it is."""
    seeds = list(seeds)
    for number, seed in enumerate(seeds, start=1):
        yield seed
        if sys.stderr.isatty() and number % 20 == 0:
            print(f"\r  {number} of {len(seeds)} worlds", end="" if number < len(seeds) else "\r", file=sys.stderr)


def recovered(kind: str, worlds: int) -> None:
    """Print coverage, bias and words where candidate and anchor are alike, and half a logit apart."""
    for gap, number in ((0.0, 2 * worlds), (-0.5, worlds), (0.5, worlds)):
        world = World(kind=kind, gap=gap)
        seen = many(world, number)
        true = truth(world)
        print(f"{kind}, ability gap {gap:+.1f} = {true:+.3f} in logits of expected score, {number} worlds")
        print(f"  comparison                 {recovery(seen.ours, true)}")
        print(f"  joint 1PL, to ability gap  {recovery(seen.joint, gap)}")
        print(f"  naive 1PL, to ability gap  {recovery(seen.naive, gap)}")
        print(f"  words: {', '.join(seen.share(word) for word in Word)}", flush=True)


def scores(worlds: int) -> None:
    """Print how often a model's own score lies in its interval: in all suites, in one, and where few are solved."""
    print(f"scores over new families, 1pl, {worlds} worlds")
    for name, suite in (("anchor", None), ("anchor", 0), ("reference-0", SUITES - 1)):
        able = float(REFERENCES[ANCHOR if name == "anchor" else 0])
        kept = None if suite is None else items().in_suites([f"suite-{suite}"])
        tables = (draw(World(), seed) for seed in told(range(worlds)))
        found = [generalised_accuracy(table.grids[-1], name, kept) for table in tables]
        true = expected_score("1pl", able, suite)
        where = "all suites" if suite is None else f"suite-{suite}"
        seen = recovery([ends(one) for one in found if one is not None], true)
        print(f"  {name}, {where}, true {true:.3f}: {seen}", flush=True)


BEHAVIOURS = {
    "refuses 30 %": World(gap=-0.5, refuses=0.3),
    "refuses 30 %, as able as the anchor": World(refuses=0.3),
    "refuses 30 %, far less able": World(gap=-1.5, refuses=0.3),
    "refuses 2 %": World(gap=-0.5, refuses=0.02),
    "outage in 10 % of attempts": World(gap=-0.5, outage=0.1),
    "outage in 10 %, far less able": World(gap=-1.5, outage=0.1),
    "still rising with the budget": World(gap=-0.5, rising=0.6),
    "more able by 1, holds back half": World(gap=1.0, holds_back=0.5),
}


def behaviours(worlds: int) -> None:
    """Print which words are said of models that refuse, that were interrupted, that still rise, that hold back."""
    print(f"words for models that behave in other ways, {worlds} worlds each (1pl)")
    for name, world in BEHAVIOURS.items():
        seen = many(world, worlds, beside=False)
        print(f"  {name:36} {', '.join(seen.share(word) for word in Word)}")
        print(f"    for example: {' '.join([*seen.found[0].reasons, *seen.found[0].limits])}", flush=True)


def horizons(worlds: int) -> None:
    """Print how often the time horizon's interval holds the truth: human minutes double with each 0.8 logits."""
    minutes = {name: 2.0 ** (2 + 2 * (level - 1)) for name, level in zip(items().names, items().level, strict=True)}
    for reliability in (0.5, 0.8):
        found = []
        for seed in told(range(worlds)):
            seen = time_horizon(
                draw(World(gap=0.5), seed).grids[-1], "candidate", minutes, reliability=reliability, seed=seed
            )
            if seen is not None:
                found.append(tuple(math.log2(end) for end in ends(seen.minutes)))
        true = true_horizon(World(gap=0.5), reliability)
        print(
            f"time horizon at {reliability:.0%}, true {2**true:.1f} minutes, {len(found)} of {worlds} worlds have one"
        )
        print(f"  log2(minutes)              {recovery(found, true)}", flush=True)  # type: ignore[arg-type]


def true_horizon(world: World, reliability: float) -> float:
    """Return log2 of the minutes at which the expected score of the candidate is this, by bisection."""
    at, weight = np.polynomial.hermite_e.hermegauss(61)
    spread, able = math.sqrt(FAMILY_SD**2 + ITEM_SD**2 + PAIR_SD**2), float(world.abilities[-1])

    def score(long: float) -> float:
        hard = SUITE_MEANS + LADDER[0] + (long - 2) / 2 * (LADDER[1] - LADDER[0])
        return float((1 / (1 + np.exp(-(able - hard[:, None] + spread * at))) @ (weight / weight.sum())).mean())

    low, high = -30.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) > reliability else (low, middle)
    return low


def cost() -> None:
    """Print what one full comparison costs."""
    table = draw(World(), 0)
    started = time.process_time()
    for seed in range(5):
        compare(table, "candidate", "anchor", conditions=UNGUARDED, seed=seed)
    print(f"one full comparison: {(time.process_time() - started) / 5:.3f} s of processor time", flush=True)


def main(arguments: list[str]) -> None:
    """Print the parts that are named, or all; what was printed stands when it is interrupted."""
    worlds = int(arguments[0]) if arguments else 500
    parts: dict[str, Callable[[], None]] = {
        "cost": cost,
        **{kind: partial(recovered, kind, worlds) for kind in KINDS},
        "scores": lambda: scores(worlds),
        "behaviours": lambda: behaviours(max(worlds // 2, 1)),
        "horizons": lambda: horizons(worlds),
    }
    try:
        for name in arguments[1:] or parts:
            parts[name]()
    except KeyboardInterrupt:
        print("interrupted; the lines above stand", file=sys.stderr)
