"""What did the model say about each file? By the tool, or as JSON in the last fenced part of its text."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Answer, Tool

NONE: Final = "none"
REPORT: Final = Tool(
    name="report",
    description="Say what you found in one file. Call it once for each file; the last call for a file counts.",
    parameters={
        "type": "object",
        "properties": {
            "file": {"type": "string", "description": "the name of the file"},
            "lines": {"type": "array", "items": {"type": "integer"}, "description": "the flawed lines; [] for none"},
            "cwe": {"type": "string", "description": 'the CWE id, such as "CWE-20", or "none"'},
        },
        "required": ["file", "lines", "cwe"],
        "additionalProperties": False,
    },
)

_ID: Final = re.compile(r"\s*(?:CWE[-_ ]?)?0*([1-9][0-9]{0,5})\b", re.IGNORECASE)
_FENCED: Final = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_LONGEST: Final = 20_000
_MOST_LINES: Final = 10_000


@record(frozen=True, slots=True, kw_only=True)
class Report:
    """What was said about one file: "CWE-20" and lines, or "none"."""

    cwe: str
    lines: frozenset[int]

    @property
    def is_none(self) -> bool:
        """Return whether it says that the file has no flaw."""
        return self.cwe == NONE


def reported(answer: Answer, files: Iterable[str]) -> dict[str, Report]:
    """Return what was said about each of these files; one that nobody spoke of, or not understandably, is missing."""
    said = [call.arguments for call in answer.calls if call.tool == REPORT.name] or _fenced(answer.text)
    found = {}
    for name in files:
        about = [report for one in said if one.get("file") == name and (report := _report(one)) is not None]
        if about:
            found[name] = about[-1]
    return found


def _report(said: Mapping[str, Any]) -> Report | None:
    cwe, lines = said.get("cwe"), said.get("lines")
    if not isinstance(cwe, str) or not isinstance(lines, list | tuple) or len(lines) > _MOST_LINES:
        return None
    if cwe.strip().lower() == NONE:
        return Report(cwe=NONE, lines=frozenset())
    named = _ID.match(cwe)
    whole = frozenset(line for line in lines if isinstance(line, int) and not isinstance(line, bool))
    return Report(cwe=f"CWE-{named[1]}", lines=whole) if named else None


def _fenced(text: str) -> list[Mapping[str, Any]]:
    """Return the objects in the last fenced part; nothing where it is no JSON list of objects."""
    parts = _FENCED.findall(text[-_LONGEST:])
    try:
        value = json.loads(parts[-1]) if parts else []  # noqa: TID251 - a model's text, bounded, read for three fields
    except (ValueError, RecursionError):
        return []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
