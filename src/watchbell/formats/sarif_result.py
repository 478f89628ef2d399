"""What does one result of a SARIF run claim? Read with its run; links in it are text and never followed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from watchbell.domain.advisory import AiUsage, Claim, ClaimedProduct, Location, Reference, Severity
from watchbell.domain.canonical import digest
from watchbell.domain.refusal import refuse
from watchbell.formats import ai_usage
from watchbell.formats.fields import Json
from watchbell.formats.sarif_rules import Component, Tool, rule_of, tool_of

MAX_LOCATIONS = 100
MAX_FLOWS = 10
MAX_STEPS = 100
_CWE = re.compile(r"(?:^|[^a-z])cwe[-_/ ]?0*(\d{1,6})(?!\d)", re.IGNORECASE)
_ARGUMENT = re.compile(r"\{(\d{1,2})\}")


@dataclass(frozen=True, slots=True)
class Run:
    """What is the same for every result of one run."""

    tool: Tool
    artifacts: tuple[str, ...]
    products: tuple[ClaimedProduct, ...]
    ai: AiUsage


def run_of(run: Json) -> Run:
    """Return what a run says of itself: its tool, its artifacts by index, the repository looked at, its use of AI."""
    artifacts = tuple(_uri(one.get("location")) for one in _held(run, "artifacts"))
    listed = _dicts(run, "versionControlProvenance")
    seen = {_soft(one, "repositoryUri"): _soft(one, "revisionId") for one in listed}
    products = tuple(ClaimedProduct(repository=uri, version=revision) for uri, revision in seen.items() if uri)
    return Run(tool_of(run), artifacts, products, _ai_usage(run))


def claim_of(result: Json, place: str, run: Run) -> Claim:
    """Return what a result claims; raises Refused when it does not say what it found."""
    rule, component = rule_of(result, run.tool)
    rule_id = _soft(result, "ruleId") or _soft(rule, "id")
    message = _message(result, rule, component)
    title = _words(rule, "shortDescription") or _soft(rule, "name") or _first_line(message) or rule_id
    if not title:
        expected = "a message, or a rule with an id or a description"
        raise refuse(
            "missing-field", "The result does not say what it found.", place=place + "/message", expected=expected
        )
    flows = tuple(_flows(result, run))
    locations = (*(flow[0] for flow in flows), *(_location(one, run) for one in _dicts(result, "locations")))
    ai = _ai_usage(result)
    return Claim(
        submitter_item_id=_soft(result, "guid") or _own_id(message, run.tool, rule_id, locations),
        title=title[:500],
        description="\n\n".join(part for part in (message, _words(rule, "fullDescription")) if part),
        products=run.products,
        locations=locations[:MAX_LOCATIONS],
        cwes=tuple(_cwes(result, rule)),
        severities=tuple(Severity(vector=text) for text in _vectors(result, rule)),
        ai_usage=ai if ai.is_known else run.ai,
        references=tuple(Reference(url) for url in (_soft(rule, "helpUri"), _soft(result, "hostedViewerUri")) if url),
        suggested_fix=_fix(result),
        fingerprints=tuple(_fingerprints(result)),
        flows=tuple(flow for flow in flows if len(flow) > 1)[:MAX_FLOWS],
        extra={"sarif": {"tool": run.tool.name, "rule": rule_id, "level": _soft(result, "level") or "warning"}},
    )


def _message(result: Json, rule: Json, component: Component) -> str:
    """Return the result's own text, or its rule's or tool's for its message id; arguments replace {0}, {1}, ..."""
    message = result.get("message")
    if not isinstance(message, dict):
        return ""
    text = _soft(message, "text") or _soft(message, "markdown")
    if not text:
        strings = rule.get("messageStrings")
        own_id = _soft(message, "id")
        held = [one.get(own_id) for one in (strings, component.messages) if isinstance(one, dict)]
        text = next((said for one in held if isinstance(one, dict) and (said := _soft(one, "text"))), "")
    arguments = message.get("arguments")
    given = [str(one)[:1000] for one in arguments[:100]] if isinstance(arguments, list) else []
    return _ARGUMENT.sub(lambda at: given[int(at[1])] if int(at[1]) < len(given) else at[0], text)


def _own_id(message: str, tool: Tool, rule_id: str, locations: tuple[Location, ...]) -> str:
    """Return a name made of what the result says, since its place in the file changes from scan to scan."""
    places = [[one.uri, one.line, one.symbol] for one in locations]
    return "sarif-" + digest([tool.name, rule_id, message, places]).hex()[:32]


def _flows(result: Json, run: Run) -> Iterator[tuple[Location, ...]]:
    """Yield the steps of each thread of each code flow: an attacker enters at the first, it breaks at the last."""
    for flow in _dicts(result, "codeFlows"):
        for thread in _dicts(flow, "threadFlows"):
            steps = (step.get("location") for step in islice(_dicts(thread, "locations"), MAX_STEPS))
            if found := tuple(_location(one, run) for one in steps if isinstance(one, dict)):
                yield found


def _location(one: Json, run: Run) -> Location:
    physical = one.get("physicalLocation")
    physical = physical if isinstance(physical, dict) else {}
    artifact, region = physical.get("artifactLocation"), physical.get("region")
    line = region.get("startLine", 0) if isinstance(region, dict) else 0
    logical = _dicts(one, "logicalLocations")[:1]
    return Location(
        uri=_uri(artifact) or _indexed(artifact, run.artifacts),
        line=line if type(line) is int and 0 < line < 10**9 else 0,
        symbol=next((_soft(part, "fullyQualifiedName") or _soft(part, "name") for part in logical), ""),
    )


def _indexed(artifact: object, artifacts: tuple[str, ...]) -> str:
    """Return the address of an artifact that is named by its index in the run alone (3.4.5)."""
    index = artifact.get("index") if isinstance(artifact, dict) else None
    return artifacts[index] if type(index) is int and 0 <= index < len(artifacts) else ""


def _uri(artifact: object) -> str:
    return _soft(artifact, "uri") if isinstance(artifact, dict) else ""


def _cwes(result: Json, rule: Json) -> list[str]:
    texts: list[str] = []
    for holder in (result, rule):
        properties = _bag(holder)
        tags, named = properties.get("tags"), properties.get("cwe")
        for several in (tags, named if isinstance(named, list) else [named]):
            texts += [one for one in several if isinstance(one, str)] if isinstance(several, list) else []
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
        yield from (one for one in _bag(holder).values() if isinstance(one, str) and one.startswith("CVSS:"))


def _ai_usage(holder: Json) -> AiUsage:
    """Return what a property bag says under `ai_usage`, in our object or in words."""
    return ai_usage.anyhow(_bag(holder).get("ai_usage"))


def _fix(result: Json) -> str:
    described = (_words(one, "description") for one in _dicts(result, "fixes"))
    return "\n".join(text for text in described if text)


def _fingerprints(result: Json) -> Iterator[tuple[str, str]]:
    for key in ("partialFingerprints", "fingerprints"):
        prints = result.get(key)
        if isinstance(prints, dict):
            yield from sorted((name, value) for name, value in prints.items() if isinstance(value, str))


def _bag(holder: Json) -> Json:
    properties = holder.get("properties")
    return properties if isinstance(properties, dict) else {}


def _dicts(holder: Json, key: str) -> list[Json]:
    value = holder.get(key)
    return [one for one in value[: MAX_LOCATIONS * 10] if isinstance(one, dict)] if isinstance(value, list) else []


def _held(holder: Json, key: str) -> list[Json]:
    """Return every part of a list, in its place: what is no object is an empty one."""
    value = holder.get(key)
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []


def _words(holder: Json, key: str) -> str:
    value = holder.get(key)
    return _soft(value, "text") or _soft(value, "markdown") if isinstance(value, dict) else ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def _soft(holder: Json, key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""
