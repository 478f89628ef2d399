"""Read claims from SARIF 2.1.0, tool by tool, without ever following a link in it.

A flawed result is refused alone and counted; more than 25,000 results are refused
by number, never dropped silently. Suppressed results are not claims: their author
took them back.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from watchbell.domain.advisory import Claim, Location, Reference, Severity
from watchbell.domain.canonical import digest
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json

MAX_RESULTS = 25_000
MAX_LOCATIONS = 100
_CWE = re.compile(r"(?:^|[^a-z])cwe[-_/ ]?0*(\d{1,6})(?!\d)", re.IGNORECASE)
_NOT_A_FLAW = ("pass", "notApplicable", "informational")


@dataclass(slots=True)
class SarifClaims:
    """What one document claims; every result is a claim, refused, or set aside with its reason."""

    claims: list[Claim] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    refused_over_limit: int = 0
    suppressed: int = 0
    not_flaws: int = 0

    @property
    def refused_count(self) -> int:
        """Return how many results were refused, those over the limit among them."""
        return len(self.refused) + self.refused_over_limit

    @property
    def results(self) -> int:
        """Return how many results the document holds; always the sum of the parts."""
        return len(self.claims) + self.refused_count + self.suppressed + self.not_flaws


@dataclass(frozen=True, slots=True)
class _Tool:
    """What a run's tool says of itself and its rules, by rule id and by index."""

    name: str
    by_id: dict[str, Json]
    by_index: list[Json]


def loads(data: bytes) -> SarifClaims:
    """Return the claims in `data`; raises Refused when it is no SARIF 2.1.0."""
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> SarifClaims:
    """Return the claims of every run of a parsed document, see `loads`."""
    version = fields.text(document, "version")
    if version != "2.1.0":
        raise fields.unsupported("SARIF", version, "SARIF 2.1.0", place="/version")
    found = SarifClaims()
    for run, place in fields.objects(document, "runs"):
        tool = _tool(run)
        for index, result in enumerate(fields.items(run, "results", place)):
            _take(result, f"{place}/results/{index}", tool, found)
    return found


def _take(result: Any, place: str, tool: _Tool, found: SarifClaims) -> None:
    if len(found.claims) >= MAX_RESULTS:
        found.refused_over_limit += 1
    elif isinstance(result, dict) and result.get("kind", "fail") in _NOT_A_FLAW:
        found.not_flaws += 1
    elif isinstance(result, dict) and _is_suppressed(result):
        found.suppressed += 1
    else:
        try:
            found.claims.append(_claim(fields.root(result), place, tool))
        except Refused as refused:
            found.refused.append(_below(place, refused.refusal))


def _below(place: str, why: Refusal) -> Refusal:
    if why.place.startswith(place):
        return why
    where = place + (why.place if why.place != "/" else "")
    return Refusal(code=why.code, message=why.message, place=where, expected=why.expected, todo=why.todo)


def _is_suppressed(result: Json) -> bool:
    """Return whether a suppression is in force: one under review or rejected is not (SARIF 3.35.3)."""
    listed = result.get("suppressions")
    if not isinstance(listed, list):
        return False
    return any(isinstance(one, dict) and one.get("status", "accepted") == "accepted" for one in listed)


def _tool(run: Json) -> _Tool:
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, dict) else None
    driver = driver if isinstance(driver, dict) else {}
    listed = driver.get("rules")
    rules = [one if isinstance(one, dict) else {} for one in listed] if isinstance(listed, list) else []
    return _Tool(_soft(driver, "name"), {_soft(one, "id"): one for one in rules}, rules)


def _claim(result: Json, place: str, tool: _Tool) -> Claim:
    rule = _rule(result, tool)
    rule_id = _soft(result, "ruleId") or _soft(rule, "id")
    message = _message(result, rule)
    title = _words(rule, "shortDescription") or _soft(rule, "name") or _first_line(message) or rule_id
    if not title:
        expected = "a message, or a rule with an id or a description"
        raise refuse(
            "missing-field", "The result does not say what it found.", place=place + "/message", expected=expected
        )
    locations = tuple(_locations(result))
    return Claim(
        submitter_item_id=_soft(result, "guid") or _own_id(message, tool, rule_id, locations),
        title=title[:500],
        description="\n\n".join(part for part in (message, _words(rule, "fullDescription")) if part),
        locations=locations[:MAX_LOCATIONS],
        cwes=tuple(_cwes(result, rule)),
        severities=tuple(Severity(vector=text) for text in _vectors(result, rule)),
        references=tuple(Reference(url) for url in (_soft(rule, "helpUri"), _soft(result, "hostedViewerUri")) if url),
        suggested_fix=_fix(result),
        fingerprints=tuple(_fingerprints(result)),
        extra={"sarif": {"tool": tool.name, "rule": rule_id, "level": _soft(result, "level") or "warning"}},
    )


def _rule(result: Json, tool: _Tool) -> Json:
    index = result.get("ruleIndex")
    reference = result.get("rule")
    if type(index) is not int and isinstance(reference, dict):
        index = reference.get("index")
    if type(index) is int and 0 <= index < len(tool.by_index):
        return tool.by_index[index]
    return tool.by_id.get(_soft(result, "ruleId"), {})


def _message(result: Json, rule: Json) -> str:
    """Return the result's own text, or the rule's for its message id; arguments replace {0}, {1}, ..."""
    message = result.get("message")
    if not isinstance(message, dict):
        return ""
    text = _soft(message, "text") or _soft(message, "markdown")
    if not text:
        strings = rule.get("messageStrings")
        named = strings.get(_soft(message, "id")) if isinstance(strings, dict) else None
        text = _soft(named, "text") if isinstance(named, dict) else ""
    arguments = message.get("arguments")
    for index, argument in enumerate(arguments[:20] if isinstance(arguments, list) else ()):
        text = text.replace(f"{{{index}}}", str(argument)[:1000])
    return text


def _own_id(message: str, tool: _Tool, rule_id: str, locations: tuple[Location, ...]) -> str:
    """Return a name made of what the result says, since its place in the file changes from scan to scan."""
    places = [[one.uri, one.line, one.symbol] for one in locations]
    return "sarif-" + digest([tool.name, rule_id, message, places]).hex()[:32]


def _locations(result: Json) -> Iterator[Location]:
    """Yield the first step of each code flow (where an attacker enters), then the result's own places."""
    for flow in _dicts(result, "codeFlows"):
        for thread in _dicts(flow, "threadFlows"):
            for step in _dicts(thread, "locations")[:1]:
                inner = step.get("location")
                if isinstance(inner, dict):
                    yield _location(inner)
    for one in _dicts(result, "locations"):
        yield _location(one)


def _location(one: Json) -> Location:
    physical = one.get("physicalLocation")
    physical = physical if isinstance(physical, dict) else {}
    artifact, region = physical.get("artifactLocation"), physical.get("region")
    line = region.get("startLine", 0) if isinstance(region, dict) else 0
    logical = _dicts(one, "logicalLocations")[:1]
    return Location(
        uri=_soft(artifact, "uri") if isinstance(artifact, dict) else "",
        line=line if type(line) is int and 0 < line < 10**9 else 0,
        symbol=next((_soft(part, "fullyQualifiedName") or _soft(part, "name") for part in logical), ""),
    )


def _cwes(result: Json, rule: Json) -> list[str]:
    texts: list[str] = []
    for holder in (result, rule):
        properties = holder.get("properties")
        tags = properties.get("tags") if isinstance(properties, dict) else None
        texts += [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
        named = properties.get("cwe") if isinstance(properties, dict) else None
        several = named if isinstance(named, list) else [named]
        texts += [one for one in several if isinstance(one, str)]
    for taxon in (*_dicts(result, "taxa"), *_targets(rule)):
        component = taxon.get("toolComponent")
        if isinstance(component, dict) and _soft(component, "name").upper() == "CWE":
            texts.append("CWE-" + _soft(taxon, "id").upper().removeprefix("CWE-"))
    return sorted({f"CWE-{number}" for text in texts for number in _CWE.findall(text)})


def _targets(rule: Json) -> Iterator[Json]:
    for relationship in _dicts(rule, "relationships"):
        target = relationship.get("target")
        if isinstance(target, dict):
            yield target


def _vectors(result: Json, rule: Json) -> Iterator[str]:
    for holder in (result, rule):
        properties = holder.get("properties")
        if isinstance(properties, dict):
            yield from (value for value in properties.values() if isinstance(value, str) and value.startswith("CVSS:"))


def _fix(result: Json) -> str:
    described = (_words(one, "description") for one in _dicts(result, "fixes"))
    return "\n".join(text for text in described if text)


def _fingerprints(result: Json) -> Iterator[tuple[str, str]]:
    for key in ("partialFingerprints", "fingerprints"):
        prints = result.get(key)
        if isinstance(prints, dict):
            yield from sorted((name, value) for name, value in prints.items() if isinstance(value, str))


def _dicts(holder: Json, key: str) -> list[Json]:
    value = holder.get(key)
    return [one for one in value[: MAX_LOCATIONS * 10] if isinstance(one, dict)] if isinstance(value, list) else []


def _words(holder: Json, key: str) -> str:
    value = holder.get(key)
    return _soft(value, "text") or _soft(value, "markdown") if isinstance(value, dict) else ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def _soft(holder: Json, key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""
