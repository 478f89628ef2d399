"""Read VEX in whichever format it comes: OpenVEX, CSAF or CycloneDX, told by the document itself."""

from watchbell.domain.matching.vex_statements import VexDocument
from watchbell.domain.refusal import refuse
from watchbell.formats import csaf_reader, csaf_vex, cyclonedx_vex, fields, openvex, sniff, strictjson


def loads(data: bytes, *, document: str = "") -> VexDocument:
    """Return the statements in `data`; raises Refused with a JSON pointer.

    `document` names a BOM that has no serial number, see `cyclonedx_vex.loads`.
    """
    parsed = fields.root(strictjson.loads(data, max_depth=csaf_reader.DEEPEST))
    match sniff.what_is(parsed):
        case "openvex":
            return openvex.read(parsed)
        case "csaf" | "vrf":
            return csaf_vex.statements(csaf_reader.read(parsed))
        case "cyclonedx":
            return cyclonedx_vex.read(parsed, document=document)
    expected, todo = "OpenVEX 0.2, CSAF 2.0 or 2.1, or CycloneDX 1.4 to 1.7 in JSON", "Export it in one of these"
    raise refuse("wrong-kind", "This document holds no VEX statements.", expected=expected, todo=todo)
