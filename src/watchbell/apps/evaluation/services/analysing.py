"""This will work out what the samples of a protocol say: profile, budget curves, one comparison an indicator.

The seed of every bootstrap comes from the protocol's digest: the same samples give the same report, on any machine.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from watchbell.apps.evaluation.models import Benchmark, Protocol, Sample
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Outcome, Visibility
from watchbell.domain.measurement import comparison, curves, profile, proportions, samples, words
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence

DIGITS = 6
"""Decimals that stand in a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What stands in a report under these names, as JSON values."""

    profile: list[dict[str, Any]]
    curves: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]


def analyse(row: Protocol, value: rules.Protocol, *, unguarded: bool, flags: Sequence[str], evaluator: str) -> Analysis:
    """Return the analysis of everything that was taken in under this version of the protocol."""
    found = list(_samples(row, value, evaluator))
    if not found:
        nothing = [_nothing(one, "No sample was taken in.") for one in value.indicators]
        return Analysis(profile=[], curves=[], comparisons=nothing)
    seed = int(row.digest[:12], 16)
    conditions = words.Conditions(unguarded=unguarded, flags=tuple(flags))
    table = samples.table_of(found)
    return Analysis(
        profile=[_cell(one) for one in profile.profile(table)],
        curves=list(_curves(table, value)),
        comparisons=list(_comparisons(found, value, conditions, seed)),
    )


def _samples(row: Protocol, value: rules.Protocol, evaluator: str) -> Iterator[samples.Sample]:
    """Return every cell of the protocol for each model that was run at all; one nobody filled is missing."""
    models = value.models
    columns = ("suite", "arm", "budget", "item", "epoch", "outcome", "credit", "total_tokens")
    there = {tuple(one[:5]): one[5:] for one in Sample.objects.filter(protocol=row).values_list(*columns).iterator()}
    run = {(suite, arm, budget) for suite, arm, budget, _, _ in there}
    for suite in value.suites:
        held_out = _is_held_out(suite, evaluator)
        about = {item: (family, level) for item, family, level in suite.items()}
        for arm, model in enumerate(models):
            for item, budget, epoch in value.cells(suite):
                if (suite.benchmark, arm, budget) in run:
                    got = there.get((suite.benchmark, arm, budget, item, epoch), ("missing", None, 0))
                    yield samples.Sample(
                        suite=suite.benchmark,
                        family=about[item][0],
                        item=item,
                        level=about[item][1],
                        model=model,
                        epoch=epoch,
                        budget=budget,
                        outcome=Outcome(got[0]),
                        credit=got[1] or 0.0,
                        tokens=got[2],
                        held_out=held_out,
                    )


def _is_held_out(suite: rules.Suite, evaluator: str) -> bool:
    rows = Benchmark.objects.filter(organisation__in=["", evaluator], name=suite.benchmark, version=suite.version)
    return Visibility.HELD_OUT in rows.values_list("visibility", flat=True)


def _curves(table: samples.Table, value: rules.Protocol) -> Iterator[dict[str, Any]]:
    for suite in table.items.suites:
        found = curves.budget_curve(table, value.model.alias, table.items.in_suites([suite]))
        yield {"suite": suite, **_curve(found)}


def _comparisons(
    found: list[samples.Sample], value: rules.Protocol, conditions: words.Conditions, seed: int
) -> Iterator[dict[str, Any]]:
    """Return one comparison an indicator, judged together (Holm)."""
    made: list[words.Comparison | Refused] = []
    for indicator in value.indicators:
        own = [one for one in found if one.suite in indicator.suites]
        try:
            table = samples.table_of(own)
            known = {value.model.alias, indicator.anchor} <= set(table.models)
            if not known:
                raise refuse("not-run", "One of the two models has no samples.")
            made.append(
                comparison.compare(
                    table,
                    value.model.alias,
                    indicator.anchor,
                    conditions=conditions,
                    seed=seed,
                    margin=indicator.delta,
                )
            )
        except Refused as refused:
            made.append(refused)
    together = iter(comparison.held_together([one for one in made if isinstance(one, words.Comparison)]))
    for indicator, one in zip(value.indicators, made, strict=True):
        if isinstance(one, Refused):
            yield _nothing(indicator, str(one))
        else:
            yield _comparison(indicator, next(together))


def _nothing(indicator: rules.Indicator, why: str) -> dict[str, Any]:
    """Return a comparison that could not be made: inconclusive, and why."""
    empty = dict.fromkeys(("probability", "budget", "difference", "score", "ability", "readings", "curve"))
    said: dict[str, list[Any]] = {"suites": [], "saturated": [], "without": [], "limits": [], "shares": []}
    word = words.Word.INCONCLUSIVE.value
    return {**_asked(indicator), **empty, **said, "word": word, "reasons": [why]}


def _asked(indicator: rules.Indicator) -> dict[str, Any]:
    return {
        "indicator": indicator.name,
        "anchor": indicator.anchor,
        "margin": indicator.delta,
        "asked_of": list(indicator.suites),
    }


def _comparison(indicator: rules.Indicator, one: words.Comparison) -> dict[str, Any]:
    return {
        **_asked(indicator),
        "word": one.word.value,
        "probability": _number(one.probability),
        "budget": one.budget,
        "difference": _interval(one.difference),
        "score": _interval(one.score),
        "ability": _interval(one.ability),
        "readings": one.readings
        and {"against": _number(one.readings.against), "favourable": _number(one.readings.favourable)},
        "curve": _curve(one.curve),
        "suites": list(one.suites),
        "saturated": list(one.saturated),
        "shares": [_shares(share) for share in one.shares],
        "without": [
            {
                "suite": each.suite,
                "probability": _number(each.probability),
                "difference": _interval(each.difference),
            }
            for each in one.without
        ],
        "reasons": [_said(reason) for reason in one.reasons],
        "limits": [_said(limit) for limit in one.limits],
    }


def _said(sentence: Sentence) -> str:
    return str.__str__(sentence)


def _shares(one: words.Shares) -> dict[str, Any]:
    return {
        "model": one.model,
        "attempts": one.attempts,
        "refused": _number(one.refused),
        "limit": _number(one.limit),
        "infrastructure": _number(one.infrastructure),
        "missing": _number(one.missing),
    }


def _cell(one: profile.Cell) -> dict[str, Any]:
    return {
        "suite": one.suite,
        "budget": one.budget,
        "model": one.model,
        "generalised": _interval(one.generalised),
        "benchmark": _interval(one.benchmark),
        "outcomes": {outcome.value: number for outcome, number in one.outcomes},
        "credit": _number(one.credit),
        "tokens": one.tokens,
    }


def _curve(one: curves.Curve) -> dict[str, Any]:
    points = [{"budget": budget, "score": _interval(score)} for budget, score in one.points]
    return {"model": one.model, "shape": one.shape.value, "points": points, "gain": _interval(one.gain)}


def _interval(one: proportions.Interval | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"estimate": _number(one.estimate), "low": _number(one.low), "high": _number(one.high), "how": one.method}


def _number(value: float | None) -> float | None:
    """Return a number as it stands in a report; None also where the data say nothing, which is an endless range."""
    return None if value is None or not math.isfinite(value) else round(float(value), DIGITS)
