"""Read a CSAF 2.1 vulnerability report: what a discoverer tells a vendor or coordinator in private.

The profile is young, so what we read of it is pinned in docs/standards/csaf.md.
Texts and links are data; the TLP of the document travels with its claims.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watchbell.domain.advisory import (
    Claim,
    ClaimedEvidence,
    ClaimedProduct,
    Credit,
    Reference,
    Severity,
)
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import ai_usage, fields, product_tree, sniff, strictjson, vince_form
from watchbell.formats.fields import Json

CATEGORY = "csaf_vulnerability_report"
_DESCRIBING = ("summary", "description", "details", "general")
_CLAIMED = ("known_affected", "first_affected", "last_affected", "under_investigation")


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnerabilityReport:
    """One report: who sent it under which id, how far it may travel, and the flaws it claims."""

    tracking_id: str
    publisher: str
    tlp: Tlp
    claims: tuple[Claim, ...]


def loads(data: bytes) -> VulnerabilityReport:
    """Return the report in `data`; raises Refused with a JSON pointer."""
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> VulnerabilityReport:
    """Return the report in a parsed document, see `loads`."""
    if sniff.what_is(document) == "vince":
        claim = vince_form.read(document)
        return VulnerabilityReport(
            tracking_id=claim.submitter_item_id, publisher="", tlp=Tlp.AMBER_STRICT, claims=(claim,)
        )
    head = fields.mapping(document, "document")
    _refuse_others(head)
    tracking, publisher = fields.mapping(head, "tracking", "/document"), fields.mapping(head, "publisher", "/document")
    known = {one.product_id: one for one in product_tree.products(fields.mapping(document, "product_tree"))}
    listed = list(fields.objects(document, "vulnerabilities"))
    if not listed:
        raise fields.missing("", "vulnerabilities")
    tracking_id = fields.required_text(tracking, "id", "/document/tracking")
    reader = _Reader(head, tracking_id, fields.required_text(publisher, "name", "/document/publisher"), known)
    return VulnerabilityReport(
        tracking_id=tracking_id,
        publisher=reader.publisher,
        tlp=_tlp(head),
        claims=tuple(reader.claim(one, where, index, len(listed)) for index, (one, where) in enumerate(listed)),
    )


def _refuse_others(head: Json) -> None:
    version, category = fields.text(head, "csaf_version", "/document"), fields.text(head, "category", "/document")
    if version != "2.1":
        raise fields.unsupported("CSAF", version, "CSAF 2.1 for vulnerability reports", place="/document/csaf_version")
    if category != CATEGORY:
        message = Sentence("The document is a {found}, not a vulnerability report.", found=repr(category[:60]))
        raise refuse(
            "wrong-kind", message, place="/document/category", expected=Sentence("category {wanted}", wanted=CATEGORY)
        )


def _tlp(head: Json) -> Tlp:
    """Return the document's label; a report without one is treated as AMBER+STRICT."""
    distribution = fields.mapping(head, "distribution", "/document")
    label = fields.text(
        fields.mapping(distribution, "tlp", "/document/distribution"), "label", "/document/distribution/tlp"
    )
    if not label:
        return Tlp.AMBER_STRICT
    try:
        return Tlp.from_label(label)
    except ValueError as error:
        raise refuse("wrong-value", str(error), place="/document/distribution/tlp/label") from None


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is the same for every claim of one report."""

    head: Json
    tracking_id: str
    publisher: str
    known: dict[str, product_tree.TreeProduct]

    def claim(self, flaw: Json, place: str, index: int, of: int) -> Claim:
        """Return the claim one vulnerability of the report makes."""
        notes = list(_notes(flaw, place))
        return Claim(
            submitter_item_id=self.tracking_id if of == 1 else f"{self.tracking_id}#{index + 1}",
            title=fields.text(flaw, "title", place) or fields.required_text(self.head, "title", "/document"),
            description="\n\n".join(text for category, _, text in notes if category in _DESCRIBING),
            products=tuple(self._products(flaw, place)),
            cwes=tuple(_cwes(flaw, place)),
            severities=tuple(self._severities(flaw, place)),
            evidence=ClaimedEvidence(text="\n\n".join(_evidence(flaw, notes, place))),
            ai_usage=ai_usage.told(_ai_texts(notes) or _ai_texts(_notes(self.head, "/document"))),
            aliases=tuple(_aliases(flaw, place)),
            references=tuple(_references(flaw, place)),
            credits=tuple(_credits(flaw, place) or _credits(self.head, "/document")),
            suggested_fix="\n\n".join(
                text
                for one, at in fields.objects(flaw, "remediations", place)
                if (text := fields.text(one, "details", at))
            ),
            extra={
                "csaf": {key: flaw[key] for key in ("disclosure_date", "involvements", "x_extensions") if key in flaw}
            },
        )

    def _products(self, flaw: Json, place: str) -> Iterator[ClaimedProduct]:
        status = fields.mapping(flaw, "product_status", place)
        where = fields.pointer(place, "product_status")
        named = [(key, index, one) for key in _CLAIMED for index, one in enumerate(fields.texts(status, key, where))]
        for key, index, product_id in {one: (key, index, one) for key, index, one in reversed(named)}.values():
            found = self.known.get(product_id)
            if found is None:
                message = Sentence(
                    "The product id {id} is not defined in the product tree (test 6.1.1).", id=repr(product_id[:60])
                )
                raise refuse(
                    "csaf-6.1.1", message, place=fields.pointer(where, key, index), todo="Define it in /product_tree"
                )
            name = found.product or found.name
            yield ClaimedProduct(purl=found.purl, vendor=found.vendor, name=name, version=found.version, cpe=found.cpe)

    def _severities(self, flaw: Json, place: str) -> Iterator[Severity]:
        for metric, where in fields.objects(flaw, "metrics", place):
            content = fields.mapping(metric, "content", where)
            for key in ("cvss_v4", "cvss_v3", "cvss_v2"):
                vector = fields.text(fields.mapping(content, key, where), "vectorString", where)
                if vector:
                    yield Severity(vector=vector, by=fields.text(metric, "source", where) or self.publisher)


def _notes(holder: Json, place: str) -> Iterator[tuple[str, str, str]]:
    for note, where in fields.objects(holder, "notes", place):
        title = fields.text(note, "title", where).casefold().replace("_", " ")
        yield fields.text(note, "category", where), title, fields.required_text(note, "text", where)


def _evidence(flaw: Json, notes: Iterable[tuple[str, str, str]], place: str) -> Iterator[str]:
    yield from (text for category, title, text in notes if category == "other" and "ai usage" not in title)
    for threat, where in fields.objects(flaw, "threats", place):
        yield f"{fields.text(threat, 'category', where)}: {fields.text(threat, 'details', where)}"


def _ai_texts(notes: Iterable[tuple[str, str, str]]) -> str:
    return "\n".join(text for category, title, text in notes if category == "ai_usage" or title.startswith("ai usage"))


def _cwes(flaw: Json, place: str) -> Iterator[str]:
    for one, where in fields.objects(flaw, "cwes", place):
        yield fields.required_text(one, "id", where)


def _aliases(flaw: Json, place: str) -> Iterator[str]:
    if cve := fields.text(flaw, "cve", place):
        yield cve
    for one, where in fields.objects(flaw, "ids", place):
        yield fields.required_text(one, "text", where)


def _references(flaw: Json, place: str) -> Iterator[Reference]:
    for one, where in fields.objects(flaw, "references", place):
        yield Reference(fields.required_text(one, "url", where), summary=fields.text(one, "summary", where))


def _credits(holder: Json, place: str) -> list[Credit]:
    found = []
    for one, where in fields.objects(holder, "acknowledgments", place):
        organisation, urls = fields.text(one, "organization", where), fields.texts(one, "urls", where)
        names = fields.texts(one, "names", where) or ((organisation,) if organisation else ())
        found += [Credit(name.strip(), organisation=organisation, contacts=urls) for name in names]
    return found
