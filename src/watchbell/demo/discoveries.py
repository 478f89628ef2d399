"""What the lab's model claims to have found, as the SARIF it files: two real flaws, a twin, and some noise."""

import json

TOOL = "northlight-finder"

# rule, level, message, file, line, CWE
RESULTS = (
    (
        "path-join",
        "error",
        "A record's name from the upload is joined to the archive folder without a check; '../' leaves it.",
        "fernwright_records/archive.py",
        88,
        "CWE-22",
    ),
    (
        "token-compare",
        "error",
        "The interface token is compared with ==, so its value leaks through response times.",
        "fernwright_records/api/auth.py",
        31,
        "CWE-208",
    ),
    (
        "path-join",
        "error",
        "Export writes to a path built from the same record name; the same missing check.",
        "fernwright_records/export.py",
        140,
        "CWE-22",
    ),
    (
        "assert-used",
        "note",
        "An assert guards nothing in optimised runs.",
        "fernwright_records/tests/test_api.py",
        12,
        "CWE-617",
    ),
    ("debug-log", "warning", "A debug line may print a header.", "fernwright_records/web/log.py", 57, "CWE-532"),
)


def sarif() -> bytes:
    """Return one SARIF run with every claim."""
    rules = sorted({(rule, cwe) for rule, _, _, _, _, cwe in RESULTS})
    run = {
        "tool": {
            "driver": {
                "name": TOOL,
                "version": "2026.11",
                "rules": [
                    {"id": rule, "properties": {"tags": [f"external/cwe/{cwe.lower()}"]}}
                    for rule, cwe in dict(rules).items()
                ],
            }
        },
        "results": [
            {
                "ruleId": rule,
                "level": level,
                "message": {"text": words},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}}],
                "partialFingerprints": {"primaryLocationLineHash": f"{path}:{rule}"},
            }
            for rule, level, words, path, line, _ in RESULTS
        ],
    }
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()
