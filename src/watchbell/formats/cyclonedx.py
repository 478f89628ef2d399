"""Read CycloneDX 1.2 to 1.7 in JSON or XML, taking what can be read and noting what is wrong.

A bad package URL, a repeated reference or a cycle is a defect of the document and
never a reason to see nothing: an operator without a list is worse off than one
with a flawed list. The root `metadata.component` is the subject, not a component.
"""

from collections.abc import Iterator

from watchbell.domain.refusal import Refused
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat, has_cycle

SUPPORTED = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How XML starts when it is not UTF-8; JSON may not."""

_SERIAL = "cdx:device:serialNumber"
"""The property that CycloneDX's taxonomy has for it. `cdx:device:sku` is not read: there it is the operator's own
number for a thing, not its maker's."""

_WORLDWIDE = ("swhid", "omniborId")
"""Fields of CycloneDX 1.6 that hold identifiers of contents, each of them a URI."""

RANGE_ONLY = Sentence("It gives a range of versions, not one.")
"""CycloneDX 1.7: an external component may name a versionRange instead of a version."""


def loads(data: bytes) -> Sbom:
    """Return the BOM in `data`, JSON or XML by its first character; raises Refused with the place."""
    if data.startswith(_UTF_16) or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        from watchbell.formats import cyclonedx_xml  # imported late: JSON need not pay for an XML parser

        return read(cyclonedx_xml.as_json(data))
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> Sbom:
    """Return the BOM in a parsed document; raises Refused when it is no CycloneDX we support."""
    spec = fields.text(document, "specVersion")
    if document.get("bomFormat") != "CycloneDX" or spec not in SUPPORTED:
        raise fields.unsupported(
            "CycloneDX", spec, f"CycloneDX {SUPPORTED[0]} to {SUPPORTED[-1]}", place="/specVersion"
        )
    found = Collected()
    metadata = _soft_mapping(document, "metadata", "", found)
    subject = metadata.get("component")
    root = _component(subject, "/metadata/component", found) if isinstance(subject, dict) else None
    nested = [(subject, "/metadata/component")] if isinstance(subject, dict) else []
    for one, place in _walk([(document, ""), *nested], found):
        component = _component(one, place, found)
        if component:
            found.add(component, place)
    _check_dependencies(document, found)
    return Sbom(
        format=SbomFormat.CYCLONEDX,
        spec_version=spec,
        components=tuple(found.components),
        subject=root,
        serial=_soft_text(document, "serialNumber"),
        version=str(document.get("version", "")),
        vulnerabilities=len(_soft_list(document, "vulnerabilities", "", found)),
        defects=tuple(found.defects),
        more_defects=found.more_defects,
    )


def _walk(holders: list[tuple[Json, str]], found: Collected) -> Iterator[tuple[Json, str]]:
    """Yield every component below the holders, parents first, in the document's order, without recursion."""
    waiting = list(reversed(holders))
    while waiting:
        holder, place = waiting.pop()
        if place and place != "/metadata/component":
            yield holder, place
        if "components" not in holder:
            continue
        children = []
        for index, child in enumerate(_soft_list(holder, "components", place, found)):
            where = f"{place}/components/{index}"
            if isinstance(child, dict):
                children.append((child, where))
            else:
                found.note("wrong-type", Sentence("A component is not an object."), where)
        waiting.extend(reversed(children))


def _component(one: Json, place: str, found: Collected) -> Component | None:
    name, purl = _soft_text(one, "name"), _soft_text(one, "purl")
    if not name and not purl:
        found.note("no-name", Sentence("A component has neither a name nor a package URL."), place)
        return None
    supplier, version = one.get("supplier"), _version(one)
    return Component(
        ref=_soft_text(one, "bom-ref") or place,
        name=name or purl,
        version=version,
        purl=found.purl(purl, f"{place}/purl"),
        cpe=_soft_text(one, "cpe"),
        type=_soft_text(one, "type"),
        group=_soft_text(one, "group"),
        supplier=_soft_text(supplier, "name") if isinstance(supplier, dict) else _soft_text(one, "publisher"),
        hashes=tuple(_hashes(one)) if "hashes" in one else (),
        commit=_commit(one) if "pedigree" in one else "",
        because=RANGE_ONLY if not version and _soft_text(one, "versionRange") else "",
        manufacturer=_soft_text(maker, "name") if isinstance(maker := one.get("manufacturer"), dict) else "",
        serials=tuple(_of_kind(one, "properties", "name", (_SERIAL,), "value")) if "properties" in one else (),
        sbom_urls=tuple(_of_kind(one, "externalReferences", "type", ("bom",), "url")),
        uris=tuple(_uris(one)),
    )


def _uris(one: Json) -> Iterator[str]:
    """Yield what else names a component in the whole world."""
    yield from _of_kind(one, "externalReferences", "type", ("other",), "url")
    for key in _WORLDWIDE:
        listed = one.get(key)
        yield from (each.strip() for each in (listed if isinstance(listed, list) else ()) if isinstance(each, str))


def _of_kind(one: Json, key: str, kind: str, kinds: tuple[str, ...], value: str) -> Iterator[str]:
    """Yield a value of each listed object that says it is of one of these kinds."""
    listed = one.get(key)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get(kind) in kinds and (text := _soft_text(each, value)):
            yield text


def _version(one: Json) -> str:
    version = one.get("version")
    return version if isinstance(version, str) else str(version) if isinstance(version, int | float) else ""


def _hashes(one: Json) -> Iterator[tuple[str, str]]:
    hashes = one.get("hashes")
    for entry in hashes if isinstance(hashes, list) else ():
        if isinstance(entry, dict) and _soft_text(entry, "alg") and _soft_text(entry, "content"):
            yield entry["alg"], entry["content"].lower()


def _commit(one: Json) -> str:
    pedigree = one.get("pedigree")
    commits = pedigree.get("commits") if isinstance(pedigree, dict) else None
    first = commits[0] if isinstance(commits, list) and commits else None
    return _soft_text(first, "uid") if isinstance(first, dict) else ""


def _check_dependencies(document: Json, found: Collected) -> None:
    edges: dict[str, list[str]] = {}
    for index, one in enumerate(_soft_list(document, "dependencies", "", found)):
        ref = _soft_text(one, "ref") if isinstance(one, dict) else ""
        if not ref or not isinstance(one, dict):
            found.note("wrong-type", Sentence("A dependency names no reference."), f"/dependencies/{index}")
            continue
        targets = _soft_list(one, "dependsOn", f"/dependencies/{index}", found)
        edges.setdefault(ref, []).extend(target for target in targets if isinstance(target, str))
    if has_cycle(edges):
        found.note("cyclic-dependencies", Sentence("The dependencies lead back to themselves."), "/dependencies")


def _soft_text(holder: Json, key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""


def _soft_list(holder: Json, key: str, place: str, found: Collected) -> list[object]:
    try:
        return fields.items(holder, key, place)
    except Refused as refused:
        found.note(refused.refusal.code, refused.refusal.message, refused.refusal.place)
        return []


def _soft_mapping(holder: Json, key: str, place: str, found: Collected) -> Json:
    try:
        return fields.mapping(holder, key, place)
    except Refused as refused:
        found.note(refused.refusal.code, refused.refusal.message, refused.refusal.place)
        return {}
