"""Read FIRST's daily EPSS table: a comment line that dates it, then cve, probability and percentile."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import tables

_HEAD = re.compile(r"(model_version|score_date):([^,\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class EpssScore:
    """How likely exploitation is in the next 30 days, 0 to 1, and which share of CVEs scores no higher."""

    cve: str
    probability: float
    percentile: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpssTable:
    """One day's table; `scores` can be walked once."""

    model_version: str
    score_date: str
    scores: Iterator[tuple[int, EpssScore | Refused]]


def read(lines: Iterable[str]) -> EpssTable:
    """Return the table whose lines these are, its scores still to be walked with their line numbers.

    Raises Refused when the first line does not say which model and which day, for
    a score without a day cannot be aged.
    """
    walked = iter(lines)
    first = next(walked, "")
    head = dict(_HEAD.findall(first)) if first.startswith("#") else {}
    if "score_date" not in head or "model_version" not in head:
        expected = "#model_version:v2025.03.14,score_date:2026-01-31T00:00:00+0000"
        raise refuse("no-header", "The table does not say its model and day.", place="line 1", expected=expected)
    shape = tables.Shape(required=("cve", "epss", "percentile"), first_line=2)
    scores = tables.read_each(walked, shape, _score)
    return EpssTable(model_version=head["model_version"], score_date=head["score_date"], scores=scores)


def _score(row: tables.Row, place: str) -> EpssScore:
    if not row["cve"].upper().startswith("CVE-"):
        raise refuse(
            "wrong-value",
            Sentence("{found} is not a CVE id.", found=repr(row["cve"][:40])),
            place=place,
            expected="CVE-2026-12345",
        )
    probability, percentile = _share(row["epss"], "epss", place), _share(row["percentile"], "percentile", place)
    return EpssScore(cve=row["cve"].upper(), probability=probability, percentile=percentile)


def _share(cell: str, column: str, place: str) -> float:
    try:
        share = float(cell)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise refuse(
            "wrong-value",
            Sentence("{column} is {found}.", column=column, found=repr(cell[:40])),
            place=place,
            expected="a number from 0 to 1",
        )
    return share
