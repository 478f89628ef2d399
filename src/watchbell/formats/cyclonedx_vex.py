"""Read the VEX statements of a CycloneDX document (1.4 to 1.7, JSON), inside a BOM or standing alone.

`affects` points at something in this document or, by a BOM link (`urn:cdx:...`), in
another. What is said of a part of a BOM holds inside that BOM's subject only: the same
library elsewhere is another story. A vulnerability without an analysis is no statement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.matching.packages import Identified, package_of_purl
from watchbell.domain.matching.products import ProductName, hash_pair
from watchbell.domain.matching.version_text import read_version_texts
from watchbell.domain.matching.vex_statements import Defect, Provenance, Statement, VexDocument, VexFormat
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import Scheme, scheme_for
from watchbell.formats import fields, moments, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.sbom import bom_link

SUPPORTED = ("1.4", "1.5", "1.6", "1.7")
_STATES = {
    "exploitable": VexStatus.AFFECTED,
    "in_triage": VexStatus.UNDER_INVESTIGATION,
    "false_positive": VexStatus.NOT_AFFECTED,
    "not_affected": VexStatus.NOT_AFFECTED,
    "resolved": VexStatus.FIXED,
    "resolved_with_pedigree": VexStatus.FIXED,
}
_JUSTIFICATIONS = {
    "code_not_present": VexJustification.VULNERABLE_CODE_NOT_PRESENT,
    "code_not_reachable": VexJustification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH,
    "protected_by_compiler": VexJustification.INLINE_MITIGATIONS_ALREADY_EXIST,
    "protected_at_runtime": VexJustification.INLINE_MITIGATIONS_ALREADY_EXIST,
    "protected_at_perimeter": VexJustification.INLINE_MITIGATIONS_ALREADY_EXIST,
    "protected_by_mitigating_control": VexJustification.INLINE_MITIGATIONS_ALREADY_EXIST,
}
_SPEAKERS = ("supplier", "manufacturer", "manufacture")


def loads(data: bytes, *, document: str = "") -> VexDocument:
    """Return the statements in `data`; raises Refused with a JSON pointer.

    `document` names this very document where it has no serial number, so that a match
    found in it can be told from one found elsewhere.
    """
    return read(fields.root(strictjson.loads(data)), document=document)


def read(record: Json, *, document: str = "") -> VexDocument:
    """Return the statements of a parsed document, see `loads`."""
    spec = fields.text(record, "specVersion")
    if record.get("bomFormat") != "CycloneDX" or spec not in SUPPORTED:
        raise fields.unsupported("CycloneDX", spec, "CycloneDX 1.4 to 1.7 for VEX", place="/specVersion")
    metadata = fields.mapping(record, "metadata")
    version = str(record.get("version", 1))
    link = bom_link(fields.text(record, "serialNumber"), version)
    reader = _Reader(
        name=link or document,
        link=link,
        version=version,
        author=_author(metadata),
        issued_at=_moment(metadata, "timestamp", "/metadata"),
    )
    reader.gather(record, metadata)
    listed = fields.objects(record, "vulnerabilities")
    return VexDocument(
        id=reader.name,
        format=VexFormat.CYCLONEDX,
        author=reader.author,
        statements=tuple(each for one, where in listed for each in reader.statements(one, where)),
        version=version,
        issued_at=reader.issued_at,
        defects=tuple(reader.defects),
        record=record,
    )


def _moment(holder: Json, key: str, place: str) -> datetime | None:
    text = fields.text(holder, key, place)
    return moments.read(text, place=fields.pointer(place, key)) if text else None


def _author(metadata: Json) -> str:
    """Return who speaks: the supplier, the manufacturer, or the first author; "" when nobody is named."""
    for key in _SPEAKERS:
        name = fields.text(fields.mapping(metadata, key, "/metadata"), "name", f"/metadata/{key}")
        if name.strip():
            return name.strip()
    authors = (
        fields.text(one, "name", where).strip() for one, where in fields.objects(metadata, "authors", "/metadata")
    )
    return next((name for name in authors if name), "")


@dataclass(slots=True)
class _Reader:
    """What is the same for every statement of one document."""

    name: str
    link: str
    version: str
    author: str
    issued_at: datetime | None
    subject: ProductName | None = None
    subject_ref: str = ""
    known: dict[str, ProductName] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)

    def gather(self, record: Json, metadata: Json) -> None:
        """Remember every component and service by its reference; the subject apart."""
        subject = fields.mapping(metadata, "component", "/metadata")
        if subject:
            self.subject = self._product(subject, "/metadata/component")
            self.subject_ref = fields.text(subject, "bom-ref", "/metadata/component")
        waiting = [(record, ""), (subject, "/metadata/component")]
        while waiting:
            holder, place = waiting.pop()
            for key in ("components", "services"):
                for one, where in fields.objects(holder, key, place):
                    waiting.append((one, where))
                    ref = fields.text(one, "bom-ref", where)
                    if ref:
                        self.known.setdefault(ref, self._product(one, where))

    def _product(self, one: Json, place: str) -> ProductName:
        supplier = fields.text(fields.mapping(one, "supplier", place), "name", fields.pointer(place, "supplier"))
        purl, cpe, ref = (fields.text(one, key, place).strip() for key in ("purl", "cpe", "bom-ref"))
        group, name = fields.text(one, "group", place), fields.text(one, "name", place)
        digests = fields.objects(one, "hashes", place)
        return ProductName(
            vendor=supplier or fields.text(one, "publisher", place),
            name=f"{group}/{name}" if group else name,
            version=fields.text(one, "version", place),
            purls=(purl,) if purl else (),
            cpes=(cpe,) if cpe else (),
            hashes=tuple(
                hash_pair(fields.text(each, "alg", where), fields.text(each, "content", where))
                for each, where in digests
            ),
            refs=(f"{self.link}#{ref}",) if self.link and ref else (),
        )

    def statements(self, one: Json, place: str) -> Iterator[Statement]:
        """Yield the statements of one vulnerability: one for each thing it affects, and each status of its versions."""
        analysis, at = fields.mapping(one, "analysis", place), fields.pointer(place, "analysis")
        state = fields.text(analysis, "state", at)
        ids = _ids(one, place)
        if not state or not ids:
            return
        if state not in _STATES:
            message = Sentence("{found} is not a state of an analysis.", found=repr(state[:40]))
            raise refuse(
                "wrong-value", message, place=f"{at}/state", expected=Sentence("one of {known}", known=tuple(_STATES))
            )
        reason = fields.text(analysis, "justification", at)
        detail = fields.text(analysis, "detail", at)
        response = ", ".join(fields.texts(analysis, "response", at))
        quiet = _STATES[state] is VexStatus.NOT_AFFECTED
        usual = Statement(
            ids=ids,
            status=_STATES[state],
            provenance=Provenance(format=VexFormat.CYCLONEDX, document=self.name, version=self.version, place=place),
            author=self.author,
            justification=_JUSTIFICATIONS.get(reason) if quiet else None,
            reason=reason or (state if state == "false_positive" else ""),
            impact=detail if quiet else "",
            action="" if quiet else "\n".join(part for part in (detail, response) if part),
            issued_at=_moment(analysis, "firstIssued", at) or self.issued_at,
            updated_at=_moment(analysis, "lastUpdated", at),
        )
        for affected, where in fields.objects(one, "affects", place):
            yield from self._about(usual, affected, where)

    def _about(self, usual: Statement, affected: Json, place: str) -> Iterator[Statement]:
        """Yield the statement about one thing; with versions one for each way in which they stand."""
        product, parts = self._meant(fields.required_text(affected, "ref", place), place)
        said = replace(usual, product=product, subcomponents=parts, provenance=replace(usual.provenance, place=place))
        by_status: dict[VexStatus, list[str]] = {}
        for version, where in fields.objects(affected, "versions", place):
            text = fields.text(version, "version", where) or fields.text(version, "range", where)
            status = _of_versions(usual.status, fields.text(version, "status", where), where)
            by_status.setdefault(status, []).append(text)
        if not by_status:
            yield said
        for status, texts in by_status.items():
            yield _limited(said, status, texts)

    def _meant(self, ref: str, place: str) -> tuple[ProductName | None, tuple[ProductName, ...]]:
        """Return the product and the part a reference means."""
        if ref.startswith("urn:cdx:") and not (self.link and ref.startswith(self.link + "#")):
            return ProductName(refs=(ref,)), ()
        local = ref.removeprefix(f"{self.link}#") if self.link else ref
        if self.subject is not None and local == self.subject_ref:
            return self.subject, ()
        part = self.known.get(local)
        if part is None:
            why = Sentence("{ref} is nothing in this document.", ref=repr(ref[:100]))
            self.defects.append(Defect(f"{place}/ref", why))
            return None, ()
        if self.subject is not None:
            return self.subject, (part,)
        return (ProductName(refs=(self.name,)), (part,)) if self.name else (None, ())


def _ids(one: Json, place: str) -> tuple[str, ...]:
    """Return the vulnerability's id, then those it is said to equal."""
    same = (fields.text(each, "id", where) for each, where in fields.objects(one, "references", place))
    return tuple(dict.fromkeys(name.strip() for name in (fields.text(one, "id", place), *same) if name.strip()))


def _of_versions(state: VexStatus, word: str, place: str) -> VexStatus:
    """Return how versions stand: a word of their own counts more than the analysis, but not against its detail."""
    if not word:
        return state
    if word == "affected":
        return state if state in (VexStatus.AFFECTED, VexStatus.UNDER_INVESTIGATION) else VexStatus.AFFECTED
    if word == "unaffected":
        return state if state in (VexStatus.NOT_AFFECTED, VexStatus.FIXED) else VexStatus.NOT_AFFECTED
    if word == "unknown":
        return VexStatus.UNDER_INVESTIGATION
    message = Sentence("{found} is not a status of a version.", found=repr(word[:40]))
    raise refuse("wrong-value", message, place=f"{place}/status", expected="affected, unaffected or unknown")


def _limited(said: Statement, status: VexStatus, texts: list[str]) -> Statement:
    """Return the statement for these versions of its product or part; a reason given for another status is dropped."""
    if status is not said.status:
        said = replace(said, status=status, justification=None, reason="", impact="", action="")
    if said.product is None:
        return said
    if said.subcomponents:
        parts = tuple(map(_of_any_version, said.subcomponents))
        return replace(said, subcomponents=parts, part_versions=read_version_texts(texts, _scheme(parts[0])))
    versions = read_version_texts(texts, _scheme(said.product))
    return replace(said, product=_of_any_version(said.product), versions=versions)


def _of_any_version(product: ProductName) -> ProductName:
    return replace(product, version="", purls=tuple(map(_without_version, product.purls)))


def _scheme(product: ProductName) -> Scheme:
    found = (package_of_purl(purl) for purl in product.purls)
    named = next((one.package.ecosystem for one in found if isinstance(one, Identified)), "")
    return (scheme_for(named) if named else None) or Scheme.GENERIC


def _without_version(purl: str) -> str:
    head, mark, rest = purl.partition("?")
    name, at, _ = head.rpartition("@")
    return (name if at and "/" not in head[len(name) :] else head) + mark + rest
