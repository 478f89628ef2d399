"""Write VEX statements as CSAF 2.0 in the profile `csaf_vex`, or refuse what the profile forbids.

Products are full names with their helpers, "part P of product Q" is a relationship.
Our own `csaf_checks` runs on the document before it leaves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from watchbell.domain.advisory import Publisher, VexStatus
from watchbell.domain.matching.aliases import is_cve
from watchbell.domain.matching.products import ProductName
from watchbell.domain.matching.vex_statements import Statement, VexDocument
from watchbell.domain.refusal import refuse
from watchbell.formats import csaf_checks, fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.moments import written

_STATUS = {
    VexStatus.AFFECTED: "known_affected",
    VexStatus.NOT_AFFECTED: "known_not_affected",
    VexStatus.FIXED: "fixed",
    VexStatus.UNDER_INVESTIGATION: "under_investigation",
}


def dumps(document: VexDocument, publisher: Publisher, *, title: str) -> bytes:
    """Return the canonical bytes of `write`."""
    return strictjson.dumps(write(document, publisher, title=title))


def write(document: VexDocument, publisher: Publisher, *, title: str) -> Json:
    """Return the statements as a CSAF 2.0 document.

    Raises Refused for a statement without a product, for "not affected" without a reason
    and "affected" without what to do, for a range of versions, and for a contradiction.
    """
    tree = _Tree()
    by_ids: dict[tuple[str, ...], list[tuple[Statement, str]]] = {}
    for index, one in enumerate(document.statements):
        _refuse_incomplete(one, f"/statements/{index}")
        by_ids.setdefault(one.ids, []).append((one, tree.add(one)))
    body = {
        "document": _head(document, publisher, title),
        "product_tree": tree.written(),
        "vulnerabilities": [_vulnerability(ids, said) for ids, said in by_ids.items()],
    }
    for problem in csaf_checks.check(body):
        raise refuse(f"csaf-{problem.test}", problem.message, place=problem.place, todo="Correct the statements")
    return body


def _refuse_incomplete(one: Statement, place: str) -> None:
    if one.product is None:
        raise fields.missing(place, "product")
    if one.versions is not None or one.part_versions is not None:
        message = "A range of versions has no place in this document."
        raise refuse("wrong-value", message, place=f"{place}/versions", todo="Name each version in a statement")
    if one.is_unexplained:
        raise fields.missing(place, "justification")
    if one.status is VexStatus.AFFECTED and not one.action:
        raise fields.missing(place, "action_statement")


def _head(document: VexDocument, publisher: Publisher, title: str) -> Json:
    if document.issued_at is None:
        raise fields.missing("", "timestamp")
    latest = document.updated_at or document.issued_at
    number = document.version if document.version.isdigit() and document.version != "0" else "1"
    times = [document.issued_at] * (int(number) - 1) + [latest] if int(number) < 100 else [latest]
    history = [
        {"date": written(at), "number": str(index), "summary": f"Version {index}"}
        for index, at in enumerate(times, start=1)
    ]
    return {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "publisher": _said(
            {
                "category": publisher.kind.value,
                "name": publisher.name,
                "namespace": publisher.namespace,
                "contact_details": publisher.contact,
            }
        ),
        "title": title,
        "tracking": {
            "id": document.id,
            "status": "final",
            "version": history[-1]["number"],
            "initial_release_date": written(document.issued_at),
            "current_release_date": written(latest),
            "revision_history": history,
        },
    }


@dataclass(slots=True)
class _Tree:
    """Products as they are named, each once with one id."""

    ids: dict[ProductName | tuple[ProductName, ProductName], str] = field(default_factory=dict)

    def add(self, one: Statement) -> str:
        """Return the id of what a statement is about; several parts are several, so they are refused."""
        if one.product is None or len(one.subcomponents) > 1:
            message = "A statement about several parts has no place in this document."
            raise refuse("wrong-value", message, place=one.provenance.place, todo="Name each part in a statement")
        if not one.subcomponents:
            return self._id(one.product)
        self._id(one.product)
        self._id(one.subcomponents[0])
        return self._id((one.subcomponents[0], one.product))

    def _id(self, what: ProductName | tuple[ProductName, ProductName]) -> str:
        return self.ids.setdefault(what, f"CSAFPID-{len(self.ids) + 1:04d}")

    def written(self) -> Json:
        """Return CSAF's `product_tree`."""
        names = [_full_name(what, name) for what, name in self.ids.items() if isinstance(what, ProductName)]
        pairs = [(what, name) for what, name in self.ids.items() if not isinstance(what, ProductName)]
        relationships = [
            {
                "category": "default_component_of",
                "product_reference": self.ids[part],
                "relates_to_product_reference": self.ids[product],
                "full_product_name": {"name": f"{part.shown} in {product.shown}", "product_id": name},
            }
            for (part, product), name in pairs
        ]
        return _said({"full_product_names": names, "relationships": relationships})


def _full_name(product: ProductName, name: str) -> Json:
    cpe = next((one for one in product.cpes), "")
    listed = [{"algorithm": kind, "value": value} for kind, value in product.hashes]
    helper = {
        "purl": next(iter(product.purls), ""),
        "cpe": cpe,
        "hashes": [{"filename": product.shown, "file_hashes": listed}] if listed else [],
        "model_numbers": list(product.model_numbers),
        "serial_numbers": list(product.serial_numbers),
        "skus": list(product.skus),
        "sbom_urls": list(product.sbom_urls),
    }
    return _said({"name": product.shown, "product_id": name, "product_identification_helper": _said(helper)})


def _vulnerability(ids: tuple[str, ...], said: list[tuple[Statement, str]]) -> Json:
    cve = next((one for one in ids if is_cve(one)), "")
    status: dict[str, list[str]] = {}
    for one, name in said:
        status.setdefault(_STATUS[one.status], []).append(name)
    return _said(
        {
            "cve": cve,
            "ids": [{"system_name": one.partition("-")[0], "text": one} for one in ids if one != cve],
            "notes": [{"category": "general", "text": "How products stand to it.", "title": "Statements"}],
            "product_status": {key: list(dict.fromkeys(names)) for key, names in status.items()},
            "flags": [
                {"label": label, "product_ids": names}
                for label, names in _grouped(
                    (one.justification.value if one.justification else "", name) for one, name in said
                )
            ],
            "threats": [
                {"category": "impact", "details": text, "product_ids": names}
                for text, names in _grouped(
                    (one.impact or ("" if one.justification else one.reason), name) for one, name in said
                )
            ],
            "remediations": [
                {"category": "mitigation", "details": text, "product_ids": names}
                for text, names in _grouped((one.action, name) for one, name in said)
            ],
        }
    )


def _grouped(said: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return each text with the product ids it is for; an empty text says nothing."""
    found: dict[str, list[str]] = {}
    for text, name in said:
        if text:
            found.setdefault(text, []).append(name)
    return list(found.items())


def _said(record: Json) -> Json:
    return {key: value for key, value in record.items() if value not in ("", [], {})}
