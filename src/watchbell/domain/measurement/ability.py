"""How able is each model on one common scale? A joint 1PL fit of all models and items, against an anchor at zero.

Rasch's model: the log odds of a solution are ability minus difficulty. Abilities are fixed, difficulties are drawn
(normal around a mean for each suite) and integrated out over a grid, so that neither few attempts an
item nor few models bias the abilities, and the uncertainty of the difficulties is in every interval. Fitting candidate
and references *together* matters: with difficulties taken as known from the references, 95 % intervals held 75 %.

The scale is what others publish (200 points are threefold odds), but it assumes that all items discriminate alike and
that nothing is solved by guessing. Where that is wrong an ability is only a monotone reading of the total score; so no
word of a comparison rests on it.
"""

import math
from dataclasses import dataclass

import numpy as np

from watchbell.domain.measurement.paired import logit
from watchbell.domain.measurement.resampling import Equations, Spread, draws
from watchbell.domain.measurement.samples import Bools, Floats, Grid, Ints

POINTS_PER_LOGIT = 200 / math.log(3)
RESAMPLES = 499

_NODES = np.linspace(-4.5, 4.5, 37)
_LOG_WEIGHTS = -(_NODES**2) / 2 - np.log(np.exp(-(_NODES**2) / 2).sum())
_LOOSE = 1 / 25
"""A prior of sd 5 on abilities: it keeps a model that solved nothing on the line, and moves no other."""


@dataclass(frozen=True, slots=True, eq=False)
class Abilities:
    """The fit: an ability for each model in logits above the anchor, and what other families would change."""

    models: tuple[str, ...]
    anchor: str
    ability: Floats
    suites: Floats
    """Mean difficulty of each suite; NaN where it has no judged attempt."""
    spread: float
    """Standard deviation of the difficulties in a suite."""
    difficulty: Floats
    """Expected difficulty of each item, given all that was seen."""
    converged: bool
    equations: Equations

    def above_anchor(self, model: str, *, seed: int, resamples: int = RESAMPLES) -> Spread:
        """Return how far a model stands above the anchor, in logits, under a stratified family bootstrap."""
        at = [name for name in self.models if name != self.anchor].index(model)
        gradient = np.zeros(len(self.equations.solution))
        gradient[at] = 1.0
        weights = draws(np.bincount(self.equations.stratum).astype(np.int64), seed, resamples)
        return self.equations.resampled(
            lambda solution: (solution[..., at], np.broadcast_to(gradient, solution.shape)), weights
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    solved: Floats
    judged: Floats
    suite: Ints
    """The suite of each item."""
    family: Ints
    stratum: Ints
    """The suite of each family."""
    anchor: int

    @property
    def free(self) -> Ints:
        """Return which parameters are estimated: all but the anchor's ability, which is zero."""
        return np.delete(np.arange(len(self.solved) + int(self.suite.max()) + 2), self.anchor)


def fit(grid: Grid, anchor: str, kept: Bools | None = None, models: tuple[str, ...] = ()) -> Abilities:
    """Return the joint fit of these models (all that were run at this budget, unless named) over the items kept."""
    named = models or tuple(name for name in grid.models if grid.has(name))
    rows = [grid.model(name) for name in named]
    there = grid.judged[rows].sum(axis=0) > 0
    kept = there if kept is None else there & kept
    data = _data(grid, rows, kept, named.index(anchor))
    solution, converged = _climbed(data)
    equations, difficulty = _equations(data, solution)
    everywhere = np.full(len(kept), np.nan)
    everywhere[kept] = difficulty
    suites = np.full(len(grid.items.suites), np.nan)
    suites[np.unique(grid.items.suite_of_item[kept])] = solution[len(named) : -1]
    return Abilities(
        models=named,
        anchor=anchor,
        ability=solution[: len(named)],
        suites=suites,
        spread=abs(float(solution[-1])),
        difficulty=everywhere,
        converged=converged,
        equations=equations,
    )


def _data(grid: Grid, rows: list[int], kept: Bools, anchor: int) -> _Data:
    _, suite = np.unique(grid.items.suite_of_item[kept], return_inverse=True)
    families, family = np.unique(grid.items.family_of[kept], return_inverse=True)
    _, stratum = np.unique(grid.items.suite_of[families], return_inverse=True)
    columns = np.flatnonzero(kept)
    solved, judged = (part[rows][:, columns].astype(np.float64) for part in (grid.solved, grid.judged))
    return _Data(solved, judged, suite, family, stratum, anchor)


def _climbed(data: _Data) -> tuple[Floats, bool]:
    """Return the solution, by Newton's method with steps halved until they climb, and whether it arrived."""
    solution = _start(data)
    height = _height(data, solution)
    for _ in range(60):
        local, curved, _ = _scored(data, solution)
        score, slope = _gathered(data, solution, local, curved)
        step = _uphill(slope.sum(axis=0), score.sum(axis=0))
        if np.abs(step).max() < 1e-7:
            return solution, True
        for halving in range(30):
            tried = solution.copy()
            tried[data.free] += step * 0.5**halving
            risen = _height(data, tried)
            if risen > height - 1e-10:
                break
        solution, height = tried, risen
    return solution, False


def _start(data: _Data) -> Floats:
    share = logit((data.solved.sum(axis=1) + 0.5) / (data.judged.sum(axis=1) + 1)) * 1.3
    solved = np.bincount(data.suite, data.solved.sum(axis=0))
    judged = np.bincount(data.suite, data.judged.sum(axis=0))
    suites = share.mean() - share[data.anchor] - 1.3 * logit((solved + 0.5) / (judged + 1))
    return np.concatenate([share - share[data.anchor], suites, [1.2]])


def _uphill(slope: Floats, score: Floats) -> Floats:
    """Return Newton's step; far from the top, where it may point down, a shorter one that climbs."""
    lowest = float(np.linalg.eigvalsh(slope)[0])
    more = 0.0 if lowest > 1e-6 else 1e-3 - lowest + 0.1 * float(np.trace(slope)) / len(slope)
    step = np.linalg.solve(slope + more * np.eye(len(slope)), score)
    return np.asarray(step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12)), dtype=np.float64)


def _at_nodes(data: _Data, solution: Floats) -> tuple[Floats, Floats]:
    """Return the log odds (suites by nodes by models), and each item's log likelihood at each node."""
    models = len(data.solved)
    odds = solution[None, None, :models] - solution[models:-1, None, None] - solution[-1] * _NODES[None, :, None]
    softened = np.logaddexp(0, odds)
    likely = np.empty((len(data.suite), len(_NODES)))
    for at in range(len(odds)):
        own = data.suite == at
        likely[own] = data.solved[:, own].T @ odds[at].T - data.judged[:, own].T @ softened[at].T
    return odds, likely + _LOG_WEIGHTS


def _height(data: _Data, solution: Floats) -> float:
    _, likely = _at_nodes(data, solution)
    top = likely.max(axis=1)
    whole = top + np.log(np.exp(likely - top[:, None]).sum(axis=1))
    return float(whole.sum() - _LOOSE / 2 * (solution[: len(data.solved)] ** 2).sum())


def _scored(data: _Data, solution: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each item's score and curvature in (abilities, its suite, spread), and its expected difficulty."""
    models = len(data.solved)
    odds, likely = _at_nodes(data, solution)
    held = np.exp(likely - likely.max(axis=1, keepdims=True))
    held /= held.sum(axis=1, keepdims=True)
    chance = (1 / (1 + np.exp(-odds)))[data.suite]
    judged = data.judged.T[:, None, :]
    away = data.solved.T[:, None, :] - judged * chance
    total = away.sum(axis=2, keepdims=True)
    scores = np.concatenate([away, -total, -_NODES[None, :, None] * total], axis=2)
    local = np.einsum("iq,iql->il", held, scores)
    moved = (held[:, :, None] * scores).transpose(0, 2, 1) @ scores - local[:, :, None] * local[:, None, :]
    certain = judged * chance * (1 - chance) * held[:, :, None]
    curved = _curvature(certain, models) - moved
    difficulty = solution[models:-1][data.suite] + solution[-1] * (held @ _NODES)
    return local, curved, difficulty


def _curvature(certain: Floats, models: int) -> Floats:
    """Return the expected curvature at the nodes, in (abilities, suite, spread)."""
    by_power = [np.einsum("q,iqm->im", _NODES**power, certain) for power in range(3)]
    curved = np.zeros((len(certain), models + 2, models + 2))
    each = np.arange(models)
    curved[:, each, each] = by_power[0]
    for power, row in ((0, models), (1, models + 1)):
        curved[:, :models, row] = curved[:, row, :models] = -by_power[power]
        curved[:, row, row] = by_power[2 * power].sum(axis=1)
    curved[:, models, models + 1] = curved[:, models + 1, models] = by_power[1].sum(axis=1)
    return curved


def _gathered(data: _Data, solution: Floats, local: Floats, curved: Floats) -> tuple[Floats, Floats]:
    """Return scores and slopes by family, in the parameters that are estimated."""
    models, families, size = len(data.solved), len(data.stratum), len(solution)
    score, slope = np.zeros((families, models + 2)), np.zeros((families, models + 2, models + 2))
    np.add.at(score, data.family, local)
    np.add.at(slope, data.family, curved)
    places = np.empty((families, models + 2), dtype=np.int64)
    places[:, :models], places[:, models], places[:, models + 1] = np.arange(models), models + data.stratum, size - 1
    row = np.arange(families)[:, None]
    scores, slopes = np.zeros((families, size)), np.zeros((families, size, size))
    scores[row, places] = score
    slopes[row[:, :, None], places[:, :, None], places[:, None, :]] = slope
    each = np.arange(models)
    scores[:, :models] -= _LOOSE * solution[:models] / families
    slopes[:, each, each] += _LOOSE / families
    return scores[:, data.free], slopes[:, data.free][:, :, data.free]


def _equations(data: _Data, solution: Floats) -> tuple[Equations, Floats]:
    local, curved, difficulty = _scored(data, solution)
    scores, slopes = _gathered(data, solution, local, curved)
    order = np.argsort(data.stratum, kind="stable")
    return Equations(solution[data.free], scores[order], slopes[order], data.stratum[order]), difficulty
