"""Read a plain list of what an organisation runs, with whatever columns its spreadsheet has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import tables

_ALIKE = {
    "vendor": ("vendor", "manufacturer", "publisher", "supplier", "hersteller", "fabricante"),
    "product": ("product", "software", "application", "producto"),
    "model": (
        *("model", "model_number", "model number", "order_number", "order number", "part_number", "part number"),
        *("mlfb", "catalog_number", "bestellnummer", "modelo", "referencia"),
    ),
    "serial": (
        *("serial", "serial_number", "serial number", "serialnumber", "s/n"),
        *("seriennummer", "número de serie", "numero de serie"),
    ),
    "version": (
        *("version", "product_version", "installed_version", "versión"),
        *("firmware", "firmware_version", "firmware version", "fw"),
    ),
    "name": ("name", "asset", "hostname", "host", "device", "asset_name", "nombre"),
    "purl": ("purl", "package_url"),
    "exposed": ("exposed", "publicly_exposed", "internet", "internet_facing", "public", "expuesto"),
    "owner": ("owner", "contact", "responsible", "department", "responsable"),
}
_COLUMN = {alike: column for column, names in _ALIKE.items() for alike in names}


class Exposed(StrEnum):
    """Is it reachable from the internet? Unknown is its own answer and later counts as yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


_EXPOSED = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "si", "sí"), Exposed.YES),
    **dict.fromkeys(("no", "n", "false", "0"), Exposed.NO),
    **dict.fromkeys(("", "unknown", "?", "n/a"), Exposed.UNKNOWN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryLine:
    """One thing somebody runs, as their list names it; `extra` are the columns we do not know.

    `model` is its model or order number, `version` also that of its firmware, `serial` the one unit's own number.
    """

    product: str
    vendor: str
    model: str
    version: str
    name: str
    purl: str
    exposed: Exposed
    owner: str
    extra: tables.Row
    serial: str = ""


def read(lines: Iterable[str]) -> Iterator[tuple[int, InventoryLine | Refused]]:
    """Yield (line number, line or refusal). The delimiter may be a comma, a semicolon or a tab.

    Raises Refused when no column can name a product (product, name or purl).
    """
    walked = iter(lines)
    first = next(walked, "")
    shape = tables.Shape(delimiter=max(",;\t", key=first.count), check=_check_header)
    return tables.read_each(chain((first,), walked), shape, _line)


def _check_header(header: list[str]) -> None:
    named = {_COLUMN.get(name) for name in header}
    if not named & {"product", "name", "purl"}:
        expected = "at least one column product, name or purl; also vendor, model, serial, version, exposed, owner"
        raise refuse("missing-column", "No column names a product.", place="line 1", expected=expected)


def _line(row: tables.Row, place: str) -> InventoryLine:
    found: tables.Row = {}
    for name, cell in row.items():
        if column := _COLUMN.get(name):
            found[column] = found.get(column) or cell
    product, purl = found.get("product") or found.get("name", ""), found.get("purl", "")
    if not product and not purl and not found.get("model"):
        raise refuse("missing-field", "The line names no product.", place=place, expected="a product, a name or a purl")
    return InventoryLine(
        product=product,
        vendor=found.get("vendor", ""),
        model=found.get("model", ""),
        version=found.get("version", ""),
        name=found.get("name", "") or product or found.get("model", ""),
        purl=purl,
        exposed=_exposed(found.get("exposed", ""), place),
        owner=found.get("owner", ""),
        extra={name: cell for name, cell in row.items() if name not in _COLUMN},
        serial=found.get("serial", ""),
    )


def _exposed(cell: str, place: str) -> Exposed:
    answer = _EXPOSED.get(cell.lower())
    if answer is None:
        raise refuse(
            "wrong-value",
            Sentence("{found} is not an answer for exposed.", found=repr(cell[:40])),
            place=place,
            expected="yes, no or unknown",
        )
    return answer
