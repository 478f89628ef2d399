"""What may which reader see of an evaluation's report? The whole, or less of it; never other numbers.

A report is JSON with one digest; `services.reporting` works it out, signs it, and gives it to both parties at once.
What others get is the same report without what could single out an item, a person or a run.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

from watchbell.domain.handling import Tlp

Few = Collection[tuple[str, str]]
"""Suites and models with a cell of fewer attempts than the public is shown."""
FORM: Final = "watchbell-evaluation-report-2"
"""1 had no `exposure`, `horizons` and `kinds`; what was issued so stays as it was signed, and is read as well."""
FEWEST_SHOWN: Final = 10
"""Fewer judged attempts than these in a cell say more about single items than about a model: the public sees none."""


class Reader(StrEnum):
    """For whom a report is."""

    DEVELOPER = "developer"
    EVALUATOR = "evaluator"
    PARTNER = "partner"
    PUBLIC = "public"


NEEDS_CONSENT: Final = frozenset((Reader.PARTNER, Reader.PUBLIC))
"""Readers who see a report only where the developer has consented to it."""

_WHOLE: Final[Mapping[str, Any]] = {}
_VERSION: Final = dict.fromkeys(("digest", "number", "locked_at", "after_data"), _WHOLE)
_PLAN: Final = {
    **dict.fromkeys(("protocol", "title", "budgets", "epochs", "scaffold", "references", "indicators", "rule"), _WHOLE),
    "model": dict.fromkeys(("alias", "digest"), _WHOLE),
    "suites": dict.fromkeys(("benchmark", "version", "families", "levels", "each"), _WHOLE),
}
_HANDED_ON: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("report", "number", "issued_at", "statement", "digest", "comment", "for"), _WHOLE),
    "protocol": {**_VERSION, "amends": _VERSION, "plan": _PLAN},
    "measured": dict.fromkeys(("safeguards", "scaffold", "models"), _WHOLE),
    "completeness": dict.fromkeys(("suite", "model", "expected", "outcomes", "absent", "open"), _WHOLE),
    "profile": dict.fromkeys(
        ("suite", "budget", "model", "generalised", "benchmark", "outcomes", "credit", "tokens"), _WHOLE
    ),
    "curves": dict.fromkeys(("suite", "model", "shape", "points", "gain"), _WHOLE),
    "comparisons": {
        **dict.fromkeys(("indicator", "anchor", "margin", "asked_of", "word", "probability", "budget"), _WHOLE),
        **dict.fromkeys(("difference", "score", "ability", "readings", "curve", "suites", "saturated"), _WHOLE),
        **dict.fromkeys(("shares", "without", "kinds", "reasons", "limits"), _WHOLE),
    },
    "exposure": dict.fromkeys(("held_out", "found", "why"), _WHOLE),
    "horizons": dict.fromkeys(("found", "why"), _WHOLE),
    "validity": dict.fromkeys(("open_flags", "containment", "fingerprints", "not_checked"), _WHOLE),
}
"""All that leaves the two parties, name by name. What is not named here stays, whatever a later report may hold:
the sample table, logs by their digests, counts of calls, names of single items, what an endpoint calls itself."""

_ABOUT_FEW: Final = ("difference", "score", "ability", "readings", "curve")
"""What a comparison says of numbers that a cell of few attempts would show through."""

TLP: Final[Mapping[Reader, Tlp]] = {Reader.PARTNER: Tlp.AMBER_STRICT, Reader.PUBLIC: Tlp.CLEAR}
"""How far what others have may travel (TLP 2.0): partners keep it within their organisation."""

TOO_FEW_TO_SHOW: Final = "Too few attempts in a cell of it, so the public is not shown this."
"""Why a part of a report has nothing in it for the public."""

NOT_CHECKED: Final = (
    "sandbagging: a model that holds back on purpose looks like one that cannot; no check here shows that it did not",
    "evaluation awareness: whether the model behaves otherwise when it takes nothing for a test",
    "other scaffolds, more attempts, or training on the task, which may bring out more",
)
"""What no report of ours has looked for, and says so."""


def redacted(report: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """Return the report as this reader may have it; `for` names the reader, so that no copy is taken for another.

    Others have what `_HANDED_ON` names and nothing else, and `left_out` says what that leaves behind.
    """
    said = {**report, "for": reader.value}
    if reader not in NEEDS_CONSENT:
        return said
    left_out: set[str] = set()
    fewer = _only(said, _HANDED_ON, "", left_out)
    if reader is Reader.PUBLIC:
        fewer = _without_few(fewer)
    return {**fewer, "tlp": TLP[reader].label, "left_out": sorted(left_out)}


def judged(cell: Mapping[str, Any]) -> int:
    """Return how many attempts of a profile's cell say something about ability within the budget."""
    outcomes = cell["outcomes"]
    return int(outcomes["solved"] + outcomes["unsolved"] + outcomes["limit"])


def _only(value: Any, named: Mapping[str, Any], place: str, left_out: set[str]) -> Any:
    """Return of a value what is named, through lists; the places of all the rest go into `left_out`."""
    if isinstance(value, list):
        return [_only(one, named, place, left_out) for one in value]
    if not named or not isinstance(value, Mapping):
        return value
    left_out.update(f"{place}{name}" for name in value if name not in named)
    return {name: _only(one, named[name], f"{place}{name}/", left_out) for name, one in value.items() if name in named}


def _without_few(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report without what would tell what came of a cell of few attempts, or let it be reckoned."""
    cells = report.get("profile", ())
    few = {(cell["suite"], cell["model"]) for cell in cells if judged(cell) < FEWEST_SHOWN}
    return {
        **report,
        "profile": [_public_cell(cell) for cell in cells],
        **{name: [rule(one, few) for one in report[name]] for name, rule in _PUBLIC.items() if name in report},
        **{name: _public_part(report[name], few) for name in _PARTS if name in report},
    }


def _public_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    if judged(cell) >= FEWEST_SHOWN:
        return dict(cell)
    return {**cell, "generalised": None, "benchmark": None, "credit": None, "outcomes": None, "tokens": None}


def _public_count(one: Mapping[str, Any], few: Few) -> dict[str, Any]:
    return {**one, "outcomes": None} if (one["suite"], one["model"]) in few else dict(one)


def _public_curve(one: Mapping[str, Any], few: Few) -> dict[str, Any]:
    return {**one, "points": [], "gain": None} if (one["suite"], one["model"]) in few else dict(one)


def _public_comparison(one: Mapping[str, Any], few: Few) -> dict[str, Any]:
    if not {suite for suite, _ in few} & set(one.get("asked_of", ())):
        return dict(one)
    return {**one, **dict.fromkeys(_ABOUT_FEW), "shares": [], "without": [], "kinds": []}


def _public_part(part: Mapping[str, Any], few: Few) -> dict[str, Any]:
    if not few or not part["found"]:
        return dict(part)
    return {**part, "found": [] if isinstance(part["found"], list) else None, "why": TOO_FEW_TO_SHOW}


_PUBLIC: Final = {"completeness": _public_count, "curves": _public_curve, "comparisons": _public_comparison}
_PARTS: Final = ("exposure", "horizons")
