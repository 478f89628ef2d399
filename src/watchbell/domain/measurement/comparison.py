"""Does this model solve more than the anchor? A probability, a word of three, and why the question stays open.

The probability is that of the difference in expected score (logit scale, see `paired`) being at least `margin`:
from 0.95 the difference is indicated, to 0.05 it is not indicated, between them it is inconclusive. The words are
advice to people who decide; none of them is a verdict about the model.

A word must survive what was not measured. Refused, interrupted and missing attempts never count as unsolved; they are
read both ways, and a word that turns when each of them had gone the other way does not stand. "Not indicated" is said
more sparingly still, because an absence is easily an artefact: see `reasons`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement import ability
from watchbell.domain.measurement.clustered import clusters_of, solved_rate
from watchbell.domain.measurement.curves import budget_curve
from watchbell.domain.measurement.multiplicity import holm
from watchbell.domain.measurement.paired import pairs, score_difference
from watchbell.domain.measurement.reasons import beside, for_staying_open, limits_of
from watchbell.domain.measurement.resampling import Spread
from watchbell.domain.measurement.samples import Bools, Floats, Grid, Table
from watchbell.domain.measurement.sensitivity import Asked, by_kind, spread_of, without_each
from watchbell.domain.measurement.words import (
    FEWEST_FAMILIES,
    HIGHEST_SCORE,
    INDICATED_FROM,
    LOWEST_SCORE,
    NOT_INDICATED_TO,
    Comparison,
    Conditions,
    Readings,
    Shares,
    Word,
    word_of,
)
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What is asked, of which table."""

    table: Table
    grid: Grid
    candidate: str
    anchor: str
    margin: float
    seed: int
    conditions: Conditions

    @property
    def pair(self) -> Asked:
        """Return the two models and the margin, without the conditions."""
        return Asked(self.grid, self.candidate, self.anchor, self.margin, self.seed)


def compare(
    table: Table, candidate: str, anchor: str, *, conditions: Conditions, seed: int, margin: float = 0.0
) -> Comparison:
    """Return the comparison of a candidate with an anchor; the same for the same samples and seed.

    Raises Refused when a model is not in the table, both are the same, or no budget is common to both.
    """
    asked = _Question(table, _common(table, candidate, anchor), candidate, anchor, margin, seed, conditions)
    suites, saturated = _suites(asked.grid, candidate, anchor)
    kept = asked.grid.items.in_suites(suites)
    clusters = pairs(asked.grid, candidate, anchor, kept) if suites else None
    shares = (_shares(asked.grid, candidate), _shares(asked.grid, anchor))
    if clusters is None:
        return _nothing(asked, saturated, shares)
    spread = spread_of(clusters, seed)
    found = Comparison(
        candidate=candidate,
        anchor=anchor,
        budget=asked.grid.budget,
        margin=margin,
        word=Word.INCONCLUSIVE,
        probability=spread.probability_at_least(margin),
        difference=spread.interval(),
        score=score_difference(clusters),
        ability=ability.fit(asked.grid, anchor, kept).above_anchor(candidate, seed=seed).interval(),
        readings=_readings(asked, kept),
        suites=suites,
        saturated=saturated,
        shares=shares,
        curve=budget_curve(table, candidate, kept),
        without=without_each(asked.pair, suites),
        kinds=by_kind(asked.pair, suites),
        reasons=(),
        limits=limits_of(saturated, shares),
    )
    return _worded(found, asked)


def held_together(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return the comparisons judged as one set of indicators: a word that Holm's adjustment takes away is taken away.

    Both directions are adjusted, so that among all of them a false "indicated" stays as rare as it was for
    one, and so does a false "not indicated".
    """
    known = [one.probability if one.probability is not None else 0.5 for one in comparisons]
    for_more, for_less = holm([1 - one for one in known]), holm(known)
    return tuple(
        _weakened(one, len(comparisons))
        if (one.word is Word.INDICATED and more > 1 - INDICATED_FROM)
        or (one.word is Word.NOT_INDICATED and less > NOT_INDICATED_TO)
        else one
        for one, more, less in zip(comparisons, for_more, for_less, strict=True)
    )


def _common(table: Table, candidate: str, anchor: str) -> Grid:
    if candidate == anchor:
        raise refuse("same-model", "A model is not compared with itself", place=candidate)
    for grid in reversed(table.grids):
        if grid.has(candidate) and grid.has(anchor):
            return grid
    raise refuse(
        "no-common-budget",
        "The two models were never run at the same budget",
        place=f"{candidate} {anchor}",
        todo="Run the anchor under the same protocol",
    )


def _suites(grid: Grid, candidate: str, anchor: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the suites that tell the two apart, and those where one of them is at an end of the scale."""
    informative: list[str] = []
    saturated: list[str] = []
    for suite in grid.items.suites:
        found = pairs(grid, candidate, anchor, grid.items.in_suites([suite]))
        if found is not None:
            inside = bool(np.all((found.mean() >= LOWEST_SCORE) & (found.mean() <= HIGHEST_SCORE)))
            (informative if inside else saturated).append(suite)
    return tuple(informative), tuple(saturated)


def _shares(grid: Grid, model: str) -> Shares:
    return Shares(
        model=model,
        attempts=int(grid.planned[grid.model(model)].sum()),
        refused=grid.share(model, Outcome.REFUSED),
        limit=grid.share(model, Outcome.LIMIT),
        infrastructure=grid.share(model, Outcome.INFRASTRUCTURE),
        missing=grid.share(model, Outcome.MISSING),
    )


def _readings(asked: _Question, kept: Bools) -> Readings:
    worst, best = (_read(asked, kept, unjudged_solved=value) for value in (False, True))
    return Readings(
        against=worst.probability_at_least(asked.margin), favourable=best.probability_at_least(asked.margin)
    )


def _read(asked: _Question, kept: Bools, *, unjudged_solved: bool) -> Spread:
    """Return the spread if the candidate had solved all or none of what was not judged, and the anchor the reverse."""
    rows = [asked.grid.model(asked.candidate), asked.grid.model(asked.anchor)]
    solved, judged, planned = asked.grid.solved[rows], asked.grid.judged[rows], asked.grid.planned[rows]
    counted = np.array([[unjudged_solved], [not unjudged_solved]])
    rates: Floats = (solved + counted * (planned - judged)) / np.maximum(planned, 1)
    return spread_of(clusters_of(asked.grid.items, rates, kept & (planned > 0).all(axis=0)), asked.seed)


def _worded(found: Comparison, asked: _Question) -> Comparison:
    assert found.probability is not None
    turned = bool(found.saturated) and not _same_with_every_suite(found, asked)
    too_few = _too_few_families(asked.grid, found)
    reasons = for_staying_open(found, asked.conditions, too_few=too_few, turned=turned)
    if reasons:
        return replace(found, reasons=reasons)
    word = word_of(found.probability)
    return replace(found, word=word, limits=(*found.limits, *beside(word, found, asked.conditions)))


def _too_few_families(grid: Grid, found: Comparison) -> tuple[str, ...]:
    seen = [solved_rate(grid, model)[1] for model in (found.candidate, found.anchor)]
    families = np.unique(grid.items.family_of[seen[0] & seen[1]])
    number = np.bincount(grid.items.suite_of[families], minlength=len(grid.items.suites))
    named = zip(grid.items.suites, number.tolist(), strict=True)
    return tuple(suite for suite, count in named if suite in found.suites and count < FEWEST_FAMILIES)


def _same_with_every_suite(found: Comparison, asked: _Question) -> bool:
    clusters = pairs(asked.grid, asked.candidate, asked.anchor)
    assert clusters is not None
    assert found.probability is not None
    return word_of(spread_of(clusters, asked.seed).probability_at_least(asked.margin)) is word_of(found.probability)


def _nothing(asked: _Question, saturated: tuple[str, ...], shares: tuple[Shares, Shares]) -> Comparison:
    reason = (
        Sentence("Every suite is saturated, so that none supports a comparison.")
        if saturated
        else Sentence("There is no item on which both models have a judged attempt.")
    )
    return Comparison(
        candidate=asked.candidate,
        anchor=asked.anchor,
        budget=asked.grid.budget,
        margin=asked.margin,
        word=Word.INCONCLUSIVE,
        probability=None,
        difference=None,
        score=None,
        ability=None,
        readings=None,
        suites=(),
        saturated=saturated,
        shares=shares,
        curve=budget_curve(asked.table, asked.candidate),
        without=(),
        kinds=(),
        reasons=(reason,),
        limits=limits_of(saturated, shares),
    )


def _weakened(one: Comparison, number: int) -> Comparison:
    reason = Sentence("It does not stand when {number} indicators are judged together (Holm).", number=number)
    return replace(one, word=Word.INCONCLUSIVE, reasons=(*one.reasons, reason))
