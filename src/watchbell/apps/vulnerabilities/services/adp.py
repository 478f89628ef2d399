"""What does CISA's container in a CVE record answer? Only its SSVC part and vector, which Vulnrichment adds."""

from collections.abc import Iterable, Iterator
from typing import Any

from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json

HEADER = "cve,exploitation,automatable,technical_impact,ssvc_date,vector"
_COLUMNS = {"Exploitation": 1, "Automatable": 2, "Technical Impact": 3}


def table(documents: Iterable[bytes]) -> Iterator[str]:
    """Yield the answers as the lines of a Vulnrichment table, so that one reader judges both forms.

    Documents that are not CVE records, or in which CISA answers nothing, give no line.
    """
    yield HEADER
    for content in documents:
        record = strictjson.loads(content)
        if isinstance(record, dict) and (cells := _cells(record)):
            yield ",".join('"' + cell.replace('"', "'").replace("\n", " ") + '"' for cell in cells)


def _cells(record: Json) -> list[str]:
    cve = fields.text(fields.mapping(record, "cveMetadata"), "cveId", "/cveMetadata")
    cells = [cve, "", "", "", "", ""]
    for container, place in fields.objects(fields.mapping(record, "containers"), "adp", "/containers"):
        for metric, _ in fields.objects(container, "metrics", place):
            _answer(cells, metric.get("other"))
            cells[5] = cells[5] or _vector(metric)
    return cells if cve and any(cells[1:]) else []


def _answer(cells: list[str], other: Any) -> None:
    if not isinstance(other, dict) or other.get("type") != "ssvc":
        return
    content = fields.mapping(other, "content")
    cells[4] = fields.text(content, "timestamp")[:10]
    for option, _ in fields.objects(content, "options"):
        for name, answer in option.items():
            if name in _COLUMNS and isinstance(answer, str):
                cells[_COLUMNS[name]] = answer


def _vector(metric: Json) -> str:
    for key in ("cvssV3_1", "cvssV4_0", "cvssV3_0"):
        held = metric.get(key)
        if isinstance(held, dict) and isinstance(held.get("vectorString"), str):
            return str(held["vectorString"])
    return ""
