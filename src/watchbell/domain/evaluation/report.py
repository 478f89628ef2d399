"""What may which reader see of an evaluation's report? The whole, or less of it; never other numbers.

A report is JSON with one digest; `services.reporting` works it out, signs it, and gives it to both parties at once.
What others get is the same report without what could single out an item, a person or a run.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

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

_ONLY_PARTIES: Final = frozenset(("samples", "runs", "engagement", "chain"))
"""What only the two parties see: the sample table, logs by their digests, and counts of calls."""

NOT_CHECKED: Final = (
    "sandbagging: a model that holds back on purpose looks like one that cannot; no check here shows that it did not",
    "evaluation awareness: whether the model behaves otherwise when it takes nothing for a test",
    "other scaffolds, more attempts, or training on the task, which may bring out more",
)
"""What no report of ours has looked for, and says so."""


def redacted(report: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """Return the report as this reader may have it; `for` names the reader, so that no copy is taken for another."""
    said = {**report, "for": reader.value}
    if reader not in NEEDS_CONSENT:
        return said
    fewer = {name: value for name, value in said.items() if name not in _ONLY_PARTIES}
    fewer["left_out"] = sorted(_ONLY_PARTIES & set(said))
    if reader is Reader.PUBLIC:
        fewer["profile"] = [_public_cell(cell) for cell in said.get("profile", ())]
    return fewer


def judged(cell: Mapping[str, Any]) -> int:
    """Return how many attempts of a profile's cell say something about ability within the budget."""
    outcomes = cell["outcomes"]
    return int(outcomes["solved"] + outcomes["unsolved"] + outcomes["limit"])


def _public_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    if judged(cell) >= FEWEST_SHOWN:
        return dict(cell)
    return {**cell, "generalised": None, "benchmark": None, "credit": None, "outcomes": None, "tokens": None}
