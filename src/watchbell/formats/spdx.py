"""Read SPDX 2.2, 2.3 (JSON, tag-value) and 3.0 (JSON-LD) into the same bill of materials as CycloneDX.

Licence expressions are not parsed and links are not followed. NOASSERTION and NONE
mean that nobody said, so they become "".
"""

import re
from collections.abc import Iterator
from typing import Any

from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

SUPPORTED = "SPDX-2.2 and SPDX-2.3 in JSON or tag-value, 3.0.x in JSON-LD"
_GIT = re.compile(r"^git\+.*@([0-9a-f]{40}(?:[0-9a-f]{24})?)(?:#.*)?$")
_NOBODY_SAID = ("NOASSERTION", "NONE")
_PACKAGES_3 = frozenset({"software_Package", "software:Package", "ai_AIPackage", "dataset_DatasetPackage"})
_AGENTS_3 = frozenset({"Agent", "Organization", "Person", "SoftwareAgent"})
_HEAD = 65_536
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_WORLDWIDE = frozenset({"PERSISTENT-ID", "PERSISTENT_ID", "OTHER"})
_WORLDWIDE_3 = frozenset({"gitoid", "other", "swhid", "swid", "urlScheme"})
"""Kinds of references that may hold a URI that names the package itself; others lead to something about it."""


def loads(data: bytes) -> Sbom:
    """Return the document in `data`, tag-value or JSON by its beginning; raises Refused with the place."""
    from watchbell.formats import spdx_tagvalue  # imported late: JSON need not pay for it

    if spdx_tagvalue.is_tag_value(data[:_HEAD]):
        return loads_tag_value(data)
    return read(fields.root(strictjson.loads(data)))


def loads_tag_value(data: bytes) -> Sbom:
    """Return the tag-value document in `data`; raises Refused for other versions and for what is no text."""
    from watchbell.formats import spdx_tagvalue  # imported late: JSON need not pay for it

    found = Collected()
    document = spdx_tagvalue.as_json(data, found)
    return _read_2(document, found, place="line 1")


def read(document: Json) -> Sbom:
    """Return the bill of materials in a parsed document; raises Refused for other versions."""
    if "@graph" in document or "@context" in document:
        return _read_3(document)
    return _read_2(document, Collected(), place="/spdxVersion")


def _read_2(document: Json, found: Collected, *, place: str) -> Sbom:
    version = fields.text(document, "spdxVersion")
    if version not in ("SPDX-2.2", "SPDX-2.3"):
        raise fields.unsupported("SPDX", version, SUPPORTED, place=place)
    for index, package in enumerate(fields.items(document, "packages")):
        line = package.get("place") if isinstance(package, dict) and place.startswith("line") else None
        _add(package, line or f"/packages/{index}", found, _component_2)
    return found.sbom(SbomFormat.SPDX, version.removeprefix("SPDX-"), serial=_said(document, "documentNamespace"))


def _read_3(document: Json) -> Sbom:
    elements = [one for one in fields.items(document, "@graph") if isinstance(one, dict)]
    version = next((said for one in elements if (said := _spec_version_3(one))), "")
    version = version or (re.findall(r"/rdf/(\d+\.\d+(?:\.\d+)?)/", str(document.get("@context", ""))) or [""])[0]
    if not version.startswith("3.0"):
        raise fields.unsupported("SPDX", version, SUPPORTED, place="/@context")
    found, agents = Collected(), _agents_3(elements)

    def component(package: Json, place: str, found: Collected) -> Component:
        return _component_3(package, place, found, agents)

    for index, one in enumerate(fields.items(document, "@graph")):
        if not isinstance(one, dict):
            found.note("wrong-type", Sentence("An element is not an object."), f"/@graph/{index}")
        elif _type_3(one) in _PACKAGES_3:
            _add(one, f"/@graph/{index}", found, component)
    serial = next((_id_3(one) for one in elements if _type_3(one) == "SpdxDocument"), "")
    return found.sbom(SbomFormat.SPDX, version, serial=serial)


def _spec_version_3(one: Json) -> str:
    """Return the version an element states, in a CreationInfo of its own or one written out inside it."""
    inner = one.get("creationInfo")
    if _type_3(one) == "CreationInfo":
        return _said(one, "specVersion")
    return _said(inner, "specVersion") if isinstance(inner, dict) else ""


def _type_3(one: Json) -> str:
    return _said(one, "type") or _said(one, "@type")


def _id_3(one: Json) -> str:
    return _said(one, "spdxId") or _said(one, "@id")


def _add(package: Any, place: str, found: Collected, make: Any) -> None:
    if not isinstance(package, dict):
        found.note("wrong-type", Sentence("A package is not an object."), place)
        return
    component = make(package, place, found)
    if component.name:
        found.add(component, place)
    else:
        found.note("no-name", Sentence("A package has no name."), place)


def _component_2(package: Json, place: str, found: Collected) -> Component:
    references = dict(_external(package, "externalRefs", "referenceType", "referenceLocator"))
    location = _GIT.match(_said(package, "downloadLocation"))
    return Component(
        ref=_said(package, "SPDXID") or place,
        name=_said(package, "name"),
        version=_said(package, "versionInfo"),
        purl=found.purl(references.get("purl", ""), fields.pointer(place, "externalRefs")),
        cpe=references.get("cpe23Type") or references.get("cpe22Type", ""),
        type=_said(package, "primaryPackagePurpose").lower(),
        supplier=_said(package, "supplier").partition(": ")[2],
        hashes=tuple(_external(package, "checksums", "algorithm", "checksumValue")),
        commit=location[1] if location else "",
        manufacturer=_maker(_said(package, "originator")),
        uris=tuple(_worldwide(package, "externalRefs", "referenceCategory", "referenceLocator", _WORLDWIDE)),
    )


def _maker(originator: str) -> str:
    """Return the organisation it comes from, "" for a person: that is no vendor's name."""
    kind, _, name = originator.partition(": ")
    return name if kind == "Organization" else ""


def _component_3(package: Json, place: str, found: Collected, agents: "_Agents") -> Component:
    identifiers = dict(_external(package, "externalIdentifier", "externalIdentifierType", "identifier"))
    purl = _said(package, "software_packageUrl") or identifiers.get("packageUrl") or identifiers.get("purl", "")
    location = _GIT.match(_said(package, "software_downloadLocation"))
    return Component(
        ref=_id_3(package) or place,
        name=_said(package, "name"),
        version=_said(package, "software_packageVersion"),
        purl=found.purl(purl, fields.pointer(place, "software_packageUrl")),
        cpe=identifiers.get("cpe23") or identifiers.get("cpe22", ""),
        type=_said(package, "software_primaryPurpose").lower(),
        supplier=_agent_3(package.get("suppliedBy"), agents)[1],
        hashes=tuple(_external(package, "verifiedUsing", "algorithm", "hashValue")),
        commit=location[1] if location else "",
        manufacturer=_maker_3(package, agents),
        uris=tuple(_uris_3(package)),
    )


_Agents = dict[str, tuple[str, str]]
"""The kind and the name of each agent, by its id."""


def _agents_3(elements: list[Json]) -> _Agents:
    return {_id_3(one): (_type_3(one), _said(one, "name")) for one in elements if _type_3(one) in _AGENTS_3}


def _agent_3(one: Any, agents: _Agents) -> tuple[str, str]:
    """Return the kind and the name of an agent that is written out or pointed to."""
    if isinstance(one, dict):
        return _type_3(one), _said(one, "name")
    return agents.get(one, ("", "")) if isinstance(one, str) else ("", "")


def _maker_3(package: Json, agents: _Agents) -> str:
    made = package.get("originatedBy")
    known = (_agent_3(one, agents) for one in (made if isinstance(made, list) else [made]))
    return next((name for kind, name in known if kind == "Organization" and name), "")


def _uris_3(package: Json) -> Iterator[str]:
    """Yield its own id, which is a URI unless it counts in this document alone, and the others it is given."""
    if _URI.fullmatch(_id_3(package)):
        yield _id_3(package)
    yield from _worldwide(package, "externalIdentifier", "externalIdentifierType", "identifier", _WORLDWIDE_3)


def _worldwide(package: Json, key: str, kind: str, value: str, kinds: frozenset[str]) -> Iterator[str]:
    """Yield the URIs among references of these kinds, in the document's order."""
    listed = package.get(key)
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and _said(one, kind) in kinds and _URI.fullmatch(_said(one, value)):
            yield _said(one, value)


def _external(package: Json, key: str, kind: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, value) pairs, the last first, so that a dict of them keeps the document's first."""
    listed = package.get(key)
    for one in reversed(listed) if isinstance(listed, list) else ():
        if isinstance(one, dict) and _said(one, kind) and _said(one, value):
            yield _said(one, kind), _said(one, value)


def _said(holder: Json, key: str) -> str:
    value = holder.get(key)
    text = value.strip() if isinstance(value, str) else ""
    return "" if text in _NOBODY_SAID else text
