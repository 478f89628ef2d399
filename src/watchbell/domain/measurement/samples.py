"""What was seen? Frozen samples, and the same as counts: how often each model ended how on each item, at each budget.

An outcome says what became of one attempt, and three kinds are never mixed: what says something about
ability within a budget (solved, unsolved, ended by a limit), what the model would not do (refused), and what
was not measured at all (infrastructure, missing). Rates are taken over the first kind alone; how much of
the other two there is decides what may be concluded, never the rate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from watchbell.domain.evaluation import Outcome
from watchbell.domain.records import record
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


OUTCOMES = tuple(Outcome)


@record(frozen=True, slots=True, kw_only=True)
class Sample:
    """One attempt of one model at one item. `budget` is in tokens; `credit`, 0 to 1, is shown but never compared."""

    suite: str
    family: str
    item: str
    level: int
    model: str
    epoch: int
    budget: int
    outcome: Outcome
    credit: float = 0.0
    tokens: int = 0
    held_out: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The items of a table, in the order of their names: which family each is of, and which suite each family."""

    suites: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str, str], ...]
    suite_of: Ints
    """The suite of each family."""
    family_of: Ints
    """The family of each item."""
    level: Ints
    held_out: Bools

    @property
    def suite_of_item(self) -> Ints:
        """Return the suite of each item."""
        return self.suite_of[self.family_of]

    def in_suites(self, wanted: Iterable[str]) -> Bools:
        """Return which items are of these suites."""
        chosen = set(wanted)
        return np.array([name in chosen for name in self.suites], dtype=np.bool_)[self.suite_of_item]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All attempts at one budget: `counts[outcome, model, item]`, with the sums of credit and tokens."""

    items: Items
    models: tuple[str, ...]
    budget: int
    counts: Ints
    credit: Floats
    tokens: Ints

    def model(self, name: str) -> int:
        """Return the place of a model. Raises Refused for one that is not in the table."""
        if name not in self.models:
            raise refuse(
                "unknown-model",
                "This model has no samples",
                place=name,
                expected=Sentence("One of these: {names}", names=self.models),
            )
        return self.models.index(name)

    @property
    def solved(self) -> Ints:
        """Return how often each model solved each item."""
        return self.of(Outcome.SOLVED)

    @property
    def judged(self) -> Ints:
        """Return how many attempts say something about ability within the budget."""
        return self.of(Outcome.SOLVED, Outcome.UNSOLVED, Outcome.LIMIT)

    @property
    def planned(self) -> Ints:
        """Return how many attempts there should have been."""
        return np.asarray(self.counts.sum(axis=0), dtype=np.int64)

    def of(self, *outcomes: Outcome) -> Ints:
        """Return how many attempts ended in one of these ways, by model and item."""
        return np.asarray(self.counts[[OUTCOMES.index(one) for one in outcomes]].sum(axis=0), dtype=np.int64)

    def share(self, name: str, *outcomes: Outcome) -> float:
        """Return which share of a model's planned attempts ended in one of these ways; 0 when none were planned."""
        at = self.model(name)
        planned = int(self.planned[at].sum())
        return float(self.of(*outcomes)[at].sum() / planned) if planned else 0.0

    def has(self, name: str) -> bool:
        """Return whether this model was to be run at this budget, whatever came of it."""
        return bool(self.planned[self.model(name)].any())


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The samples of one evaluation, a grid a budget, the smallest budget first."""

    items: Items
    models: tuple[str, ...]
    grids: tuple[Grid, ...]


def table_of(samples: Iterable[Sample]) -> Table:
    """Return the table of these samples; their order changes nothing.

    Where a model was run at a budget, an attempt that another model had there and this one has not
    counts as missing. Raises Refused when there is no sample, when one stands twice, or when an item has two levels
    or is both public and held out.
    """
    rows = sorted(samples, key=_place)
    if not rows:
        raise refuse("no-samples", "There is no sample to measure", todo="Freeze the samples of a run first")
    items = _items(rows)
    _check(rows)
    models = tuple(sorted({row.model for row in rows}))
    budgets = sorted({row.budget for row in rows})
    grids = tuple(_grid([row for row in rows if row.budget == budget], items, models) for budget in budgets)
    return Table(items, models, grids)


def _place(row: Sample) -> tuple[str, str, str, str, int, int]:
    return row.suite, row.family, row.item, row.model, row.epoch, row.budget


def _check(rows: Sequence[Sample]) -> None:
    for before, row in pairwise(rows):
        if _place(before) == _place(row):
            raise refuse("sample-twice", "A sample stands twice", place=_spelled(row), todo="Keep one of them")
    for row in rows:
        if not 0 <= row.credit <= 1:
            raise refuse("bad-credit", "A credit lies between 0 and 1", place=_spelled(row))


def _spelled(row: Sample) -> str:
    return f"{row.suite}/{row.family}/{row.item} {row.model} epoch {row.epoch} budget {row.budget}"


def _items(rows: Sequence[Sample]) -> Items:
    known: dict[tuple[str, str, str], tuple[int, bool]] = {}
    for row in rows:
        about = (row.level, row.held_out)
        if known.setdefault((row.suite, row.family, row.item), about) != about:
            raise refuse("two-items", "An item has two levels, or is public and held out", place=_spelled(row))
    names = tuple(known)
    families = tuple(dict.fromkeys(name[:2] for name in names))
    suites = tuple(dict.fromkeys(suite for suite, _ in families))
    family_at = {family: at for at, family in enumerate(families)}
    return Items(
        suites=suites,
        families=families,
        names=names,
        suite_of=np.array([suites.index(suite) for suite, _ in families], dtype=np.int64),
        family_of=np.array([family_at[name[:2]] for name in names], dtype=np.int64),
        level=np.array([level for level, _ in known.values()], dtype=np.int64),
        held_out=np.array([held_out for _, held_out in known.values()], dtype=np.bool_),
    )


def _grid(rows: Sequence[Sample], items: Items, models: tuple[str, ...]) -> Grid:
    model_at = {name: at for at, name in enumerate(models)}
    item_at = {name: at for at, name in enumerate(items.names)}
    outcome_at = {outcome: at for at, outcome in enumerate(OUTCOMES)}
    where = (
        np.array([model_at[row.model] for row in rows], dtype=np.int64),
        np.array([item_at[row.suite, row.family, row.item] for row in rows], dtype=np.int64),
    )
    counts = np.zeros((len(OUTCOMES), len(models), len(items.names)), dtype=np.int64)
    np.add.at(counts, (np.array([outcome_at[row.outcome] for row in rows], dtype=np.int64), *where), 1)
    credit = np.zeros(counts.shape[1:])
    np.add.at(credit, where, np.array([row.credit for row in rows]))
    tokens = np.zeros(counts.shape[1:], dtype=np.int64)
    np.add.at(tokens, where, np.array([row.tokens for row in rows], dtype=np.int64))
    _count_what_is_not_there(counts)
    return Grid(items, models, rows[0].budget, counts, credit, tokens)


def _count_what_is_not_there(counts: Ints) -> None:
    there = counts.sum(axis=0)
    short = (there.max(axis=0) - there) * (there.sum(axis=1) > 0)[:, None]
    counts[OUTCOMES.index(Outcome.MISSING)] += short
