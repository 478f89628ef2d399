"""How far is a report to be believed? What it says beside its profile, in words: kinds of items, time horizons."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchbell.web.evaluation import words
from watchbell.web.states import State

Json = Mapping[str, Any]

WHY: dict[str, str | Promise] = {
    "All items are of one kind, so public items are not compared with held-out ones.": gettext_lazy(
        "All items are of one kind, so public items are not compared with held-out ones."
    ),
    "Too few families of each kind, or no reference: public items are not compared with held-out ones.": gettext_lazy(
        "Too few families of each kind, or no reference: public items are not compared with held-out ones."
    ),
    "No human times, so no time horizon.": gettext_lazy("No human times, so no time horizon."),
    "Too few timed items, or no model solves fewer of the longer ones, so no time horizon.": gettext_lazy(
        "Too few timed items, or no model solves fewer of the longer ones, so no time horizon."
    ),
    "Too few attempts in a cell of it, so the public is not shown this.": gettext_lazy(
        "Too few attempts in a cell of it, so the public is not shown this."
    ),
}
"""Why something is not said, as `services.beside` and the rules of a report write it."""

SEEN: dict[str, tuple[str | Promise, State]] = {
    "no difference seen": (gettext_lazy("no difference seen"), State.LATER),
    "answers differ": (gettext_lazy("answers differ"), State.SOON),
    "not taken": (gettext_lazy("not taken"), State.UNKNOWN),
}
"""What the fingerprints of a model say, and how it is shown; none of it says that it was the same model."""


def context_of(report: Json) -> dict[str, Any]:
    """Return these parts of a report as its page shows them; one of an older form has fewer."""
    return {
        "fingerprints": [fingerprint(one) for one in report["validity"].get("fingerprints", ())],
        "exposure": exposure(report["exposure"]) if "exposure" in report else None,
        "horizons": horizons(report["horizons"]) if "horizons" in report else None,
    }


def fingerprint(one: Json) -> dict[str, Any]:
    """Return what was seen of one model at the moments it was asked the same questions, and on how many answers."""
    said, badge = SEEN.get(one["seen"], (one["seen"], State.UNKNOWN))
    about = {
        "moments": number_format(one["moments"]),
        "answers": number_format(one["answers"], force_grouping=True),
        "probability": words.probability(one["probability"]),
    }
    number = _("%(answers)s answers at %(moments)s moments; by chance alone %(probability)s") % about
    return {"model": one["model"], "said": said, "badge": badge, "number": number if one["moments"] > 1 else ""}


def exposure(part: Json) -> dict[str, Any]:
    """Return what public items tell beside held-out ones: a sentence, the number, and what it may be instead."""
    found = part["found"]
    if found is None or found["difference"] is None or found["difference"]["low"] is None:
        return {"said": WHY.get(part["why"], part["why"]), "number": "", "is_paired": True}
    difference = found["difference"]
    if difference["low"] > 0:
        said = _("%(model)s does better on public items than its references do: it may have seen them, or solutions.")
    elif difference["high"] < 0:
        said = _("%(model)s does better on held-out items than its references do.")
    else:
        said = _("Nothing shows that %(model)s does better on public items than its references do.")
    number = _("%(estimate)s logits (%(low)s to %(high)s) at %(budget)s tokens") % {
        "budget": number_format(found["budget"], force_grouping=True),
        **{name: number_format(difference[name], 2) for name in ("estimate", "low", "high")},
    }
    return {"said": said % {"model": found["model"]}, "number": number, "is_paired": found["paired"]}


def horizons(part: Json) -> dict[str, Any]:
    """Return the time horizons as lines of a table, or why there are none."""
    lines = [
        {
            "model": one["model"],
            "reliability": number_format(100 * one["reliability"], 0),
            "minutes": minutes(one["minutes"]),
            "items": one["items"],
            "extrapolated": one["extrapolated"],
        }
        for one in part["found"]
    ]
    return {"lines": lines, "why": WHY.get(part["why"], part["why"])}


def minutes(one: Json) -> str:
    """Return an estimate in minutes with its interval."""
    low, high = (_rounded(one[end]) if one[end] is not None else "–" for end in ("low", "high"))
    return _("%(estimate)s minutes (%(low)s to %(high)s)") % {
        "estimate": _rounded(one["estimate"]),
        "low": low,
        "high": high,
    }


def kinds(comparison: Json) -> list[dict[str, Any]]:
    """Return the probability on items of each kind alone; nothing where all were of one kind."""
    return [
        {"held_out": one["held_out"], "probability": words.probability(one["probability"])}
        for one in comparison.get("kinds", ())
    ]


def _rounded(value: float) -> str:
    return number_format(value, 0 if value >= 10 else 1, force_grouping=True)
