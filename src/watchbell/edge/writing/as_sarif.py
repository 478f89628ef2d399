"""Write an answer as SARIF 2.1.0; what was not assessed is a notification, so that it is never lost."""

import json
from collections.abc import Iterator

from watchbell import __version__
from watchbell.edge.answers import AFFECTED, NOT_AFFECTED, Answer, Match
from watchbell.edge.writing.as_json import priority_record

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_GUESS: dict[str, object] = {"kind": "review", "level": "none"}
"""How SARIF says that a person must look."""

_LEVELS = {3: "error", 14: "error", 60: "warning"}


def write(answer: Answer) -> Iterator[str]:
    """Yield the log as one document."""
    rules = {one.flaw.id: one.flaw for one in (*answer.matches, *answer.candidates)}
    places = {name: at for at, name in enumerate(rules)}
    notes = [
        {"level": "warning", "message": {"text": f"{one.component.name} {one.component.version}: {one.reason}"}}
        for one in answer.not_assessed
    ]
    driver = {
        "name": "watchbell",
        "version": __version__,
        "rules": [
            {
                "id": flaw.id,
                "shortDescription": {"text": flaw.summary or flaw.id},
                "properties": {"aliases": flaw.aliases},
            }
            for flaw in rules.values()
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [
            *(_result(one, places[one.flaw.id]) for one in answer.matches),
            *(_result(one, places[one.flaw.id]) | _GUESS for one in answer.candidates),
        ],
        "properties": {
            "snapshot": answer.snapshot,
            "components": answer.components,
            "assessed": answer.assessed,
        },
    }
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _result(one: Match, rule: int) -> dict[str, object]:
    named = one.component.purl or f"{one.component.name} {one.component.version}".strip()
    fix = f" Fixed in {', '.join(one.fixed_in)}." if one.fixed_in else ""
    found: dict[str, object] = {
        "ruleId": one.flaw.id,
        "ruleIndex": rule,
        "kind": "fail" if one.status in (AFFECTED, NOT_AFFECTED) else "open",
        "level": _LEVELS.get(one.priority.due_days or 0, "note") if one.status == AFFECTED else "none",
        "message": {"text": f"{named}: {one.because}.{fix}"},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": named, "kind": "module"}]}],
        "partialFingerprints": {"componentAndVulnerability/v1": f"{named} {one.flaw.id}"},
        "properties": {
            "sources": one.sources,
            "tier": one.tier,
            "basis": one.basis,
            "priority": priority_record(one.priority),
        },
    }
    if one.status == NOT_AFFECTED:
        found["level"] = "note"
        found["suppressions"] = [{"kind": "external", "justification": one.because}]
    return found
