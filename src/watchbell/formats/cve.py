"""Read CVE records (JSON 5.0 to 5.2): published and rejected, with CNA and ADP containers.

Real records vary the case of words and leave out zones and types; an answer or status
that is none is refused or unknown, never guessed. `cve_record` says whose word counts.
The whole record is kept as it came, so that nothing we do not know is lost.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from watchbell.domain.advisory import Credit, CreditKind, Reference, ReferenceKind, Severity
from watchbell.domain.matching.aliases import canonical_id, is_cve
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import cve_affected, fields, moments, strictjson
from watchbell.formats.cve_record import CveContainer, CveRecord, CveState, KevAssertion, Provider, SsvcAssertion
from watchbell.formats.fields import Json

SUPPORTED = "CVE JSON 5.0 to 5.2"
_VECTORS = ("cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0")
_CWE = re.compile(r"\bCWE-[0-9]{1,7}\b", re.IGNORECASE)
_KINDS = {
    "patch": ReferenceKind.FIX,
    "vendor-advisory": ReferenceKind.ADVISORY,
    "third-party-advisory": ReferenceKind.ADVISORY,
    "us-government-resource": ReferenceKind.ADVISORY,
    "government-resource": ReferenceKind.ADVISORY,
    "exploit": ReferenceKind.EVIDENCE,
    "issue-tracking": ReferenceKind.REPORT,
    "technical-description": ReferenceKind.ARTICLE,
    "media-coverage": ReferenceKind.ARTICLE,
    "product": ReferenceKind.PACKAGE,
    "mailing-list": ReferenceKind.DISCUSSION,
}
_SSVC = {
    "exploitation": ("none", "poc", "active"),
    "automatable": ("no", "yes"),
    "technical impact": ("partial", "total"),
}


def loads(data: bytes) -> CveRecord:
    """Return the record in `data`; raises Refused with a JSON pointer."""
    return read(fields.root(strictjson.loads(data)))


def dumps(record: CveRecord) -> bytes:
    """Return the canonical bytes of the record as it was received, with all we do not know."""
    return strictjson.dumps(record.record)


def read(document: Json) -> CveRecord:
    """Return the record in a parsed document, see `loads`."""
    _refuse_others(document)
    meta, held = fields.mapping(document, "cveMetadata"), fields.mapping(document, "containers")
    at = "/cveMetadata"
    name = canonical_id(fields.required_text(meta, "cveId", at))
    if not is_cve(name):
        message = Sentence("{found} is not a CVE id.", found=repr(name[:40]))
        raise refuse("wrong-value", message, place="/cveMetadata/cveId", expected="CVE-2026-12345")
    if "cna" not in held:
        raise fields.missing("/containers", "cna")
    cna = fields.mapping(held, "cna", "/containers")
    assigner = fields.text(meta, "assignerShortName", at) or fields.text(meta, "assignerOrgId", at)
    return CveRecord(
        id=name,
        state=_state(meta),
        assigner=assigner,
        cna=_container(cna, "/containers/cna", is_cna=True, assigner=assigner),
        adps=tuple(_container(one, where) for one, where in fields.objects(held, "adp", "/containers")),
        published_at=_moment(meta, "datePublished", at),
        updated_at=_moment(meta, "dateUpdated", at),
        rejected_at=_moment(meta, "dateRejected", at),
        replaced_by=tuple(canonical_id(one) for one in fields.texts(cna, "replacedBy", "/containers/cna")),
        record=document,
    )


def _refuse_others(document: Json) -> None:
    version = document.get("dataVersion", document.get("data_version", ""))
    is_record = document.get("dataType") == "CVE_RECORD" and "cveMetadata" in document
    if not is_record or not isinstance(version, str) or version.partition(".")[0] != "5":
        found = version if isinstance(version, str) else ""
        raise fields.unsupported("CVE JSON", found, SUPPORTED, place="/dataVersion")


def _state(meta: Json) -> CveState:
    text = fields.required_text(meta, "state", "/cveMetadata").strip().upper()
    if text not in set(CveState):
        message = Sentence("{found} is not a state in which a record is published.", found=repr(text[:40]))
        raise refuse("wrong-value", message, place="/cveMetadata/state", expected="PUBLISHED or REJECTED")
    return CveState(text)


def _moment(holder: Json, key: str, place: str) -> datetime | None:
    """Return a time of the record; one without a zone is in UTC, as the schema says."""
    text = fields.text(holder, key, place).strip()
    if not text:
        return None
    has_zone = text[-1:] in "Zz" or "+" in text or text.count("-") > 2
    return moments.read(text if has_zone else text + "Z", place=fields.pointer(place, key))


def _container(one: Json, place: str, *, is_cna: bool = False, assigner: str = "") -> CveContainer:
    meta, at = fields.mapping(one, "providerMetadata", place), fields.pointer(place, "providerMetadata")
    org_id = fields.text(meta, "orgId", at)
    provider = Provider(
        name=fields.text(meta, "shortName", at) or assigner or org_id,
        org_id=org_id,
        updated_at=_moment(meta, "dateUpdated", at),
        is_cna=is_cna,
    )
    texts = [*fields.objects(one, "descriptions", place), *fields.objects(one, "rejectedReasons", place)]
    return CveContainer(
        provider=provider,
        title=fields.text(one, "title", place).strip(),
        descriptions=tuple(
            (fields.text(each, "lang", where), fields.text(each, "value", where)) for each, where in texts
        ),
        affected=cve_affected.read(one, place),
        references=tuple(_references(one, place)),
        problems=tuple(_problems(one, place)),
        severities=tuple(_severities(one, place, provider.name)),
        ssvc=tuple(_ssvc(one, place, provider.name)),
        kev=tuple(_kev(one, place, provider.name)),
        credits=tuple(_credits(one, place)),
        public_at=_moment(one, "datePublic", place),
    )


def _references(one: Json, place: str) -> Iterator[Reference]:
    for each, where in fields.objects(one, "references", place):
        tags = [tag.casefold() for tag in fields.texts(each, "tags", where)]
        kind = next((_KINDS[tag] for tag in tags if tag in _KINDS), ReferenceKind.WEB)
        yield Reference(fields.required_text(each, "url", where), kind, fields.text(each, "name", where))


def _problems(one: Json, place: str) -> Iterator[tuple[str, str]]:
    """Yield (CWE id or "", words) of each problem type; the id is also found inside the words."""
    for each, where in fields.objects(one, "problemTypes", place):
        for described, there in fields.objects(each, "descriptions", where):
            words = fields.text(described, "description", there)
            cwe = fields.text(described, "cweId", there)
            found = _CWE.search(cwe or words)
            yield (found[0].upper() if found else "", words)


def _severities(one: Json, place: str, by: str) -> Iterator[Severity]:
    for metric, where in fields.objects(one, "metrics", place):
        for key in _VECTORS:
            vector = fields.text(fields.mapping(metric, key, where), "vectorString", fields.pointer(where, key))
            if vector:
                yield Severity(vector=vector, by=by)


def _others(one: Json, place: str, kind: str) -> Iterator[tuple[Json, str]]:
    """Yield the content of each metric of another kind than CVSS."""
    for metric, where in fields.objects(one, "metrics", place):
        other, at = fields.mapping(metric, "other", where), fields.pointer(where, "other")
        if fields.text(other, "type", at).strip().casefold() == kind:
            yield fields.mapping(other, "content", at), fields.pointer(at, "content")


def _ssvc(one: Json, place: str, by: str) -> Iterator[SsvcAssertion]:
    """Yield SSVC answers; published records vary in case, and an answer that is not known stays unknown."""
    for content, where in _others(one, place, "ssvc"):
        said: dict[str, str] = {}
        for option, there in fields.objects(content, "options", where):
            said |= {key.casefold(): fields.text(option, key, there).strip().casefold() for key in option}
        known = {key: said.get(key) if said.get(key) in answers else None for key, answers in _SSVC.items()}
        yield SsvcAssertion(
            by=by,
            exploitation=known["exploitation"],
            automatable=known["automatable"],
            technical_impact=known["technical impact"],
            at=_moment(content, "timestamp", where),
        )


def _kev(one: Json, place: str, by: str) -> Iterator[KevAssertion]:
    for content, where in _others(one, place, "kev"):
        yield KevAssertion(
            by=by,
            date_added=fields.text(content, "dateAdded", where),
            reference=fields.text(content, "reference", where),
        )


def _credits(one: Json, place: str) -> Iterator[Credit]:
    for each, where in fields.objects(one, "credits", place):
        kind = fields.text(each, "type", where).strip().upper().replace(" ", "_")
        known = CreditKind(kind) if kind in set(CreditKind) else CreditKind.OTHER
        yield Credit(fields.text(each, "value", where).strip(), known if kind else CreditKind.FINDER)
