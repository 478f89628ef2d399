"""How is a VEX statement kept in a column, and read from it, so that it says exactly what it said when it came in?"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchbell.apps.inventory.names import as_mapping, product_from
from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.matching.vex_statements import Provenance, Statement, VexFormat
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import KEY_FORMAT, Scheme

_TEXTS = ("author", "reason", "impact", "action", "notes")
_LONGEST_DOUBT = 1000


def packed(one: Statement) -> dict[str, Any]:
    """Return the statement for JSON; what it does not say is left out."""
    said = {name: getattr(one, name) for name in _TEXTS}
    said |= {
        "ids": list(one.ids),
        "status": one.status.value,
        "format": one.provenance.format.value,
        "document": one.provenance.document,
        "version": one.provenance.version,
        "place": one.provenance.place,
        "product": as_mapping(one.product) if one.product else None,
        "parts": [as_mapping(part) for part in one.subcomponents],
        "versions": _ranges(one.versions) if one.versions else None,
        "part_versions": _ranges(one.part_versions) if one.part_versions else None,
        "justification": one.justification.value if one.justification else "",
        "issued_at": one.issued_at.isoformat() if one.issued_at else "",
        "updated_at": one.updated_at.isoformat() if one.updated_at else "",
    }
    return {name: value for name, value in said.items() if value or (name == "product" and value is not None)}


def unpacked(said: Mapping[str, Any], *, key_format: int = KEY_FORMAT) -> Statement:
    """Return the statement that `packed` was given.

    Ranges whose keys are of another format cannot be compared any more, and say so: then it
    holds for nothing until its document is imported again.
    """
    one = Statement(
        ids=tuple(said["ids"]),
        status=VexStatus(said["status"]),
        provenance=Provenance(
            format=VexFormat(said["format"]),
            document=said.get("document", ""),
            version=said.get("version", ""),
            place=said.get("place", ""),
        ),
        author=said.get("author", ""),
        product=product_from(said["product"]) if "product" in said else None,
        subcomponents=tuple(product_from(part) for part in said.get("parts", ())),
        versions=_restored(said["versions"], key_format) if "versions" in said else None,
        part_versions=_restored(said["part_versions"], key_format) if "part_versions" in said else None,
        justification=VexJustification(said["justification"]) if "justification" in said else None,
        issued_at=_moment(said, "issued_at"),
        updated_at=_moment(said, "updated_at"),
    )
    return replace(one, **{name: said.get(name, "") for name in _TEXTS if name != "author"})


def _moment(said: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(said[name]) if name in said else None


def _ranges(ranges: Ranges) -> dict[str, Any]:
    """Return the ranges for JSON; commits are left out: no statement speaks of them."""
    return {
        "scheme": ranges.scheme.value if ranges.scheme else None,
        "intervals": [_interval(one) for one in ranges.intervals],
        "named": sorted(ranges.named),
        "doubts": [[one.reason.value, Sentence(one.because).packed(_LONGEST_DOUBT)] for one in ranges.doubts],
        "safe": [_interval(one) for one in ranges.safe],
    }


def _interval(one: Interval) -> list[Any]:
    return [one.lo.hex(), one.hi.hex(), one.introduced, one.fixed, one.last_affected, one.by_line]


def _restored(said: Mapping[str, Any], key_format: int) -> Ranges:
    scheme = Scheme(said["scheme"]) if said["scheme"] else None
    if key_format != KEY_FORMAT:
        stale = Doubt(Reason.RANGE_NOT_UNDERSTOOD, "its range was read by an older version; import the document again")
        return Ranges(scheme, doubts=(stale,))
    return Ranges(
        scheme,
        tuple(_interval_from(one) for one in said["intervals"]),
        named=frozenset(said["named"]),
        doubts=tuple(Doubt(Reason(reason), Sentence.unpacked(because)) for reason, because in said["doubts"]),
        safe=tuple(_interval_from(one) for one in said["safe"]),
    )


def _interval_from(one: list[Any]) -> Interval:
    lo, hi, introduced, fixed, last, by_line = one
    return Interval(bytes.fromhex(lo), bytes.fromhex(hi), introduced, fixed, last, by_line)
