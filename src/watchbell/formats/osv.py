"""Read and write OSV records (schema 1.7), leanly enough that reading a hundred thousand is parsing them.

Reading checks the types it hands on and nothing more: an unknown ecosystem, a range
of an unknown type or a record without `modified` (RubySec publishes such) is kept as
it is, since dropping it would look like "not affected".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchbell.domain.advisory import (
    Advisory,
    Affected,
    Credit,
    RangeEvent,
    Reference,
    SeverityScheme,
    VersionRange,
    VexStatus,
)
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.moments import written

SCHEMA_VERSION = "1.7.3"
_TEXTS = ("modified", "published", "withdrawn", "summary", "details")
_PACKAGE = ("ecosystem", "name", "purl")
_EVENTS = ("introduced", "fixed", "last_affected", "limit")


@dataclass(slots=True)
class OsvAffected:
    """One affected package: ranges and versions exactly as received, only their types checked."""

    ecosystem: str
    name: str
    purl: str
    ranges: list[Json]
    versions: list[str]
    severities: tuple[str, ...]
    database_specific: Any
    ecosystem_specific: Any


@dataclass(slots=True)
class OsvRecord:
    """One record, its texts as received; times are RFC 3339 texts or "" when absent."""

    id: str
    modified: str
    published: str
    withdrawn: str
    aliases: tuple[str, ...]
    related: tuple[str, ...]
    upstream: tuple[str, ...]
    summary: str
    details: str
    severities: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    affected: list[OsvAffected]
    record: Json

    @property
    def fix_urls(self) -> tuple[str, ...]:
        """Return the links of kind FIX."""
        return tuple(url for kind, url in self.references if kind == "FIX")

    @property
    def ids(self) -> tuple[str, ...]:
        """Return every id this record says is this very flaw, its own first."""
        return (self.id, *self.aliases)


def loads(data: bytes | str) -> OsvRecord:
    """Return the one OSV record in `data`; raises Refused with the place."""
    return read(fields.root(strictjson.loads(data)))


def read(record: Json) -> OsvRecord:
    """Return the parts of a parsed record that matter; raises Refused with a JSON pointer."""
    own_id = record.get("id")
    if type(own_id) is not str or not own_id.strip():
        raise fields.missing("", "id") if own_id is None or own_id == "" else fields.wrong_type("/id", str, own_id)
    modified, published, withdrawn, summary, details = (fields.text(record, key) for key in _TEXTS)
    return OsvRecord(
        own_id,
        modified,
        published,
        withdrawn,
        _texts(record, "aliases"),
        _texts(record, "related"),
        _texts(record, "upstream"),
        summary,
        details,
        _severities(record, ""),
        _references(record),
        [_affected(one, index) for index, one in enumerate(fields.items(record, "affected"))],
        record,
    )


def _texts(record: Json, key: str) -> tuple[str, ...]:
    return fields.texts(record, key) if record.get(key) else ()


def _severities(holder: Json, place: str) -> tuple[str, ...]:
    if not holder.get("severity"):
        return ()
    return tuple(fields.required_text(one, "score", where) for one, where in fields.objects(holder, "severity", place))


def _references(record: Json) -> tuple[tuple[str, str], ...]:
    if not record.get("references"):
        return ()
    listed = fields.objects(record, "references")
    return tuple((fields.text(one, "type", where), fields.text(one, "url", where)) for one, where in listed)


def _affected(one: Any, index: int) -> OsvAffected:
    """Return one entry; checked by one quick look, and walked with pointers only when that fails."""
    if not _is_well_typed(one):
        _walk_to_the_fault(one, f"/affected/{index}")
    package = one.get("package") or {}
    return OsvAffected(
        package.get("ecosystem") or "",
        package.get("name") or "",
        package.get("purl") or "",
        one.get("ranges") or [],
        one.get("versions") or [],
        _severities(one, f"/affected/{index}") if one.get("severity") else (),
        one.get("database_specific"),
        one.get("ecosystem_specific"),
    )


def _is_well_typed(one: Any) -> bool:
    """Return whether every type is right. Plain loops: this runs for each of 80,000 packages of an import."""
    if type(one) is not dict:
        return False
    package, versions, ranges = one.get("package") or {}, one.get("versions"), one.get("ranges") or ()
    if type(package) is not dict or type(versions or []) is not list or type(ranges or []) is not list:
        return False
    for key in _PACKAGE:
        if type(package.get(key, "")) is not str:
            return False
    if versions and set(map(type, versions)) != {str}:
        return False
    for span in ranges:  # noqa: SIM110 - a generator costs twice as much
        if not _is_a_range(span):
            return False
    return True


def _is_a_range(span: Any) -> bool:
    if type(span) is not dict or type(span.get("type")) is not str or type(span.get("events")) is not list:
        return False
    for event in span["events"]:
        if type(event) is not dict:
            return False
        for value in event.values():
            if type(value) is not str:
                return False
    return True


def _walk_to_the_fault(one: Any, place: str) -> None:
    """Raise Refused at the first field of the wrong type; return when the quick look was too strict."""
    if type(one) is not dict:
        raise fields.wrong_type(place, dict, one)
    package = fields.mapping(one, "package", place)
    for key in _PACKAGE:
        fields.text(package, key, fields.pointer(place, "package"))
    fields.texts(one, "versions", place)
    for span, where in fields.objects(one, "ranges", place):
        fields.required_text(span, "type", where)
        for event, there in fields.objects(span, "events", where):
            for key in _EVENTS:
                fields.text(event, key, there)


def dumps(advisory: Advisory, *, vulnerability: int = 0) -> bytes:
    """Return the canonical bytes of `write`."""
    return strictjson.dumps(write(advisory, vulnerability=vulnerability))


def write(advisory: Advisory, *, vulnerability: int = 0) -> Json:
    """Return the OSV record of one of the advisory's vulnerabilities (OSV holds one each).

    The id is the advisory's own, so CVE and other ids go to `aliases`. A product
    without an ecosystem has no place in OSV's `affected` and is left out of it.
    """
    flaw = advisory.vulnerabilities[vulnerability]
    number = "" if len(advisory.vulnerabilities) == 1 else f"-{vulnerability + 1}"
    record: Json = {
        **_kept(advisory),
        "schema_version": SCHEMA_VERSION,
        "id": advisory.id + number,
        "modified": written(advisory.modified_at),
        "published": written(advisory.published_at),
        "summary": flaw.title,
        "details": flaw.description,
        "aliases": sorted(set(flaw.aliases) - {advisory.id}),
        "severity": [{"type": one.scheme.value, "score": one.vector} for one in flaw.severities if _fits(one.scheme)],
        "references": [_link(one) for one in _once(flaw.references + advisory.references)],
        "credits": [_thanks(one) for one in flaw.credits or advisory.credits],
        "affected": [_package(one) for one in flaw.affected if _belongs(one)],
    }
    if advisory.withdrawn_at:
        record["withdrawn"] = written(advisory.withdrawn_at)
    if flaw.cwes:
        record["database_specific"] = {**record.get("database_specific", {}), "cwe_ids": list(flaw.cwes)}
    return {key: value for key, value in record.items() if value not in ("", [])}


def _kept(advisory: Advisory) -> Mapping[str, Any]:
    kept = advisory.extra.get("osv", {})
    return dict(kept) if isinstance(kept, Mapping) else {}


def _fits(scheme: SeverityScheme) -> bool:
    return scheme is not SeverityScheme.OTHER


def _once(references: tuple[Reference, ...]) -> list[Reference]:
    return list({(one.kind, one.url): one for one in references}.values())


def _link(one: Reference) -> Json:
    return {"type": one.kind.value, "url": one.url}


def _thanks(one: Credit) -> Json:
    named = {"name": one.name, "type": one.kind.value}
    return {**named, "contact": list(one.contacts)} if one.contacts else named


def _belongs(one: Affected) -> bool:
    return bool(one.ecosystem and one.package) and one.status in (VexStatus.AFFECTED, VexStatus.UNDER_INVESTIGATION)


def _package(one: Affected) -> Json:
    package = {"ecosystem": one.ecosystem, "name": one.package}
    written_out: Json = {"package": {**package, "purl": one.purl} if one.purl else package}
    if one.ranges:
        written_out["ranges"] = [_range(span) for span in one.ranges]
    if one.versions:
        written_out["versions"] = list(one.versions)
    return written_out


def _range(span: VersionRange) -> Json:
    body: Json = {"type": span.scheme.value, "events": [_event(event) for event in span.events]}
    return {**body, "repo": span.repository} if span.repository else body


def _event(event: RangeEvent) -> Json:
    return {key: getattr(event, key) for key in _EVENTS if getattr(event, key)}
