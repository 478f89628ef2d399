"""Read and write findings one a line, in Watchbell's own schema (docs/standards/findings-ndjson.md).

Known fields are strict, so that a misspelt one is noticed and not lost; anything
else must be named `x_...` and is kept as it came.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from watchbell.domain.advisory import (
    Activity,
    AiUsage,
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
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json

KNOWN = frozenset(
    (
        *("id", "title", "description", "product", "products", "locations", "cwes", "severity", "severities"),
        *("evidence", "ai_usage", "aliases", "references", "credits", "suggested_fix", "fingerprints"),
    )
)
_PRODUCT = ("purl", "vendor", "name", "version", "repository", "cpe")
_AI = ("activities", "human_oversight", "model", "model_withheld", "text")


def read(lines: Iterable[bytes]) -> Iterator[tuple[int, Claim | Refused]]:
    """Yield (line number, claim or why it was refused); blank lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, loads(line)
        except Refused as refused:
            yield number, _at_line(number, refused.refusal)


def _at_line(number: int, why: Refusal) -> Refused:
    within = why.place.removeprefix("line 1 ") if why.place.startswith("line") else why.place
    place = f"line {number} {within}".rstrip()
    return Refused(Refusal(code=why.code, message=why.message, place=place, expected=why.expected, todo=why.todo))


def loads(line: bytes) -> Claim:
    """Return the claim on one line; raises Refused with a JSON pointer."""
    record = fields.root(strictjson.loads(line))
    _refuse_unknown(record, KNOWN, "")
    return Claim(
        submitter_item_id=fields.required_text(record, "id"),
        title=fields.required_text(record, "title"),
        description=fields.text(record, "description"),
        products=tuple(_products(record)),
        locations=tuple(_location(one, where) for one, where in fields.objects(record, "locations")),
        cwes=fields.texts(record, "cwes"),
        severities=tuple(_severities(record)),
        evidence=_evidence(fields.mapping(record, "evidence")),
        ai_usage=_ai_usage(fields.mapping(record, "ai_usage")),
        aliases=fields.texts(record, "aliases"),
        references=tuple(_reference(one, where) for one, where in fields.objects(record, "references")),
        credits=tuple(_credit(one, where) for one, where in fields.objects(record, "credits")),
        suggested_fix=fields.text(record, "suggested_fix"),
        fingerprints=tuple(_fingerprints(fields.mapping(record, "fingerprints"))),
        extra={key: value for key, value in record.items() if key.startswith("x_")},
    )


def dumps(claim: Claim) -> bytes:
    """Return the claim as one canonical line without its line end; what was not said is left out."""
    ai = claim.ai_usage
    record: Json = {
        **{key: value for key, value in claim.extra.items() if key.startswith("x_")},
        "id": claim.submitter_item_id,
        "title": claim.title,
        "description": claim.description,
        "products": [_said({key: getattr(one, key) for key in _PRODUCT}) for one in claim.products],
        "locations": [_said({"uri": one.uri, "line": one.line, "symbol": one.symbol}) for one in claim.locations],
        "cwes": list(claim.cwes),
        "severities": [_said({"vector": one.vector, "by": one.by}) for one in claim.severities],
        "evidence": _said({"text": claim.evidence.text, "level": _level_word(claim.evidence.level)}),
        "ai_usage": _said({key: getattr(ai, key) for key in _AI if key != "activities"}),
        "aliases": list(claim.aliases),
        "references": [
            _said({"url": one.url, "kind": one.kind.value, "summary": one.summary}) for one in claim.references
        ],
        "credits": [_thanks(one) for one in claim.credits],
        "suggested_fix": claim.suggested_fix,
        "fingerprints": dict(claim.fingerprints),
    }
    if ai.activities is not None:
        record["ai_usage"]["activities"] = sorted(one.value for one in ai.activities)
    return strictjson.dumps(_said(record))


def _said(record: Json) -> Json:
    return {key: value for key, value in record.items() if value not in ("", 0, [], {}, False)}


def _thanks(one: Credit) -> Json:
    named = {"name": one.name, "kind": one.kind.value, "organisation": one.organisation}
    return _said({**named, "contacts": list(one.contacts)})


def _level_word(level: EvidenceLevel) -> str:
    return "" if level is EvidenceLevel.E0_ASSERTED else level.label


def _refuse_unknown(record: Json, known: Iterable[str], place: str) -> None:
    for key in record:
        if key not in known and not key.startswith("x_"):
            todo = Sentence('Correct the name, or call it "{kept}" to have it kept', kept=f"x_{key[:40]}")
            raise refuse(
                "unknown-field",
                Sentence("We do not know the field {key}.", key=repr(key[:40])),
                place=fields.pointer(place, key),
                todo=todo,
            )


def _products(record: Json) -> Iterator[ClaimedProduct]:
    one = fields.mapping(record, "product")
    if one:
        yield _product(one, "/product")
    for other, where in fields.objects(record, "products"):
        yield _product(other, where)


def _product(one: Json, place: str) -> ClaimedProduct:
    _refuse_unknown(one, _PRODUCT, place)
    product = ClaimedProduct(**{key: fields.text(one, key, place) for key in _PRODUCT})
    if not product.is_named:
        expected = "a purl, a name, a repository or a cpe"
        raise refuse("missing-field", "The product is not named.", place=place, expected=expected)
    return product


def _location(one: Json, place: str) -> Location:
    _refuse_unknown(one, ("uri", "line", "symbol"), place)
    line = one.get("line", 0)
    if type(line) is not int or line < 0:
        raise fields.wrong_type(fields.pointer(place, "line"), int, line)
    return Location(uri=fields.text(one, "uri", place), line=line, symbol=fields.text(one, "symbol", place))


def _severities(record: Json) -> Iterator[Severity]:
    if fields.text(record, "severity"):
        yield Severity(vector=record["severity"])
    for one, where in fields.objects(record, "severities"):
        yield Severity(vector=fields.required_text(one, "vector", where), by=fields.text(one, "by", where))


def _evidence(one: Json) -> ClaimedEvidence:
    _refuse_unknown(one, ("text", "level"), "/evidence")
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


def _ai_usage(one: Json) -> AiUsage:
    _refuse_unknown(one, _AI, "/ai_usage")
    withheld = one.get("model_withheld", False)
    if type(withheld) is not bool:
        raise fields.wrong_type("/ai_usage/model_withheld", bool, withheld)
    said = fields.texts(one, "activities", "/ai_usage") if "activities" in one else None
    return AiUsage(
        activities=None
        if said is None
        else frozenset(_one_of(Activity, word, "/ai_usage/activities") for word in said),
        human_oversight=fields.text(one, "human_oversight", "/ai_usage"),
        model=fields.text(one, "model", "/ai_usage"),
        model_withheld=withheld,
        text=fields.text(one, "text", "/ai_usage"),
    )


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
