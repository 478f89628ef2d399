"""This will write what was worked out as the JSON values of a report: words, rounded numbers, intervals."""

import math
from typing import Any

from watchbell.domain.measurement import curves, exposure, horizon, profile, proportions, words
from watchbell.domain.sentence import Sentence

DIGITS = 6
"""Decimals that stand in a report."""


def comparison(one: words.Comparison) -> dict[str, Any]:
    """Return a comparison, without what was asked."""
    return {
        "word": one.word.value,
        "probability": number(one.probability),
        "budget": one.budget,
        "difference": interval(one.difference),
        "score": interval(one.score),
        "ability": interval(one.ability),
        "readings": one.readings
        and {"against": number(one.readings.against), "favourable": number(one.readings.favourable)},
        "curve": curve(one.curve),
        "suites": list(one.suites),
        "saturated": list(one.saturated),
        "shares": [shares(share) for share in one.shares],
        "without": [
            {
                "suite": each.suite,
                "probability": number(each.probability),
                "difference": interval(each.difference),
            }
            for each in one.without
        ],
        "kinds": [
            {
                "held_out": each.held_out,
                "suites": list(each.suites),
                "probability": number(each.probability),
                "difference": interval(each.difference),
            }
            for each in one.kinds
        ],
        "reasons": [said(reason) for reason in one.reasons],
        "limits": [said(limit) for limit in one.limits],
    }


def said(sentence: Sentence) -> str:
    """Return a sentence as it is signed: in English."""
    return str.__str__(sentence)


def shares(one: words.Shares) -> dict[str, Any]:
    """Return how a model's attempts ended, as shares."""
    return {
        "model": one.model,
        "attempts": one.attempts,
        "refused": number(one.refused),
        "limit": number(one.limit),
        "infrastructure": number(one.infrastructure),
        "missing": number(one.missing),
    }


def cell(one: profile.Cell) -> dict[str, Any]:
    """Return one cell of the profile."""
    return {
        "suite": one.suite,
        "budget": one.budget,
        "model": one.model,
        "generalised": interval(one.generalised),
        "benchmark": interval(one.benchmark),
        "outcomes": {outcome.value: count for outcome, count in one.outcomes},
        "credit": number(one.credit),
        "tokens": one.tokens,
    }


def curve(one: curves.Curve) -> dict[str, Any]:
    """Return a budget curve."""
    points = [{"budget": budget, "score": interval(score)} for budget, score in one.points]
    return {"model": one.model, "shape": one.shape.value, "points": points, "gain": interval(one.gain)}


def exposed(one: exposure.Exposure) -> dict[str, Any]:
    """Return how much better a model does on public than on held-out items, beyond its references."""
    return {
        "model": one.model,
        "references": list(one.references),
        "difference": interval(one.difference),
        "suites": list(one.suites),
        "paired": one.is_paired,
    }


def horizon_of(model: str, one: horizon.Horizon) -> dict[str, Any]:
    """Return a time horizon, in minutes of people's time."""
    return {
        "model": model,
        "reliability": one.reliability,
        "minutes": interval(one.minutes),
        "items": one.items,
        "extrapolated": one.extrapolated,
    }


def interval(one: proportions.Interval | None) -> dict[str, Any] | None:
    """Return an estimate with its ends and how it was made; None where there is none."""
    if one is None:
        return None
    return {"estimate": number(one.estimate), "low": number(one.low), "high": number(one.high), "how": one.method}


def number(value: float | None) -> float | None:
    """Return a number as it stands in a report; None also where the data say nothing, which is an endless range."""
    return None if value is None or not math.isfinite(value) else round(float(value), DIGITS)
