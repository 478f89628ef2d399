"""Read and write OpenVEX 0.2: statements inherit author and time from their document.

Older documents write vulnerability and products as bare texts; both are read. What a
statement must have and lacks is a defect that the reader is told, not a reason to lose
the others; a status that is no status is refused with its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.matching.products import ProductName, hash_pair
from watchbell.domain.matching.vex_statements import Defect, Provenance, Statement, VexDocument, VexFormat
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, moments, strictjson
from watchbell.formats.fields import Json

CONTEXT = "https://openvex.dev/ns/v0.2.0"
SUPPORTED = "OpenVEX 0.2"
_NAMESPACE = "openvex.dev/ns"
_OLD = ("", "/", "/v0.0.0", "/v0.0.1", "/v0.1.0", "/v0.2", "/v0.2.0")
_CPE_KEYS = ("cpe23", "cpe22", "@cpe23", "@cpe22")


def loads(data: bytes) -> VexDocument:
    """Return the document in `data`; raises Refused with a JSON pointer."""
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> VexDocument:
    """Return a parsed document, see `loads`."""
    _refuse_others(document)
    issued_at = _moment(document, "timestamp", "")
    reader = _Reader(
        document=fields.required_text(document, "@id"),
        author=fields.required_text(document, "author"),
        version=str(document.get("version", "")),
        issued_at=issued_at,
        updated_at=_moment(document, "last_updated", ""),
    )
    listed = fields.objects(document, "statements")
    return VexDocument(
        id=reader.document,
        format=VexFormat.OPENVEX,
        author=reader.author,
        statements=tuple(each for one, where in listed for each in reader.statements(one, where)),
        role=fields.text(document, "role"),
        version=reader.version,
        issued_at=issued_at,
        updated_at=reader.updated_at,
        defects=tuple(reader.defects),
        record=document,
    )


def _refuse_others(document: Json) -> None:
    context = document.get("@context")
    found = context if isinstance(context, str) else ""
    _, known, version = found.partition(_NAMESPACE)
    if not known or version not in _OLD:
        raise fields.unsupported("OpenVEX", version.strip("/"), SUPPORTED, place="/@context")


def _moment(holder: Json, key: str, place: str) -> datetime | None:
    text = fields.text(holder, key, place)
    return moments.read(text, place=fields.pointer(place, key)) if text else None


_Named = tuple[ProductName | None, tuple[ProductName, ...], str]
"""A product, those of its parts that are meant, and where it stands."""


@dataclass(slots=True)
class _Reader:
    """What statements inherit from their document, and what was found wrong."""

    document: str
    author: str
    version: str
    issued_at: datetime | None
    updated_at: datetime | None
    defects: list[Defect] = field(default_factory=list)

    def statements(self, one: Json, place: str) -> Iterator[Statement]:
        """Yield one statement for each product, or one without a product."""
        listed: list[_Named] = list(self._products(one, place))
        if not listed:
            why = Sentence("The statement names no product, so it cannot be tied to anything.")
            self.defects.append(Defect(place, why))
            listed = [(None, (), place)]
        for named in listed:
            yield self._statement(one, place, named)

    def _statement(self, one: Json, place: str, named: _Named) -> Statement:
        product, parts, where = named
        justification, reason = self._justification(one, place)
        issued_at = _moment(one, "timestamp", place) or self.issued_at
        updated_at = _moment(one, "last_updated", place) or (None if "timestamp" in one else self.updated_at)
        return Statement(
            ids=_ids(one, place),
            status=_status(one, place),
            provenance=Provenance(format=VexFormat.OPENVEX, document=self.document, version=self.version, place=where),
            author=self.author,
            product=product,
            subcomponents=parts,
            justification=justification,
            reason=reason,
            impact=fields.text(one, "impact_statement", place),
            action=fields.text(one, "action_statement", place),
            notes=fields.text(one, "status_notes", place),
            issued_at=issued_at,
            updated_at=updated_at,
        )

    def _justification(self, one: Json, place: str) -> tuple[VexJustification | None, str]:
        word = fields.text(one, "justification", place).strip()
        if word in set(VexJustification):
            return VexJustification(word), ""
        if word:
            why = Sentence("{found} is none of the five justifications of the standard.", found=repr(word[:60]))
            self.defects.append(Defect(fields.pointer(place, "justification"), why))
        return None, word

    def _products(self, one: Json, place: str) -> Iterator[_Named]:
        listed = fields.items(one, "products", place)
        old_parts = fields.items(one, "subcomponents", place)
        for index, product in enumerate(listed):
            where = fields.pointer(place, "products", index)
            parts = fields.items(product, "subcomponents", where) if isinstance(product, dict) else old_parts
            inner = fields.pointer(where, "subcomponents")
            named = tuple(_product(part, fields.pointer(inner, at)) for at, part in enumerate(parts))
            yield _product(product, where), named, where


def _ids(one: Json, place: str) -> tuple[str, ...]:
    """Return the vulnerability's name, then its aliases."""
    value = one.get("vulnerability")
    if isinstance(value, str) and value.strip():
        return (value.strip(),)
    flaw, at = fields.mapping(one, "vulnerability", place), fields.pointer(place, "vulnerability")
    name = fields.text(flaw, "name", at) or fields.text(flaw, "@id", at)
    if not name.strip():
        raise fields.missing(at, "name")
    return tuple(dict.fromkeys((name.strip(), *fields.texts(flaw, "aliases", at))))


def _status(one: Json, place: str) -> VexStatus:
    word = fields.required_text(one, "status", place)
    if word not in set(VexStatus):
        message = Sentence("{found} is not a VEX status.", found=repr(word[:40]))
        expected = "not_affected, affected, fixed or under_investigation"
        raise refuse("wrong-value", message, place=fields.pointer(place, "status"), expected=expected)
    return VexStatus(word)


def _product(value: Any, place: str) -> ProductName:
    """Return a product or subcomponent: an object, or a bare text in older documents."""
    if isinstance(value, str):
        value = {"@id": value}
    if not isinstance(value, dict):
        raise fields.wrong_type(place, dict, value)
    name, at = fields.text(value, "@id", place).strip(), fields.pointer(place, "identifiers")
    identifiers, digests = fields.mapping(value, "identifiers", place), fields.mapping(value, "hashes", place)
    purls = [fields.text(identifiers, "purl", at), name if name.startswith("pkg:") else ""]
    cpes = [fields.text(identifiers, key, at) for key in _CPE_KEYS]
    return ProductName(
        purls=tuple(dict.fromkeys(one for one in purls if one)),
        cpes=tuple(dict.fromkeys(one for one in cpes if one)),
        hashes=tuple(hash_pair(kind, fields.text(digests, kind, place)) for kind in digests),
        refs=(name,) if name and not name.startswith("pkg:") else (),
    )


def dumps(document: VexDocument) -> bytes:
    """Return the canonical bytes of `write`."""
    return strictjson.dumps(write(document))


def write(document: VexDocument) -> Json:
    """Return the document as OpenVEX 0.2; statements that say the same of several products become one.

    Raises Refused for a statement that the standard forbids: "not affected" without a
    reason, or "affected" without what to do. Both are the author's to add.
    """
    if document.issued_at is None:
        raise fields.missing("", "timestamp")
    body: Json = {
        "@context": CONTEXT,
        "@id": document.id,
        "author": document.author,
        "role": document.role,
        "timestamp": moments.written(document.issued_at),
        "last_updated": moments.written(document.updated_at) if document.updated_at else "",
        "version": int(document.version) if document.version.isdigit() else 1,
        "statements": [
            _joined(same, list(group)) for same, group in groupby(document.statements, key=lambda one: _said(one))
        ],
    }
    for index, one in enumerate(body["statements"]):
        _refuse_incomplete(one, f"/statements/{index}")
    return _kept(body)


def _said(one: Statement) -> Json:
    """Return what a statement says, its product aside."""
    return _kept(
        {
            "vulnerability": _kept({"name": one.ids[0], "aliases": list(one.ids[1:])}),
            "status": one.status.value,
            "status_notes": one.notes,
            "justification": one.justification.value if one.justification else "",
            "impact_statement": one.impact or ("" if one.justification else one.reason),
            "action_statement": one.action,
            "timestamp": moments.written(one.issued_at) if one.issued_at else "",
            "last_updated": moments.written(one.updated_at) if one.updated_at else "",
        }
    )


def _joined(same: Json, group: list[Statement]) -> Json:
    products = [_written(one.product, one.subcomponents) for one in group if one.product]
    return _kept({**same, "products": products})


def _refuse_incomplete(one: Json, place: str) -> None:
    if one["status"] == VexStatus.NOT_AFFECTED and not {"justification", "impact_statement"} & one.keys():
        raise fields.missing(place, "justification")
    if one["status"] == VexStatus.AFFECTED and "action_statement" not in one:
        raise fields.missing(place, "action_statement")


def _written(product: ProductName, parts: tuple[ProductName, ...]) -> Json:
    identifiers = {"purl": next(iter(product.purls), "")}
    for cpe in product.cpes:
        identifiers["cpe23" if cpe.startswith("cpe:2.3:") else "cpe22"] = cpe
    name = next(iter((*product.refs, *product.purls)), "")
    return _kept(
        {
            "@id": name,
            "identifiers": _kept(identifiers),
            "hashes": {_hash_word(kind): value for kind, value in product.hashes},
            "subcomponents": [_written(part, ()) for part in parts],
        }
    )


def _hash_word(kind: str) -> str:
    """Return an algorithm as the standard writes it: sha-256, sha3-512, blake2b-256; md5 and sha1 stand as they are."""
    for family in ("sha3", "blake2b", "blake2s", "sha"):
        size = kind.removeprefix(family)
        if size != kind and len(size) == 3:
            return f"{family}-{size}"
    return kind


def _kept(record: Json) -> Json:
    return {key: value for key, value in record.items() if value not in ("", [], {}, None)}
