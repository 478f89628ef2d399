"""Read the VEX statements of a CSAF document (2.0 or 2.1): one for each product and status of each vulnerability.

"P as a component of Q" is a statement about the part P of the product Q. The profile
`csaf_vex` demands a reason for every "not affected"; a security advisory may lack it,
and such a statement is then shown and flagged.
"""

from collections.abc import Iterator

from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.ranges import Ranges
from watchbell.domain.matching.stretches import ranges_of
from watchbell.domain.matching.vex_statements import Provenance, Statement, VexDocument, VexFormat
from watchbell.formats import csaf_reader
from watchbell.formats.csaf_claims import name_of, versions_of
from watchbell.formats.csaf_reader import CsafDocument, CsafFlaw, Remark
from watchbell.formats.product_tree import TreeProduct

_STATUS = {
    "first_affected": VexStatus.AFFECTED,
    "known_affected": VexStatus.AFFECTED,
    "last_affected": VexStatus.AFFECTED,
    "under_investigation": VexStatus.UNDER_INVESTIGATION,
    "unknown": VexStatus.UNDER_INVESTIGATION,
    "first_fixed": VexStatus.FIXED,
    "fixed": VexStatus.FIXED,
    "known_not_affected": VexStatus.NOT_AFFECTED,
}


def loads(data: bytes) -> VexDocument:
    """Return the statements in `data`; raises Refused with a JSON pointer."""
    return statements(csaf_reader.loads(data))


def statements(document: CsafDocument) -> VexDocument:
    """Return the statements of a document that was read."""
    return VexDocument(
        id=document.id,
        format=VexFormat.CSAF,
        author=document.publisher,
        statements=tuple(one for flaw in document.flaws for one in _of_flaw(document, flaw)),
        version=document.version,
        issued_at=document.published_at,
        updated_at=document.updated_at,
        record=document.record,
    )


def _of_flaw(document: CsafDocument, flaw: CsafFlaw) -> Iterator[Statement]:
    for word, name, place in flaw.statuses:
        status = _STATUS.get(word)
        if status is None or not flaw.all_ids:
            continue
        yield _statement(document, flaw, name, status, place)


def _statement(document: CsafDocument, flaw: CsafFlaw, name: str, status: VexStatus, place: str) -> Statement:
    parts = document.products[name]
    base, within = parts.base, parts.within
    # Something that needs several others at once cannot be told from an inventory; it is shown, and applies to nothing.
    about = base if not within else within[0] if len(within) == 1 else None
    return Statement(
        ids=flaw.all_ids,
        status=status,
        provenance=Provenance(format=VexFormat.CSAF, document=document.id, version=document.version, place=place),
        author=document.publisher,
        product=name_of(about, document) if about else None,
        versions=_versions(about) if about else None,
        subcomponents=(name_of(base, document),) if within else (),
        part_versions=_versions(base) if within else None,
        justification=csaf_reader.justification(flaw, name),
        impact=_texts(flaw.threats, "impact", name),
        action=_texts(flaw.remediations, "", name),
        issued_at=document.published_at,
        updated_at=document.updated_at,
    )


def _versions(leaf: TreeProduct) -> Ranges | None:
    """Return the versions the tree gives; None without any, which a name or a purl may still carry."""
    if not leaf.version:
        return None
    said = versions_of(leaf)
    return ranges_of(said.scheme, said.claims, said.rest, said.doubts, named=said.named)


def _texts(remarks: tuple[Remark, ...], category: str, product_id: str) -> str:
    """Return what is said of this product under a category, or under any."""
    said = (one.text for one in remarks if product_id in one.product_ids and category in ("", one.category))
    return "\n".join(dict.fromkeys(text for text in said if text))
