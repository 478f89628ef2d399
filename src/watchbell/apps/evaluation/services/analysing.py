"""This will work out what the samples of a protocol say: profile, curves, comparisons and what is beside.

The seed of every bootstrap comes from the protocol's digest: the same samples give the same report, on any machine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchbell.apps.evaluation.models import Benchmark, Protocol, Sample
from watchbell.apps.evaluation.services import beside, figures
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Outcome, Visibility
from watchbell.domain.measurement import comparison, curves, profile, samples, words
from watchbell.domain.refusal import Refused, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What stands in a report under these names, as JSON values."""

    profile: list[dict[str, Any]]
    curves: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    exposure: dict[str, Any]
    horizons: dict[str, Any]


def analyse(row: Protocol, value: rules.Protocol, *, unguarded: bool, flags: Sequence[str], evaluator: str) -> Analysis:
    """Return the analysis of everything that was taken in under this version of the protocol."""
    registered = {suite.benchmark: _registered(suite, evaluator) for suite in value.suites}
    found = list(_samples(row, value, registered))
    if not found:
        nothing = [_nothing(one, "No sample was taken in.") for one in value.indicators]
        return Analysis(
            profile=[],
            curves=[],
            comparisons=nothing,
            exposure=beside.exposure(None, value, {}, seed=0),
            horizons=beside.horizons(None, value, {}, seed=0),
        )
    seed = int(row.digest[:12], 16)
    conditions = words.Conditions(unguarded=unguarded, flags=tuple(flags))
    table = samples.table_of(found)
    return Analysis(
        profile=[figures.cell(one) for one in profile.profile(table)],
        curves=list(_curves(table, value)),
        comparisons=list(_comparisons(found, value, conditions, seed)),
        exposure=beside.exposure(table, value, registered, seed=seed),
        horizons=beside.horizons(table, value, registered, seed=seed),
    )


def _samples(
    row: Protocol, value: rules.Protocol, registered: Mapping[str, beside.Registered]
) -> Iterator[samples.Sample]:
    """Return every cell of the protocol for each model that was run at all; one nobody filled is missing."""
    models = value.models
    columns = ("suite", "arm", "budget", "item", "epoch", "outcome", "credit", "total_tokens")
    there = {tuple(one[:5]): one[5:] for one in Sample.objects.filter(protocol=row).values_list(*columns).iterator()}
    run = {(suite, arm, budget) for suite, arm, budget, _, _ in there}
    for suite in value.suites:
        held_out = registered[suite.benchmark].held_out
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


def _registered(suite: rules.Suite, evaluator: str) -> beside.Registered:
    """Return what the registry says of a suite: an evaluator's own entry, and the node's."""
    rows = Benchmark.objects.filter(organisation__in=["", evaluator], name=suite.benchmark, version=suite.version)
    found = list(rows.order_by("organisation").values_list("visibility", "minutes"))
    minutes = {family: float(time) for _, times in found for family, time in times.items()}
    return beside.Registered(held_out=Visibility.HELD_OUT in [one for one, _ in found], minutes=minutes)


def _curves(table: samples.Table, value: rules.Protocol) -> Iterator[dict[str, Any]]:
    for suite in table.items.suites:
        found = curves.budget_curve(table, value.model.alias, table.items.in_suites([suite]))
        yield {"suite": suite, **figures.curve(found)}


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
            yield {**_asked(indicator), **figures.comparison(next(together))}


def _nothing(indicator: rules.Indicator, why: str) -> dict[str, Any]:
    """Return a comparison that could not be made: inconclusive, and why."""
    empty = dict.fromkeys(("probability", "budget", "difference", "score", "ability", "readings", "curve"))
    said: dict[str, list[Any]] = {"suites": [], "saturated": [], "without": [], "kinds": [], "limits": [], "shares": []}
    word = words.Word.INCONCLUSIVE.value
    return {**_asked(indicator), **empty, **said, "word": word, "reasons": [why]}


def _asked(indicator: rules.Indicator) -> dict[str, Any]:
    return {
        "indicator": indicator.name,
        "anchor": indicator.anchor,
        "margin": indicator.delta,
        "asked_of": list(indicator.suites),
    }
