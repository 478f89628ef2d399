"""Read CSAF 2.0 and 2.1 for matching: which products, in which versions, stand how to which vulnerability?

Nothing is changed on the way: statuses, flags and remediations stay with the product
ids they name. `csaf_claims` turns them into ranges and `csaf_vex` into statements.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from watchbell.domain.advisory import Reference, Severity, VexJustification
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, moments, product_tree, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.product_tree import Parts

SUPPORTED = ("2.0", "2.1")
DEEPEST = 200
"""Levels a document may nest: a product tree takes two for each branch."""

_REPORT = "csaf_vulnerability_report"
_DESCRIBING = ("summary", "description", "details", "general")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something said of some products: a remediation, threat or flag with its category and words."""

    category: str
    text: str
    product_ids: frozenset[str]
    url: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsafFlaw:
    """One vulnerability: `statuses` are (word of the standard, product id, pointer) in the document's order."""

    cve: str
    ids: tuple[str, ...]
    title: str
    description: str
    cwes: tuple[str, ...]
    severities: tuple[Severity, ...]
    references: tuple[Reference, ...]
    statuses: tuple[tuple[str, str, str], ...]
    flags: tuple[Remark, ...]
    threats: tuple[Remark, ...]
    remediations: tuple[Remark, ...]
    place: str

    @property
    def all_ids(self) -> tuple[str, ...]:
        """Return every id it goes by, the CVE first."""
        return tuple(dict.fromkeys(one for one in (self.cve, *self.ids) if one))


@dataclass(frozen=True, slots=True, kw_only=True)
class CsafDocument:
    """One document, its products by id, and all of it as it came in `record`."""

    id: str
    version: str
    csaf_version: str
    category: str
    title: str
    status: str
    publisher: str
    namespace: str
    tlp: Tlp
    published_at: datetime
    updated_at: datetime
    aliases: tuple[str, ...]
    products: Mapping[str, Parts]
    flaws: tuple[CsafFlaw, ...]
    record: Json

    @property
    def is_final(self) -> bool:
        """Return whether its issuer stands by it; a draft or interim document may still change."""
        return self.status == "final"


def loads(data: bytes) -> CsafDocument:
    """Return the document in `data`; raises Refused with a JSON pointer."""
    return read(fields.root(strictjson.loads(data, max_depth=DEEPEST)))


def read(document: Json) -> CsafDocument:
    """Return a parsed document, see `loads`."""
    head = fields.mapping(document, "document")
    version, category = fields.text(head, "csaf_version", "/document"), fields.text(head, "category", "/document")
    _refuse_others(version, category)
    tracking, publisher = fields.mapping(head, "tracking", "/document"), fields.mapping(head, "publisher", "/document")
    tree = fields.mapping(document, "product_tree")
    reader = _Reader(
        fields.required_text(publisher, "name", "/document/publisher"),
        product_tree.resolved(tree),
        product_tree.groups(tree),
    )
    return CsafDocument(
        id=fields.required_text(tracking, "id", "/document/tracking"),
        version=fields.text(tracking, "version", "/document/tracking"),
        csaf_version=version,
        category=category,
        title=fields.text(head, "title", "/document"),
        status=fields.text(tracking, "status", "/document/tracking"),
        publisher=reader.publisher,
        namespace=fields.text(publisher, "namespace", "/document/publisher"),
        tlp=_tlp(head),
        published_at=_moment(tracking, "initial_release_date"),
        updated_at=_moment(tracking, "current_release_date"),
        aliases=fields.texts(tracking, "aliases", "/document/tracking"),
        products=reader.products,
        flaws=tuple(reader.flaw(one, where) for one, where in fields.objects(document, "vulnerabilities")),
        record=document,
    )


def _refuse_others(version: str, category: str) -> None:
    if version not in SUPPORTED:
        raise fields.unsupported("CSAF", version, "CSAF 2.0 and 2.1", place="/document/csaf_version")
    if not category or category == _REPORT:
        message = Sentence("The document is a {found}, not an advisory.", found=repr(category[:60]))
        raise refuse("wrong-kind", message, place="/document/category", expected="an advisory or VEX")


def _moment(tracking: Json, key: str) -> datetime:
    text = fields.required_text(tracking, key, "/document/tracking")
    return moments.read(text, place=f"/document/tracking/{key}")


def _tlp(head: Json) -> Tlp:
    """Return the document's label; one without a label is treated as AMBER+STRICT, as everything unmarked."""
    distribution = fields.mapping(head, "distribution", "/document")
    place = "/document/distribution/tlp"
    label = fields.text(fields.mapping(distribution, "tlp", "/document/distribution"), "label", place)
    if not label:
        return Tlp.AMBER_STRICT
    try:
        return Tlp.from_label(label)
    except ValueError as error:
        raise refuse("wrong-value", str(error), place=f"{place}/label") from None


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is the same for every vulnerability of one document."""

    publisher: str
    products: dict[str, Parts]
    groups: dict[str, tuple[str, ...]]

    def flaw(self, one: Json, place: str) -> CsafFlaw:
        """Return one vulnerability."""
        listed = fields.objects(one, "ids", place)
        notes = list(fields.objects(one, "notes", place))
        return CsafFlaw(
            cve=fields.text(one, "cve", place),
            ids=tuple(fields.required_text(each, "text", where) for each, where in listed),
            title=fields.text(one, "title", place),
            description="\n\n".join(
                fields.required_text(note, "text", where)
                for note, where in notes
                if fields.text(note, "category", where) in _DESCRIBING
            ),
            cwes=tuple(_cwes(one, place)),
            severities=tuple(self._severities(one, place)),
            references=tuple(
                Reference(fields.required_text(each, "url", where), summary=fields.text(each, "summary", where))
                for each, where in fields.objects(one, "references", place)
            ),
            statuses=tuple(self._statuses(one, place)),
            flags=tuple(self._remarks(one, "flags", "label", "", place)),
            threats=tuple(self._remarks(one, "threats", "category", "details", place)),
            remediations=tuple(self._remarks(one, "remediations", "category", "details", place)),
            place=place,
        )

    def _statuses(self, one: Json, place: str) -> Iterator[tuple[str, str, str]]:
        status, at = fields.mapping(one, "product_status", place), fields.pointer(place, "product_status")
        for word in status:
            for index, name in enumerate(fields.texts(status, word, at)):
                where = fields.pointer(at, word, index)
                if name not in self.products:
                    raise product_tree.undefined(name, where)
                yield word, name, where

    def _remarks(self, one: Json, key: str, category: str, text: str, place: str) -> Iterator[Remark]:
        for each, where in fields.objects(one, key, place):
            named = set(fields.texts(each, "product_ids", where))
            for group in fields.texts(each, "group_ids", where):
                named.update(self.groups.get(group, ()))
            yield Remark(
                category=fields.text(each, category, where),
                text=fields.text(each, text, where) if text else "",
                product_ids=frozenset(named),
                url=fields.text(each, "url", where),
                at=fields.text(each, "date", where),
            )

    def _severities(self, one: Json, place: str) -> Iterator[Severity]:
        """Yield each vector once: `scores` of CSAF 2.0, `metrics` of 2.1 with their own source."""
        holders = [(each, where, self.publisher) for each, where in fields.objects(one, "scores", place)]
        for each, where in fields.objects(one, "metrics", place):
            by = fields.text(each, "source", where) or self.publisher
            holders.append((fields.mapping(each, "content", where), fields.pointer(where, "content"), by))
        seen: set[tuple[str, str]] = set()
        for holder, where, by in holders:
            for key in ("cvss_v4", "cvss_v3", "cvss_v2"):
                at = fields.pointer(where, key)
                vector = fields.text(fields.mapping(holder, key, where), "vectorString", at)
                if vector and (vector, by) not in seen:
                    seen.add((vector, by))
                    yield Severity(vector=vector, by=by)


def _cwes(one: Json, place: str) -> Iterator[str]:
    """Yield the weaknesses: one of CSAF 2.0, a list in 2.1."""
    single = fields.mapping(one, "cwe", place)
    if single:
        yield fields.required_text(single, "id", fields.pointer(place, "cwe"))
    for each, where in fields.objects(one, "cwes", place):
        yield fields.required_text(each, "id", where)


def justification(flaw: CsafFlaw, product_id: str) -> VexJustification | None:
    """Return the flag that says why this product is not affected, or None."""
    labels = (one.category for one in flaw.flags if product_id in one.product_ids)
    return next((VexJustification(label) for label in labels if label in set(VexJustification)), None)
