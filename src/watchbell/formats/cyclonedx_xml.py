"""Turn CycloneDX XML into the JSON shape of the same BOM, resolving and fetching nothing.

A document type declaration is refused outright, so there are no entities to expand
(CWE-611, CWE-776); XInclude and schema locations are text to us.
"""

import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields
from watchbell.formats.fields import Json

MAX_DEPTH = 200
_ROOT = re.compile(r"^\{http://cyclonedx\.org/schema/bom/(?P<version>\d+\.\d+)\}bom$")
_TEXTS = ("group", "name", "version", "versionRange", "purl", "cpe", "publisher")


def as_json(data: bytes) -> Json:
    """Return the document in CycloneDX's JSON shape; raises Refused for other XML and for any DOCTYPE."""
    bom = _parsed(data)
    found = _ROOT.match(bom.tag)
    if not found:
        raise fields.unsupported("XML document", bom.tag, "CycloneDX 1.2 to 1.7", place="line 1")
    _refuse_deep(bom)
    space = bom.tag.partition("}")[0] + "}"
    document: Json = {"bomFormat": "CycloneDX", "specVersion": found["version"]}
    document["serialNumber"] = bom.get("serialNumber", "")
    document["version"] = bom.get("version", "")
    subject = bom.find(f"{space}metadata/{space}component")
    if subject is not None:
        document["metadata"] = {"component": _tree(subject, space)}
    document["components"] = [_tree(one, space) for one in bom.iterfind(f"{space}components/{space}component")]
    document["dependencies"] = _dependencies(bom, space)
    document["vulnerabilities"] = [{} for _ in bom.iterfind(f"{space}vulnerabilities/{space}vulnerability")]
    return document


def _parsed(data: bytes) -> Element:
    try:
        parse: Callable[..., Any] = ElementTree.fromstring
        root = parse(data, forbid_dtd=True)
    except DefusedXmlException:
        todo = "Remove the DOCTYPE and its entities; we never resolve them"
        raise refuse("xml-doctype", "The XML holds a document type declaration.", place="line 1", todo=todo) from None
    except ElementTree.ParseError as error:
        line, column = error.position
        message = Sentence("This is not well-formed XML: {why}.", why=str(error).partition(":")[0])
        raise refuse("not-xml", message, place=f"line {line} column {column + 1}") from None
    except (ValueError, LookupError) as error:
        raise refuse("not-xml", Sentence("This XML cannot be read: {why}.", why=str(error)), place="line 1") from None
    assert isinstance(root, Element)
    return root


def _refuse_deep(bom: Element) -> None:
    level, depth = [bom], 0
    while level:
        level, depth = [child for one in level for child in one], depth + 1
        if depth > MAX_DEPTH:
            raise refuse(
                "too-deep",
                "The XML nests too deeply.",
                place="line 1",
                expected=Sentence("at most {limit} levels", limit=MAX_DEPTH),
            )


def _tree(top: Element, space: str) -> Json:
    """Return a component and those nested in it; a stack instead of recursion."""
    shaped = _component(top, space)
    waiting = [(top, shaped)]
    while waiting:
        element, body = waiting.pop()
        for child in element.iterfind(f"{space}components/{space}component"):
            inner = _component(child, space)
            body["components"].append(inner)
            waiting.append((child, inner))
    return shaped


def _component(element: Element, space: str) -> Json:
    body: Json = {key: (element.findtext(space + key) or "").strip() for key in _TEXTS}
    body["type"], body["bom-ref"], body["components"] = element.get("type", ""), element.get("bom-ref", ""), []
    supplier = element.findtext(f"{space}supplier/{space}name")
    if supplier:
        body["supplier"] = {"name": supplier}
    hashes = element.iterfind(f"{space}hashes/{space}hash")
    body["hashes"] = [{"alg": one.get("alg", ""), "content": (one.text or "").strip()} for one in hashes]
    maker = element.findtext(f"{space}manufacturer/{space}name")
    if maker:
        body["manufacturer"] = {"name": maker}
    body |= _marks(element, space)
    commit = element.findtext(f"{space}pedigree/{space}commits/{space}commit/{space}uid")
    if commit:
        body["pedigree"] = {"commits": [{"uid": commit}]}
    return body


def _marks(element: Element, space: str) -> Json:
    """Return what else a component is known by."""
    references = element.iterfind(f"{space}externalReferences/{space}reference")
    properties = element.iterfind(f"{space}properties/{space}property")
    return {
        "externalReferences": [
            {"type": one.get("type", ""), "url": (one.findtext(f"{space}url") or "").strip()} for one in references
        ],
        "properties": [{"name": one.get("name", ""), "value": (one.text or "").strip()} for one in properties],
        "swhid": [(one.text or "").strip() for one in element.iterfind(f"{space}swhid")],
        "omniborId": [(one.text or "").strip() for one in element.iterfind(f"{space}omniborId")],
    }


def _dependencies(bom: Element, space: str) -> list[Json]:
    listed = bom.iterfind(f"{space}dependencies/{space}dependency")
    return [{"ref": one.get("ref", ""), "dependsOn": [inner.get("ref", "") for inner in one]} for one in listed]
