"""Write an answer as a table for spreadsheets, in which no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterator

from watchbell.edge.answers import Answer, Match
from watchbell.formats.sbom import Component

HEADER = (
    "component", "version", "purl", "ref", "status", "tier", "vulnerability", "aliases", "summary", "sources",
    "fixed_in", "because", "outcome", "due_days", "basis",
)  # fmt: skip
NOT_ASSESSED = "not assessed"
CANDIDATE = "candidate"
"""In place of a status: a guess, which counts for nothing."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(answer: Answer) -> Iterator[str]:
    """Yield a line for each match, for each candidate, and for each component that was not assessed."""
    yield _line(HEADER)
    for one in answer.matches:
        yield _match(one, one.status)
    for one in answer.candidates:
        yield _match(one, CANDIDATE)
    for other in answer.not_assessed:
        yield _line((*_named(other.component), NOT_ASSESSED, *[""] * 6, other.reason, "", "", ""))


def _match(one: Match, status: str) -> str:
    return _line((
        *_named(one.component), status, one.tier, one.flaw.id, " ".join(one.flaw.aliases), one.flaw.summary,
        " ".join(one.sources), " ".join(one.fixed_in), one.because, one.priority.outcome.value,
        "" if one.priority.due_days is None else str(one.priority.due_days), one.basis,
    ))  # fmt: skip


def _named(one: Component) -> tuple[str, ...]:
    return one.name, one.version, one.purl, one.ref


def _line(cells: tuple[str, ...]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow(
        "'" + cell if cell.startswith(_FORMULA) else cell for cell in cells
    )
    return target.getvalue()
