"""What the lab's model claims to have found in a fictional product: two real flaws, a twin, and some noise."""

import json
from dataclasses import dataclass

PRODUCT = "pkg:pypi/fernwright-records@1.4.2"
FIXED_IN = "1.4.3"
SEVERITY = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


@dataclass(frozen=True, slots=True)
class Discovery:
    """One claim as the lab's model words it."""

    key: str
    title: str
    description: str
    path: str
    line: int
    cwe: str
    severity: str = ""


DISCOVERIES = (
    Discovery(
        "nl-0001",
        "An uploaded record's name can leave the archive folder",
        "The name of an uploaded record is joined to the archive folder without a check, so '../' writes elsewhere.",
        "fernwright_records/archive.py",
        88,
        "CWE-22",
        SEVERITY,
    ),
    Discovery(
        "nl-0002",
        "The interface token is compared in a way that leaks it",
        "The token is compared with ==, so its value shows in response times.",
        "fernwright_records/api/auth.py",
        31,
        "CWE-208",
    ),
    Discovery(
        "nl-0003",
        "The export path is built from a record's name",
        "Export writes to a path built from the same unchecked record name.",
        "fernwright_records/archive.py",
        140,
        "CWE-22",
    ),
    Discovery(
        "nl-0004",
        "An assert guards nothing in optimised runs",
        "A test helper relies on assert.",
        "fernwright_records/tests/test_api.py",
        12,
        "CWE-617",
    ),
    Discovery(
        "nl-0005",
        "A debug line may print a header",
        "With debug logging on, a request header could be written to the log.",
        "fernwright_records/web/log.py",
        57,
        "CWE-532",
    ),
)


def ndjson() -> bytes:
    """Return the lab's file: one claim a line."""
    return b"".join(json.dumps(_claim(one)).encode() + b"\n" for one in DISCOVERIES)


def _claim(one: Discovery) -> dict[str, object]:
    claim: dict[str, object] = {
        "id": one.key,
        "title": one.title,
        "description": one.description,
        "product": {"purl": PRODUCT},
        "locations": [{"uri": one.path, "line": one.line}],
        "cwes": [one.cwe],
        "ai_usage": {
            "activities": ["discovery", "patch"],
            "human_oversight": "A researcher read each claim before it was filed.",
            "model_withheld": True,
        },
    }
    if one.severity:
        claim["severity"] = one.severity
    return claim
