"""How is a report read? Its JSON as lines of tables and as sentences, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from watchbell.domain.evaluation.report import judged
from watchbell.web.evaluation import pictures, validity, words
from watchbell.web.evaluation.rounding import rounded
from watchbell.web.speaking import spoken

Report = Mapping[str, Any]
Json = Mapping[str, Any]


def context_of(report: Report) -> dict[str, Any]:
    """Return a report as its page shows it."""
    plan = report["protocol"]["plan"]
    return {
        "report": report,
        "statement": spoken(report["statement"]),
        "issued_at": datetime.fromisoformat(report["issued_at"]),
        "plan": plan,
        "own": report["measured"]["models"][0],
        "references": report["measured"]["models"][1:],
        "safeguards": words.SAFEGUARDS.get(report["measured"]["safeguards"], report["measured"]["safeguards"]),
        "completeness": [complete(one) for one in report["completeness"]],
        "numbers": numbers(report),
        "curves": [curve(one) for one in report["curves"]],
        "comparisons": [comparison(one) for one in report["comparisons"]],
        "flags": [words.flag(one) for one in report["validity"]["open_flags"]],
        "containment": words.CONTAINED.get(report["validity"]["containment"], report["validity"]["containment"]),
        "not_checked": [spoken(one) for one in report["validity"]["not_checked"]],
        "amends": report["protocol"]["amends"],
        "summary": summary(report),
        **validity.context_of(report),
    }


def summary(report: Report) -> str:
    """Return how much of all that was asked for is there, in one sentence with its denominator."""
    expected = sum(one["expected"] for one in report["completeness"])
    absent = sum(one["absent"] for one in report["completeness"])
    return _("Assessed %(part)s of %(whole)s; %(absent)s missing or lost.") % {
        "part": number_format(expected - absent, force_grouping=True),
        "whole": number_format(expected, force_grouping=True),
        "absent": number_format(absent, force_grouping=True),
    }


def complete(one: Json) -> dict[str, Any]:
    """Return one line of the completeness table."""
    return {
        **one,
        "assessed": one["expected"] - one["absent"],
        "outcomes": words.outcomes(one["outcomes"] or {}),
        "is_open": one["open"],
    }


def numbers(report: Report) -> list[dict[str, Any]]:
    """Return the profile as lines of a table: a line a suite and budget, the model measured first of its columns."""
    cells = {(one["suite"], one["budget"], one["model"]): one for one in report["profile"]}
    return [
        {
            "suite": suite,
            "budget": budget,
            "cells": [cell(model, cells.get((suite, budget, model))) for model in report["measured"]["models"]],
        }
        for suite, budget in pictures.places_of(report)
    ]


def cell(model: str, one: Json | None) -> dict[str, Any]:
    """Return what one model did on one suite at one budget; nothing of it where it was not run there."""
    if one is None:
        return {"model": model, "score": "", "is_there": False}
    if one["outcomes"] is None:
        return {"model": model, "score": "", "is_there": True, "is_few": True}
    score = pictures.score_of(one)
    return {
        "model": model,
        "is_there": True,
        "score": interval(score),
        "is_of_these_items": one.get("generalised") is None and score is not None,
        "judged": judged(one),
        "planned": sum(one["outcomes"].values()),
    }


def curve(one: Json) -> dict[str, Any]:
    """Return how a suite's budget curve ends, in words, and its points as lines of a table."""
    points = [{"budget": point["budget"], "score": interval(point["score"])} for point in one["points"]]
    shape = words.SHAPES.get(one["shape"], one["shape"])
    return {"suite": one["suite"], "shape": shape, "gain": gain(one["gain"]), "points": points}


def comparison(one: Json) -> dict[str, Any]:
    """Return one indicator: its sentence, its reasons and limits, and the answer without each suite."""
    return {
        **one,
        "badge": words.BADGES[one["word"]],
        "said": words.WORDS[one["word"]],
        "sentence": words.sentence(one),
        "reasons": [words.reason(text) for text in one["reasons"]],
        "limits": [words.reason(text) for text in one["limits"]],
        "without": [
            {"suite": each["suite"], "probability": words.probability(each["probability"])} for each in one["without"]
        ],
        "kinds": validity.kinds(one),
    }


def interval(one: Json | None) -> str:
    """Return a score with its interval of 95 %, or nothing."""
    if one is None or one["estimate"] is None:
        return ""
    low, high = (percent(one[end]) if one[end] is not None else "–" for end in ("low", "high"))
    return _("%(estimate)s %% (%(low)s to %(high)s)") % {"estimate": percent(one["estimate"]), "low": low, "high": high}


def gain(one: Json | None) -> str:
    """Return what the last doubling of the budget gave, in points of a hundred."""
    if one is None or one["estimate"] is None:
        return ""
    return _("%(points)s points of a hundred for each doubling of the budget") % {"points": percent(one["estimate"])}


def percent(share: float) -> str:
    """Return a share of 0 to 1 as a number of a hundred."""
    return rounded(100 * share, 0)


def picture_words(report: Report) -> pictures.Words:
    """Return the words of the picture."""
    own, *others = report["measured"]["models"]
    anchors = sorted({one["anchor"] for one in report["comparisons"]})
    rest = [one for one in others if one not in anchors]
    return pictures.Words(
        title=_("Profile of %(model)s: share solved, by suite and budget in tokens") % {"model": own},
        measured=_("%(model)s, with its interval of 95 %%") % {"model": own},
        anchor=_("anchor %(names)s") % {"names": ", ".join(anchors)},
        others=_("other references: %(names)s") % {"names": ", ".join(rest)} if rest else "",
        nothing=_("nothing measured"),
    )
