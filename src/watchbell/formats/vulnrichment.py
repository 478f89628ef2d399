"""Read CISA Vulnrichment's SSVC answers from CSV; an empty cell is unknown and stays unknown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import tables

REQUIRED = ("cve", "exploitation", "automatable", "technical_impact")
_EXPLOITATION = ("none", "poc", "active")
_AUTOMATABLE = ("no", "yes")
_IMPACT = ("partial", "total")
_UNKNOWN = ("", "n/a", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnrichmentRow:
    """One CVE's answers in small letters, each None where CISA gave none; `base_score` 0.0 to 10.0."""

    cve: str
    exploitation: str | None
    automatable: str | None
    technical_impact: str | None
    assessed_on: str
    base_score: float | None
    vector: str
    cwe: str
    vendor: str
    product: str
    published_on: str


def read(lines: Iterable[str]) -> Iterator[tuple[int, VulnrichmentRow | Refused]]:
    """Yield (line number, row or refusal); raises Refused when the header is not this table's."""
    return tables.read_each(lines, tables.Shape(required=REQUIRED), _row)


def _row(row: tables.Row, place: str) -> VulnrichmentRow:
    if not row["cve"].upper().startswith("CVE-"):
        raise refuse(
            "wrong-value",
            Sentence("{found} is not a CVE id.", found=repr(row["cve"][:40])),
            place=place,
            expected="CVE-2026-12345",
        )
    return VulnrichmentRow(
        cve=row["cve"].upper(),
        exploitation=_answer(row["exploitation"], _EXPLOITATION, "exploitation", place),
        automatable=_answer(row["automatable"], _AUTOMATABLE, "automatable", place),
        technical_impact=_answer(row["technical_impact"], _IMPACT, "technical_impact", place),
        assessed_on=row.get("ssvc_date", ""),
        base_score=_score(row.get("cvss", ""), place),
        vector=row.get("vector", ""),
        cwe=row.get("cwe", ""),
        vendor=_known(row.get("vendor", "")),
        product=_known(row.get("product", "")),
        published_on=row.get("published", ""),
    )


def _answer(cell: str, known: tuple[str, ...], column: str, place: str) -> str | None:
    answer = cell.lower()
    if answer in _UNKNOWN:
        return None
    if answer not in known:
        message = Sentence("{found} is not an answer for {column}.", found=repr(cell[:40]), column=column)
        raise refuse("wrong-value", message, place=place, expected=Sentence("one of {known}, or nothing", known=known))
    return answer


def _score(cell: str, place: str) -> float | None:
    if cell in _UNKNOWN:
        return None
    try:
        score = float(cell)
    except ValueError:
        score = -1.0
    if not 0.0 <= score <= 10.0:
        raise refuse(
            "wrong-value",
            Sentence("{found} is not a CVSS score.", found=repr(cell[:40])),
            place=place,
            expected="0.0 to 10.0, or nothing",
        )
    return score


def _known(cell: str) -> str:
    return "" if cell.lower() in _UNKNOWN else cell
