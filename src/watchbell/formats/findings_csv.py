"""Read and write findings in a table, one a line (docs/standards/findings-csv.md).

A cell that a spreadsheet would run as a formula is written behind an apostrophe, and read without it.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from watchbell.domain import inert
from watchbell.domain.advisory import (
    AiUsage,
    Claim,
    ClaimedEvidence,
    ClaimedProduct,
    Credit,
    EvidenceLevel,
    Location,
    Reference,
    Severity,
)
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import ai_usage, claimed, fields, tables
from watchbell.formats.claimed import Claimed, Item, NotTaken

PRODUCT: Final = ("purl", "vendor", "product", "version", "repository", "cpe")
AI: Final = ("ai_activities", "ai_human_oversight", "ai_model", "ai_model_withheld", "ai_text")
COLUMNS: Final = (
    *("id", "title", "description", *PRODUCT, "file", "line", "symbol", "cwes", "severity"),
    *("evidence", "evidence_level", "aliases", "references", "credits", "suggested_fix", *AI),
)
_FORMULA = re.compile(r"'(?=\s*[=+\-@\t\r'])")
_SPLIT = re.compile(r"[;,\s]+")
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


def is_one(content: bytes) -> bool:
    """Return whether the first line names a title and another column of ours."""
    head = content.lstrip()[:4096].partition(b"\n")[0].decode("utf-8", "replace").lower()
    names = {cell.strip(' "\r').replace(" ", "_") for cell in head.split(_delimiter(head))}
    return "title" in names and len(names & set(COLUMNS)) > 1


def read(content: bytes) -> Iterator[Item]:
    """Yield a claim or a refusal for each line below the header. The delimiter may be comma, semicolon or tab.

    Raises Refused when the header lacks `title` or has a column that is neither ours nor named `x_...`.
    """
    lines = _text_lines(content)
    first = next(lines, "")
    shape = tables.Shape(required=("title",), delimiter=_delimiter(first), check=_check)
    for line, found in tables.rows((one for each in ((first,), lines) for one in each), shape):
        if line > claimed.MOST_LINES:
            raise claimed.too_many(Sentence("At most {limit} lines", limit=claimed.MOST_LINES))
        if isinstance(found, Refused):
            yield NotTaken(found.refusal)
            continue
        place = f"line {line}"
        try:
            yield Claimed(place, _claim({name: _plain(cell) for name, cell in found.items()}))
        except Refused as refused:
            yield NotTaken(claimed.at(place, refused.refusal))


def dumps(claims: Iterable[Claim]) -> bytes:
    """Return the table of these claims: of several products, places or vectors the first, and no flows or extras."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([inert.cell(cell, most=1 << 20) for cell in _cells(one)] for one in claims)
    return out.getvalue().encode()


def _text_lines(content: bytes) -> Iterator[str]:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse("not-utf8", "The document is not UTF-8.", place=f"line {line}", todo="Save it as UTF-8") from None
    return iter(io.StringIO(text, newline=""))


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _check(header: list[str]) -> None:
    fields.only(dict.fromkeys(header), COLUMNS)
    if len(set(header)) < len(header):
        raise refuse("duplicate-key", "A column stands twice in the header.", place="line 1")


def _plain(cell: str) -> str:
    """Return the cell without the apostrophe that kept a spreadsheet from running it."""
    return cell[1:] if _FORMULA.match(cell) else cell


def _claim(row: tables.Row) -> Claim:
    product = ClaimedProduct(**{"name" if name == "product" else name: row.get(name, "") for name in PRODUCT})
    place = Location(uri=row.get("file", ""), line=_number(row.get("line", "")), symbol=row.get("symbol", ""))
    return Claim(
        submitter_item_id=row.get("id", ""),
        title=fields.required_text(row, "title"),
        description=row.get("description", ""),
        products=(product,) if product.is_named else (),
        locations=(place,) if place != Location() else (),
        cwes=_several(row, "cwes"),
        severities=tuple(Severity(vector=one) for one in row.get("severity", "").split()),
        evidence=ClaimedEvidence(text=row.get("evidence", ""), level=_level(row.get("evidence_level", ""))),
        ai_usage=_ai(row),
        aliases=_several(row, "aliases"),
        references=tuple(Reference(url) for url in row.get("references", "").split()),
        credits=tuple(Credit(name.strip()) for name in row.get("credits", "").split(";") if name.strip()),
        suggested_fix=row.get("suggested_fix", ""),
        extra={name: cell for name, cell in row.items() if name.startswith("x_") and cell},
    )


def _ai(row: tables.Row) -> AiUsage:
    """Return the use of AI: no activity said is silence, and "none" is an answer."""
    told = row.get("ai_activities", "").strip()
    activities = [] if told.casefold() == "none" else [one for one in _SPLIT.split(told) if one]
    withheld = _YES.get(row.get("ai_model_withheld", "").casefold())
    if withheld is None:
        message = Sentence("{found} is no answer to this question.", found=repr(row["ai_model_withheld"][:40]))
        raise refuse("wrong-value", message, place="/ai_model_withheld", expected="yes or no")
    said = {name: row.get(f"ai_{name}", "") for name in ("human_oversight", "model", "text")}
    return ai_usage.read(
        {**said, "model_withheld": withheld, "activities": activities if told else None}, "/ai_activities"
    )


def _several(row: tables.Row, name: str) -> tuple[str, ...]:
    return tuple(one for one in _SPLIT.split(row.get(name, "")) if one)


def _number(cell: str) -> int:
    if not cell:
        return 0
    if cell.isascii() and cell.isdigit() and len(cell) < 10:
        return int(cell)
    raise refuse("wrong-type", Sentence("{found} is no line number.", found=repr(cell[:40])), place="/line")


def _level(cell: str) -> EvidenceLevel:
    found = {level.label: level for level in EvidenceLevel}.get(cell.upper() or "E0")
    if found is None:
        message = Sentence("{found} is no evidence level.", found=repr(cell[:40]))
        raise refuse("wrong-value", message, place="/evidence_level", expected="E0 to E4")
    return found


def _cells(claim: Claim) -> list[str]:
    """Return the cells of one claim, in the order of the columns."""
    product, place, ai = claim.product, claim.locations[0] if claim.locations else Location(), claim.ai_usage
    activities = "" if ai.activities is None else " ".join(sorted(ai.activities)) or "none"
    level = claim.evidence.level
    return [
        *(claim.submitter_item_id, claim.title, claim.description),
        *(product.purl, product.vendor, product.name, product.version, product.repository, product.cpe),
        *(place.uri, str(place.line or ""), place.symbol, " ".join(claim.cwes), claim.severity),
        *(claim.evidence.text, level.label if level else "", " ".join(claim.aliases)),
        *(" ".join(one.url for one in claim.references), "; ".join(one.name for one in claim.credits)),
        *(claim.suggested_fix, activities, ai.human_oversight, ai.model, "yes" if ai.model_withheld else "", ai.text),
    ]
