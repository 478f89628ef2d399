"""Read an OSV record or a CVE record that somebody hands in as a finding: the same readers as for what is published.

A record that its author withdrew or rejected claims nothing and is refused. What it says of
versions is kept in `extra` as it came, and nothing is matched against it from there.
"""

from collections.abc import Iterator
from typing import Any

from watchbell.domain.advisory import Claim, ClaimedProduct, Credit, CreditKind, Reference, ReferenceKind, Severity
from watchbell.domain.refusal import Refused, refuse
from watchbell.formats import ai_usage, cve, fields, osv
from watchbell.formats.cve_affected import CveAffected
from watchbell.formats.cve_record import CveRecord
from watchbell.formats.fields import Json

LONGEST_TITLE = 500


def of_osv(data: bytes) -> Claim:
    """Return what one OSV record claims; raises Refused with its place."""
    record = osv.loads(data)
    if record.withdrawn:
        raise _taken_back("/withdrawn")
    own = fields.mapping(record.record, "database_specific")
    return Claim(
        submitter_item_id=record.id,
        title=(record.summary.strip() or _first_line(record.details) or record.id)[:LONGEST_TITLE],
        description=record.details,
        products=tuple(dict.fromkeys(_package(one) for one in record.affected if one.name or one.purl)),
        cwes=_texts(own, "cwe_ids"),
        severities=tuple(Severity(vector=one) for one in record.severities),
        ai_usage=ai_usage.anyhow(own.get("ai_usage")),
        aliases=record.ids,
        references=tuple(Reference(url, _kind(kind)) for kind, url in record.references if url.strip()),
        credits=tuple(_osv_credits(record.record)),
        extra={"osv": _said(record.record, "affected", "related", "upstream", "modified", "published")},
    )


def of_cve(data: bytes) -> Claim:
    """Return what one CVE record claims, in the words of its numbering authority; raises Refused with its place."""
    record = cve.loads(data)
    if record.is_rejected:
        raise _taken_back("/cveMetadata/state")
    cna = fields.mapping(fields.mapping(record.record, "containers"), "cna", "/containers")
    described = sorted(record.cna.descriptions, key=lambda one: not one[0].casefold().startswith("en"))
    return Claim(
        submitter_item_id=record.id,
        title=(record.summary.strip() or record.id)[:LONGEST_TITLE],
        description=described[0][1] if described else "",
        products=tuple(dict.fromkeys(_product(one) for one in _speaking(record) if one.is_named)),
        cwes=record.cwes,
        severities=record.severities,
        ai_usage=ai_usage.anyhow(cna.get("x_ai_usage")),
        aliases=(record.id,),
        references=tuple(dict.fromkeys(one for each in record.containers for one in each.references)),
        credits=tuple(one for one in record.cna.credits if one.name),
        suggested_fix="\n\n".join(_values(cna, "solutions")),
        extra={"cve": _said(cna, "affected", "configurations", "workarounds", "exploits", "timeline")},
    )


def _taken_back(place: str) -> Refused:
    message = "Its author took this record back, so it claims nothing."
    return refuse("withdrawn", message, place=place, todo="Leave it out, or send what took its place")


def _package(one: osv.OsvAffected) -> ClaimedProduct:
    version = one.versions[0] if len(one.versions) == 1 else ""
    return ClaimedProduct(purl=one.purl, name=one.name, vendor="" if one.purl else one.ecosystem, version=version)


def _speaking(record: CveRecord) -> tuple[CveAffected, ...]:
    """Return the products of the authority, or the commentators' where it names none."""
    if record.cna.names_a_product:
        return record.cna.affected
    return tuple(one for each in record.adps for one in each.affected)


def _product(one: CveAffected) -> ClaimedProduct:
    single = [each.version for each in one.versions if not (each.less_than or each.less_than_or_equal)]
    return ClaimedProduct(
        purl=one.package_url,
        vendor=one.vendor,
        name=one.product or one.package_name,
        version=single[0] if len(one.versions) == len(single) == 1 else "",
        repository=one.repository,
        cpe=one.cpes[0] if one.cpes else "",
    )


def _osv_credits(record: Json) -> Iterator[Credit]:
    for one, where in fields.objects(record, "credits"):
        kind = fields.text(one, "type", where).strip().upper()
        known = CreditKind(kind) if kind in set(CreditKind) else CreditKind.OTHER
        name, contacts = fields.required_text(one, "name", where), fields.texts(one, "contact", where)
        yield Credit(name.strip(), known if kind else CreditKind.FINDER, contacts=contacts)


def _kind(word: str) -> ReferenceKind:
    return ReferenceKind(word) if word in set(ReferenceKind) else ReferenceKind.WEB


def _values(holder: Json, key: str) -> Iterator[str]:
    listed = holder.get(key)
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield one["value"]


def _texts(holder: Json, key: str) -> tuple[str, ...]:
    """Return the texts of a list in somebody's own part of a record; what is none is left out."""
    value = holder.get(key)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _said(holder: Json, *keys: str) -> dict[str, Any]:
    return {key: holder[key] for key in keys if holder.get(key)}


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()
