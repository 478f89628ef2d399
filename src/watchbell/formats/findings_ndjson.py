"""Read and write findings one a line, in Watchbell's own schema (docs/standards/findings-ndjson.md).

Known fields are strict, so that a misspelt one is noticed and not lost; anything
else must be named `x_...` and is kept as it came.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from watchbell.domain.advisory import (
    Claim,
    ClaimedEvidence,
    ClaimedProduct,
    Credit,
    CreditKind,
    EvidenceLevel,
    Location,
    Reference,
    ReferenceKind,
    Severity,
)
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import ai_usage, claimed, fields, strictjson
from watchbell.formats.fields import Json

KNOWN = frozenset(
    (
        *("id", "title", "description", "product", "products", "locations", "cwes", "severity", "severities"),
        *("evidence", "ai_usage", "aliases", "references", "credits", "suggested_fix", "fingerprints", "flows"),
    )
)
_PRODUCT = ("purl", "vendor", "name", "version", "repository", "cpe")


def read(lines: Iterable[bytes]) -> Iterator[tuple[int, Claim | Refused]]:
    """Yield (line number, claim or why it was refused); blank lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            item = claimed.made(f"line {number}", partial(loads, line))
            yield number, item.claim if isinstance(item, claimed.Claimed) else Refused(item.refusal)


def loads(line: bytes) -> Claim:
    """Return the claim on one line; raises Refused with a JSON pointer."""
    record = fields.root(strictjson.loads(line))
    fields.only(record, KNOWN, "")
    return Claim(
        submitter_item_id=fields.required_text(record, "id"),
        title=fields.required_text(record, "title"),
        description=fields.text(record, "description"),
        products=tuple(_products(record)),
        locations=tuple(_location(one, where) for one, where in fields.objects(record, "locations")),
        cwes=fields.texts(record, "cwes"),
        severities=tuple(_severities(record)),
        evidence=_evidence(fields.mapping(record, "evidence")),
        ai_usage=ai_usage.read(fields.mapping(record, "ai_usage")),
        aliases=fields.texts(record, "aliases"),
        references=tuple(_reference(one, where) for one, where in fields.objects(record, "references")),
        credits=tuple(_credit(one, where) for one, where in fields.objects(record, "credits")),
        suggested_fix=fields.text(record, "suggested_fix"),
        fingerprints=tuple(_fingerprints(fields.mapping(record, "fingerprints"))),
        flows=tuple(_flows(record)),
        extra={key: value for key, value in record.items() if key.startswith("x_")},
    )


def dumps(claim: Claim) -> bytes:
    """Return the claim as one canonical line without its line end; what was not said is left out."""
    record: Json = {
        **{key: value for key, value in claim.extra.items() if key.startswith("x_")},
        "id": claim.submitter_item_id,
        "title": claim.title,
        "description": claim.description,
        "products": [_said({key: getattr(one, key) for key in _PRODUCT}) for one in claim.products],
        "locations": [_place(one) for one in claim.locations],
        "cwes": list(claim.cwes),
        "severities": [_said({"vector": one.vector, "by": one.by}) for one in claim.severities],
        "evidence": _said({"text": claim.evidence.text, "level": _level_word(claim.evidence.level)}),
        "ai_usage": ai_usage.write(claim.ai_usage),
        "aliases": list(claim.aliases),
        "references": [
            _said({"url": one.url, "kind": one.kind.value, "summary": one.summary}) for one in claim.references
        ],
        "credits": [_thanks(one) for one in claim.credits],
        "suggested_fix": claim.suggested_fix,
        "fingerprints": dict(claim.fingerprints),
        "flows": [[_place(one) for one in flow] for flow in claim.flows],
    }
    return strictjson.dumps(_said(record))


def _said(record: Json) -> Json:
    return {key: value for key, value in record.items() if value not in ("", 0, [], {}, False)}


def _place(one: Location) -> Json:
    return _said({"uri": one.uri, "line": one.line, "symbol": one.symbol})


def _thanks(one: Credit) -> Json:
    named = {"name": one.name, "kind": one.kind.value, "organisation": one.organisation}
    return _said({**named, "contacts": list(one.contacts)})


def _level_word(level: EvidenceLevel) -> str:
    return "" if level is EvidenceLevel.E0_ASSERTED else level.label


def _products(record: Json) -> Iterator[ClaimedProduct]:
    one = fields.mapping(record, "product")
    if one:
        yield _product(one, "/product")
    for other, where in fields.objects(record, "products"):
        yield _product(other, where)


def _product(one: Json, place: str) -> ClaimedProduct:
    fields.only(one, _PRODUCT, place)
    product = ClaimedProduct(**{key: fields.text(one, key, place) for key in _PRODUCT})
    if not product.is_named:
        expected = "a purl, a name, a repository or a cpe"
        raise refuse("missing-field", "The product is not named.", place=place, expected=expected)
    return product


def _location(one: Json, place: str) -> Location:
    fields.only(one, ("uri", "line", "symbol"), place)
    line = one.get("line", 0)
    if type(line) is not int or line < 0:
        raise fields.wrong_type(fields.pointer(place, "line"), int, line)
    return Location(uri=fields.text(one, "uri", place), line=line, symbol=fields.text(one, "symbol", place))


def _flows(record: Json) -> Iterator[tuple[Location, ...]]:
    for index, steps in enumerate(fields.items(record, "flows")):
        where = fields.pointer("", "flows", index)
        if type(steps) is not list:
            raise fields.wrong_type(where, list, steps)
        held = {str(index): steps}
        yield tuple(_location(one, at) for one, at in fields.objects(held, str(index), "/flows"))


def _severities(record: Json) -> Iterator[Severity]:
    if fields.text(record, "severity"):
        yield Severity(vector=record["severity"])
    for one, where in fields.objects(record, "severities"):
        yield Severity(vector=fields.required_text(one, "vector", where), by=fields.text(one, "by", where))


def _evidence(one: Json) -> ClaimedEvidence:
    fields.only(one, ("text", "level"), "/evidence")
    word = fields.text(one, "level", "/evidence") or "E0"
    level = {level.label: level for level in EvidenceLevel}.get(word.upper())
    if level is None:
        raise refuse(
            "wrong-value",
            Sentence("{found} is no evidence level.", found=repr(word[:40])),
            place="/evidence/level",
            expected="E0 to E4",
        )
    return ClaimedEvidence(text=fields.text(one, "text", "/evidence"), level=level)


def _reference(one: Json, place: str) -> Reference:
    kind = _one_of(ReferenceKind, fields.text(one, "kind", place) or "WEB", fields.pointer(place, "kind"))
    return Reference(fields.required_text(one, "url", place), kind, fields.text(one, "summary", place))


def _credit(one: Json, place: str) -> Credit:
    kind = _one_of(CreditKind, fields.text(one, "kind", place) or "FINDER", fields.pointer(place, "kind"))
    organisation, contacts = fields.text(one, "organisation", place), fields.texts(one, "contacts", place)
    return Credit(fields.required_text(one, "name", place), kind, organisation, contacts)


def _one_of(words: Any, word: str, place: str) -> Any:
    try:
        return words(word)
    except ValueError:
        expected = Sentence("one of {known}", known=tuple(one.value for one in words))
        raise refuse(
            "wrong-value",
            Sentence("{found} is not one of our words.", found=repr(word[:40])),
            place=place,
            expected=expected,
        ) from None


def _fingerprints(one: Json) -> Iterator[tuple[str, str]]:
    for name in sorted(one):
        yield name, fields.text(one, name, "/fingerprints")
